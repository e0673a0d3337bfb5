"""A capture with other names in it: the same shape, lengths, counts, times, streaks and duplicates, and nobody's name.

    data = redact(data, key=secrets.token_bytes(16))        # equal keys give equal pseudonyms

What stays: methods, gift ids and names, counts, prices, times, languages, enum numbers, TikTok's hosts, the browser
profile and the made-up device id of the recording program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..actions import CloseSocket, SendMessage
from ..errors import LocalProtocolError
from ..http import TransportFailure
from ..session_config import SessionConfig
from ..signer import Signer
from ..user_input import RoomId, ShortLink, UniqueId, UserId, UserInput, parse_user
from .format import CaptureReader, End, Header, Input, Output, Record, Verb
from .frames_file import FramesReader, write_frames
from .har import MAX_HAR, read_har
from .header import UnreadableHeader, read_setup
from .kind import FileKind, file_kind, unpacked
from .pseudonyms import Pseudonyms
from .recorder import Recorder
from .redact_web import WebRedaction
from .redact_wire import WireRedaction
from .replay import CaptureProblem


class Redaction:
    """Redacts a capture record by record: the session is played again with other names, and recorded.

    Never raises on what a capture holds: `problem` says what is wrong, and nothing more is written then.
    """

    def __init__(self, write: Callable[[bytes], object], *, key: bytes, signer: Signer | None = None) -> None:
        """Make a redaction.

        Args:
            write: Takes the bytes of the new capture.
            key: Decides the pseudonyms. Keep it, if at all, apart from the capture.
            signer: One like that of the recording, where that was of a program's own kind.
        """
        self.problem: str = ""
        """Why nothing more is written, in words; empty so far."""
        self._write = write
        self._signer = signer
        self._names = Pseudonyms(key)
        self._wire = WireRedaction(self._names)
        self._web = WebRedaction(self._names)
        self._recorder: Recorder | None = None

    def redact(self, record: Record) -> None:
        """Take the next record."""
        if self.problem:
            return
        if isinstance(record, Header):
            self._begin(record)
            return
        recorder = self._recorder
        if recorder is None:
            self.problem = "a capture without a header"
        elif isinstance(record, Output):
            action = recorder.next_action()
            if type(action) is not type(record.action) or _number(action) != _number(record.action):
                self.problem = f"with other names the session does something else: {type(action).__name__} now"
        else:
            left = record.taken
            # A file may say that a quintillion were taken here.
            while left and recorder.next_event() is not None:
                left -= 1
            if isinstance(record, Input):
                self._feed(recorder, record)
            else:
                self._end(recorder, record)

    def _begin(self, header: Header) -> None:
        try:
            setup = read_setup(header.json)
        except UnreadableHeader as error:
            self.problem = str(error)
            return
        signer = self._signer or setup.signer
        if signer is None:
            self.problem = f"its session had a signer of another kind ({setup.signer_name[:80]}): give one like it"
            return
        user = parse_user(setup.user)
        if isinstance(user, UniqueId):
            self._names.learn(user.unique_id)
        config = self._config(setup.config)
        self._recorder = Recorder(
            self._user(user), write=self._write, config=config, signer=signer, retry=setup.retry, rng=setup.rng()
        )

    def _config(self, config: SessionConfig) -> SessionConfig:
        return replace(
            config,
            room_id=self._names.number(config.room_id),
            http_params=self._given(config.http_params),
            http_headers=self._given(config.http_headers),
            ws_params=self._given(config.ws_params),
            ws_headers=self._given(config.ws_headers),
        )

    def _given(self, values: Mapping[str, str]) -> dict[str, str]:
        """What a program set itself: words of machines stay, addresses and names do not."""
        telling = re.compile(r"://|@|%40|[0-9]{9}")
        return {
            name: self._names.text(value) if telling.search(value) else self._names.label(value)
            for name, value in values.items()
        }

    def _user(self, user: UserInput) -> UserInput:
        if isinstance(user, UniqueId):
            return UniqueId(self._names.text(user.unique_id))
        if isinstance(user, ShortLink):
            return ShortLink(self._names.url(user.url))
        if isinstance(user, UserId):
            return UserId(self._names.number(user.user_id))
        return RoomId(self._names.number(user.room_id))

    def _feed(self, recorder: Recorder, record: Input) -> None:
        arguments = tuple(self._argument(record.verb, place, value) for place, value in enumerate(record.arguments))
        method: Any = getattr(recorder, record.verb.value)
        try:
            if record.verb is Verb.WANT:
                method(*arguments)
            else:
                method(*arguments, now=record.now)
        except LocalProtocolError as error:
            self.problem = f"it calls the session in a way that makes no sense: {error}"

    def _end(self, recorder: Recorder, end: End) -> None:
        recorder.finish()
        waiting = len(list(iter(recorder.next_action, None)))
        if waiting != end.waiting:
            self.problem = f"with other names the session does something else: {waiting} actions are left at the end"

    def _argument(self, verb: Verb, place: int, value: Any) -> Any:
        if verb is Verb.RESPONSE and place == 1:
            return self._web.answer(value)
        if verb is Verb.MESSAGE and place == 1:
            return self._wire.frame(value)
        if isinstance(value, TransportFailure):
            return TransportFailure(value.kind, self._names.text(value.detail))
        if isinstance(value, tuple):
            return self._web.headers(value)
        return self._names.text(value) if isinstance(value, str) else value


def redact_frames(frames: Iterable[bytes], *, key: bytes) -> list[bytes]:
    """Return push frames with other names; a packed frame's length changes a little, as it is packed anew."""
    wire = WireRedaction(Pseudonyms(key))
    return [wire.frame(frame) for frame in frames]


def redact(data: bytes, *, key: bytes, signer: Signer | None = None) -> bytes:
    """Return a whole file redacted: a capture or `.frames` as the same, a HAR as `.frames`. Gzip around it is undone.

    Raises:
        CaptureProblem: It cannot be read to its end. A file that was cut can be redacted with `Redaction`.
    """
    kind = file_kind(data)
    if kind is FileKind.CAPTURE:
        out: list[bytes] = []
        reader, redaction = CaptureReader(), Redaction(out.append, key=key, signer=signer)
        for record in reader.receive_data(data):
            redaction.redact(record)
        reader.receive_eof()
        _raise_if(redaction.problem or reader.problem)
        return b"".join(out)
    data = unpacked(data)
    _raise_if(f"more than {MAX_HAR} bytes" if len(data) > MAX_HAR else "")
    if kind is FileKind.HAR:
        found = read_har(data)
        _raise_if(found.problem)
        frames = [frame for _, part in found.rooms() for frame in part]
    else:
        cutter = FramesReader()
        frames = cutter.receive_data(data)
        cutter.receive_eof()
        _raise_if(cutter.problem)
    return write_frames(redact_frames(frames, key=key))


def _raise_if(problem: str) -> None:
    if problem:
        raise CaptureProblem(problem)


def _number(action: Any) -> int:
    found: int = action.socket_id if isinstance(action, (SendMessage, CloseSocket)) else _request_number(action)
    return found


def _request_number(action: Any) -> int:
    return int(getattr(action, "request_id", 0) or getattr(action, "socket_id", 0))
