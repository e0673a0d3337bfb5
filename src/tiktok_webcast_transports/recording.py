"""A room's video on disk, by ffmpeg: `record` blocks, `record_async` runs on asyncio and trio, `Recorder` is both's.

    result = record("@some_user", "{unique_id} {date} {time}.mp4", options=RecordingOptions(duration=60))
    result.files[0].path

What to do is decided by `tiktok_webcast.recording.RecordingMachine`. See docs/recording.md.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote

from tiktok_webcast.context import WebContext
from tiktok_webcast.errors import LocalProtocolError
from tiktok_webcast.http import Exchange
from tiktok_webcast.info import fetch_room_info
from tiktok_webcast.recording import RecordingOptions, Way
from tiktok_webcast.room import RoomFailure, RoomFound, resolve
from tiktok_webcast.room_info import RoomInfo
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.user_input import UserInput, parse_user

from ._ffmpeg import find_ffmpeg
from ._options import Network
from ._proxy import host_and_port
from ._recorder import Recorder, Recording
from ._recording_files import RecordedFile
from .sync import HttpClient

__all__ = ["RecordedFile", "Recorder", "Recording", "find_ffmpeg", "make_recorder", "record", "record_async"]


def ask_room(user: UserInput, context: WebContext, room_id: int | None) -> Exchange[RoomInfo | RoomFailure]:
    """Ask for the data of a user's room: of the one known, or of the one to be found."""
    if room_id:
        return (yield from fetch_room_info(room_id, context=context))
    found = yield from resolve(user, context=context)
    if not isinstance(found, RoomFound):
        return found
    if found.info:
        return RoomInfo.from_data(found.info)
    return (yield from fetch_room_info(found.room_id, context=context))


def make_recorder(
    user: str | int | UserInput,
    path: str | os.PathLike[str],
    *,
    options: RecordingOptions = RecordingOptions(),
    config: SessionConfig = SessionConfig(),
    network: Network = Network(),
    ffmpeg: str | os.PathLike[str] | None = None,
    rng: Random | None = None,
    on_progress: Callable[[Recorder], object] | None = None,
) -> Recorder:
    """Return the recorder of a user's room; it asks TikTok as a browser of its own.

    Raises:
        FfmpegMissing: There is no ffmpeg.
        ConfigurationError: Something makes no sense.
    """
    wanted = parse_user(user) if isinstance(user, (str, int)) else user
    context = config.web_context(rng if rng is not None else Random())

    def ask(last: RoomInfo | None) -> RoomInfo | RoomFailure:
        with HttpClient(limits=config.limits, network=network) as http:
            known = last.room_id if last is not None else config.room_id
            return http.run(ask_room(wanted, context, known))

    way = way_of(network, context.profile.user_agent)
    return Recorder(path, ask, options=options, ffmpeg=ffmpeg, way=way, on_progress=on_progress)


def way_of(network: Network, user_agent: str) -> Way:
    """Return how ffmpeg gets to the network, as far as it can go the same way."""
    proxy = network.proxy_for("https", "www.tiktok.com", 443)
    address = ""
    if proxy is not None:
        login = f"{quote(proxy.username, safe='')}:{quote(proxy.password, safe='')}@" if proxy.username else ""
        address = f"{proxy.scheme}://{login}{host_and_port(proxy.host, proxy.port)}"
    ca_file = network.ca_file or ssl.get_default_verify_paths().cafile or ""
    return Way(user_agent, address, ca_file, network.timeouts.request)


def record(user: str | int | UserInput, path: str | os.PathLike[str], **choices: Any) -> Recording:
    """Record a user's room until it ends, the duration is reached, or Ctrl-C; takes what `make_recorder` takes.

    Raises:
        FfmpegMissing, ConfigurationError: It could not begin.
        RecordingError, ClosedError: It failed, or the room is not live; the type tells why.
    """
    return make_recorder(user, path, **choices).run()


async def record_async(user: str | int | UserInput, path: str | os.PathLike[str], **choices: Any) -> Recording:
    """The same, on asyncio or trio. Cancelling it ends the recording in good order first."""
    # Here, as the everyday client needs neither for its downloads.
    import anyio
    import anyio.to_thread

    recorder = make_recorder(user, path, **choices)
    recorder.start()
    try:
        # One thread more, that can be left: the wait ends when the recorder does. Not one of the program's 40, which
        # hours of recording would take away from it.
        own = anyio.CapacityLimiter(1)
        result = await anyio.to_thread.run_sync(recorder.wait, abandon_on_cancel=True, limiter=own)
    except BaseException:
        recorder.stop()
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(recorder.close, limiter=anyio.CapacityLimiter(1))
        raise
    if result is None:
        raise LocalProtocolError("The recording ended without a result")
    return result
