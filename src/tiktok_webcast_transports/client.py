"""`TikTokLiveClient`: the everyday client, with the options, methods, attributes and events of the 2023 TikTokLive.

client = TikTokLiveClient("@some_user")

@client.on("comment")
async def on_comment(event: CommentEvent):
    print(f"{event.user.nickname}: {event.comment}")

client.run()
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import NoReturn

from tiktok_webcast.checks import check_kind
from tiktok_webcast.close import Closed
from tiktok_webcast.context import SessionLogin
from tiktok_webcast.cookies import Cookie
from tiktok_webcast.errors import ClosedError, LocalProtocolError
from tiktok_webcast.events import Image
from tiktok_webcast.events.base import Event
from tiktok_webcast.gift_list import GiftDetails
from tiktok_webcast.retry import RetryPolicy
from tiktok_webcast.room import StatusReport
from tiktok_webcast.room_info import RoomInfo
from tiktok_webcast.secret import Secret
from tiktok_webcast.session import check_choices
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sign import Signer
from tiktok_webcast.user_input import UserInput, parse_user
from tiktok_webcast.wait_live import WaitPolicy

from . import _client_options as read
from ._client_options import Proxies
from ._connection import Connection
from ._dispatch import Stream
from ._download import Downloads
from ._listeners import call_in_loop
from ._options import Timeouts

__all__ = ["TikTokLiveClient"]

_log = logging.getLogger(__name__)
_OTHER_LOOP = "The client runs in another event loop: asyncio.run_coroutine_threadsafe(..., client.loop) leads there"


class TikTokLiveClient(Downloads):
    """Watches one user's room and calls your functions with its events.

    Listen with `@client.on("comment")`, `@client.on(CommentEvent)`, `add_listener`, `once` or `on_any`, or iterate:
    `async for event in client`. Only what somebody listens to is decoded.

    Each listener is called with its events one after the other, in order; an async one that awaits delays neither other
    listeners nor the connection. A plain function runs in the event loop, so it must not block: a blocking one stops
    everything, heartbeats included, until it returns. When 256 events wait for one listener, the client stops taking
    more until it has caught up: nothing is dropped.

    A listener that fails stops nothing: see `on("error")`.
    """

    def __init__(
        self,
        unique_id: str | int | UserInput,
        *,
        process_initial_data: bool | None = None,
        fetch_room_info_on_connect: bool = True,
        enable_detailed_gifts: bool = False,
        ws_ping_interval: float | None = None,
        ws_timeout: float | None = None,
        http_timeout: float | None = None,
        http_headers: Mapping[str, object] | None = None,
        http_params: Mapping[str, object] | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        trust_env: bool = False,
        proxies: Proxies | None = None,
        lang: str | None = None,
        sign_api_key: str | Secret | None = None,
        ssl_context: ssl.SSLContext | None = None,
        room_id: int | str | None = None,
        ws_headers: Mapping[str, object] | None = None,
        config: SessionConfig | None = None,
        signer: Signer | None = None,
        retry: RetryPolicy = RetryPolicy(),
        proxy: Proxies | None = None,
        login: SessionLogin | None = None,
        cookies: Iterable[Cookie] | None = None,
        trusted_sign_hosts: Iterable[str] | None = None,
        stale_timeout: float | None = None,
        timeouts: Timeouts | None = None,
        ca_file: str | None = None,
        rng: random.Random | None = None,
        **unknown: NoReturn,
    ) -> None:
        """Make a client; nothing is sent yet, and no loop is needed.

        The options up to `ws_headers` are those of the 2023 TikTokLive; all times are in seconds.

        Args:
            unique_id: The user: `name`, `@name`, the address of a profile or live page, a user id, `room:NUMBER`.
            process_initial_data: Whether to deliver what happened before the connection, marked `is_history`; yes.
            fetch_room_info_on_connect: Whether `room_info` is there when `connect` fires. With `room_id` it also keeps
                the client from entering a room that is over.
            enable_detailed_gifts: Whether to fetch the gift list (2.6 MB) first, for `available_gifts` and
                `event.gift.detailed`.
            ws_ping_interval: Between heartbeats, unless the server names its own interval; 10.
            ws_timeout: For opening the socket; 10. For a socket that falls silent see `stale_timeout`.
            http_timeout: For one HTTP request, answer included; 10.
            http_headers: Headers for TikTok's web requests and the socket's handshake. A `Cookie` among them is added
                to the cookies.
            http_params: Query parameters for TikTok's web requests and the socket.
            loop: The event loop for `run()` to use; by default one of its own. `start()` runs where it is awaited.
            trust_env: Whether the environment (`HTTPS_PROXY`, ...) names the proxy.
            proxies: The proxy for HTTP and, unlike in 2023, for the socket too: an address (http, https, socks5), or a
                mapping such as `{"https://": address}`.
            lang: The language of display texts, e.g. `de` or `pt-BR`; English.
            sign_api_key: Your key at the sign server; else that of `TIKTOK_WEBCAST_SIGN_API_KEY`.
            ssl_context: For TLS, in place of a context that verifies certificates.
            room_id: The room, if you know it: then it is not looked up.
            ws_headers: Headers for the socket's handshake alone.
            config: All choices of a session; the options above win where both speak. Its `include` limits what
                `on_any`, `async for` and listeners to `Event` get.
            signer: Who signs the socket's address, in place of the sign server.
            retry: How often to try again; `RetryPolicy(tries=0)` never does.
            proxy: The same as `proxies`.
            login: A TikTok login, for rooms that ask for one. It is full access to the account.
            cookies: Cookies to start with, e.g. `parse_netscape_cookies(text)`.
            trusted_sign_hosts: Hosts of sign servers that may be given the login.
            stale_timeout: Without anything from the server for this long, it reconnects; 60.
            timeouts: How long each step of a connection may take, in place of what follows from the options.
            ca_file: Certificates to trust (PEM) in place of the system's; else `TIKTOK_WEBCAST_CA_FILE`.
            rng: Drives backoff, device ids and the like; seeded by the system.

        Where TikTok and the sign server are can be changed by `config.endpoints`, or by the environment:
        `TIKTOK_WEBCAST_WEB_URL`, `TIKTOK_WEBCAST_WEBCAST_URL`, `TIKTOK_WEBCAST_SIGN_URL`.

        Raises:
            InvalidUserInput: `unique_id` names no user.
            ConfigurationError: An option makes no sense. Both are `ValueError`s.
            TypeError: There is no such option.
        """
        if unknown:
            known = type(self).__init__.__kwdefaults__ or {}
            raise read.unknown_option(next(iter(unknown)), known)
        rng = rng if rng is not None else random.Random()
        check_choices(read.DEFAULT_CONFIG if config is None else config, signer, retry, rng)
        check_kind("loop", loop, (asyncio.AbstractEventLoop, type(None)), "an event loop")
        settings = read.read_config(
            config,
            process_initial_data=process_initial_data,
            ws_ping_interval=ws_ping_interval,
            ws_timeout=ws_timeout,
            http_timeout=http_timeout,
            stale_timeout=stale_timeout,
            http_headers=http_headers,
            http_params=http_params,
            ws_headers=ws_headers,
            lang=lang,
            room_id=room_id,
            login=login,
            cookies=cookies,
            trusted_sign_hosts=trusted_sign_hosts,
            rng=rng,
        )
        options = read.ClientOptions(
            config=settings,
            signer=read.read_signer(signer, sign_api_key),
            retry=retry,
            rng=rng,
            timeouts=read.read_timeouts(timeouts, settings.timing),
            ssl_context=ssl_context,
            ca_file=read.read_ca_file(ca_file, ssl_context),
            trust_env=trust_env,
            fetch_room_info=fetch_room_info_on_connect,
            fetch_gifts=enable_detailed_gifts,
        )
        super().__init__(parse_user(unique_id), options, read.either_proxy(proxies, proxy), loop, self._told)

    def __repr__(self) -> str:
        state = "connected" if self.connected else "connecting" if self.connecting else "not connected"
        return f"<TikTokLiveClient {self._parts.user}: {state}>"

    # --- connecting -------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Connect, and block until the room is over, `stop()` is called, or Ctrl-C is pressed.

        It cancels no task but its own, and ends what it began: after Ctrl-C listeners get what came before, for
        5 seconds at the most, and the socket is closed; the second Ctrl-C ends that too.

        Raises:
            ClosedError: The room could not be entered, or was lost for good; the type tells why, e.g. `RoomOffline`.
                Not raised when the stream ended or you stopped it.
            LocalProtocolError: An event loop runs here already, or the client does: in async code `await start()`.
            KeyboardInterrupt: Ctrl-C was pressed.
        """
        connection = self._connection
        if connection is not None and not connection.over and not connection.loop.is_closed():
            raise LocalProtocolError("The client runs already; stop() ends it, from any thread")
        try:
            self._loop.run(self._run, self.stop)
        except KeyboardInterrupt:
            self._end_download()
            raise

    async def start(self) -> int:
        """Connect, and go on in the background of the running loop; return the room's id once it is entered.

        While the client is connecting or connected this waits for that. After an end it connects anew, from a listener
        too. Cancelling it while it connects gives the attempt up, unless others wait for it too.

        Raises:
            ClosedError: The room could not be entered; the type tells why. Not raised when you stopped it.
            LocalProtocolError: The client runs in another loop.
        """
        connection = self._begin()
        connection.awaited += 1
        try:
            await connection.opened.wait()
        except asyncio.CancelledError:
            if connection.awaited == 1:
                await connection.abort()
            raise
        finally:
            connection.awaited -= 1
        if connection.error is not None and not connection.connected:
            raise connection.error
        return connection.session.room_id

    def stop(self) -> None:
        """Leave the room. Returns at once; from any thread, and from listeners. Not running: nothing happens.

        The last events follow: ends of streaks, `disconnect`, `closed`. Listeners have 5 seconds to catch up.
        """
        connection = self._connection
        if connection is not None and not connection.stopping:
            connection.stopping = True
            call_in_loop(connection.loop, connection.stop)

    async def wait_closed(self) -> Closed | None:
        """Wait until the client has come to its end and all listeners have returned; return why it ended.

        `None` if it was never started. Call it in the loop that the client runs in, and not from a listener, which
        would wait for itself.

        Raises:
            LocalProtocolError: It was called from a listener, or in another loop.
        """
        connection = self._connection
        if connection is None:
            return None
        if connection.loop is not asyncio.get_running_loop():
            raise LocalProtocolError(_OTHER_LOOP)
        if connection.dispatch.lane_of(asyncio.current_task()) is not None:
            raise LocalProtocolError("wait_closed() in a listener would wait for that listener itself")
        await connection.ended()
        if connection.error is not None and not isinstance(connection.error, ClosedError):
            raise connection.error
        return connection.closed

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over every event, beside all listeners; it starts the client if it does not run.

        After the last event it raises what `run()` would.
        """
        stream = Stream(self._gate)
        self._listeners.add(stream)
        try:
            connection = self._connection
            if connection is None or connection.over:
                # What it failed with comes out of the stream, after the events that say so.
                with contextlib.suppress(ClosedError):
                    await self.start()
            while (event := await stream.take()) is not None:
                yield event
        finally:
            stream.close()
            self._listeners.remove(stream)

    # --- asking the web -------------------------------------------------------------------------------------------

    async def retrieve_room_info(self) -> RoomInfo:
        """Ask TikTok for the room's data, connected or not; it is `room_info` from then on.

        Raises:
            ClosedError: There is no such user or room, or TikTok did not tell; the type tells why.
        """
        return await self.http.retrieve_room_info(self._parts.user, self.room_id)

    async def retrieve_available_gifts(self) -> Mapping[int, GiftDetails]:
        """Ask TikTok for the gifts that can be sent, by id; they are `available_gifts` from then on.

        Gifts that follow have their entry in `event.gift.detailed`.

        Raises:
            ClosedError: TikTok did not tell; the type tells why.
        """
        gifts = (await self.http.retrieve_gifts(self.room_id)).by_id
        if self._connection is not None:
            self._connection.session.gift_list = gifts
        return gifts

    async def wait_until_live(self, policy: WaitPolicy | None = None) -> StatusReport:
        """Ask until the user is live, or until `policy` ends the wait; by default about once a minute, without an end.

        Returns:
            The last answer: `report.failure` is `None` when the room can be entered by now.
        """
        return await self.http.wait_until_live(self._parts.user, policy)

    async def download_image(self, image: Image | str | Sequence[str]) -> bytes:
        """Get a picture: an image of an event, its address, or several addresses of the same.

        Raises:
            ClosedError: None of the addresses gave it.
        """
        return (await self.http.picture(image.urls if isinstance(image, Image) else image)).data

    # --- inside ---------------------------------------------------------------------------------------------------

    def _log_error(self, error: Exception) -> None:
        """Log an error as it is done without a listener to `"error"`; for such listeners to call."""
        if isinstance(error, ClosedError):
            _log.error("%s: %s", self._parts.user, error)
        else:
            _log.error("%s: %s: %s", self._parts.user, type(error).__name__, error, exc_info=error)

    def _told(self, error: Exception) -> None:
        # By name, so that a subclass or a program may put its own in place.
        self._log_error(error)

    def _begin(self) -> Connection:
        """Return the connection that goes on, or a new one."""
        loop, connection = asyncio.get_running_loop(), self._connection
        if self._loop.given not in (None, loop):
            raise LocalProtocolError("start() was awaited in another event loop than the one passed as loop=")
        if connection is not None and not connection.task.done() and not connection.loop.is_closed():
            if connection.loop is not loop:
                raise LocalProtocolError(_OTHER_LOOP)
            if not connection.over:
                return connection
        self._connection = begun = Connection(self._parts)
        if connection is not None:
            connection.replaced = True
        # Somebody may have begun to listen in another thread meanwhile.
        begun.listen()
        return begun

    async def _run(self) -> None:
        """Live through this connection, and through those that listeners begin after it."""
        connection = self._begin()
        while True:
            connection.awaited += 1
            try:
                await connection.ended()
            except asyncio.CancelledError:
                await connection.abort()
                if self._connection is not None:
                    await self._connection.abort()
                raise
            finally:
                connection.awaited -= 1
            if self._connection is None or self._connection is connection:
                break
            connection = self._connection
        if connection.error is not None:
            raise connection.error
