"""What does a client know? The attributes of `TikTokLiveClient`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType

from tiktok_webcast.close import Closed
from tiktok_webcast.events import TopViewer
from tiktok_webcast.gift_list import GiftDetails
from tiktok_webcast.room_info import RoomInfo
from tiktok_webcast.session import Phase
from tiktok_webcast.statistics import Statistics
from tiktok_webcast.user_input import RoomId, UserInput

from ._client_options import ClientOptions, Proxies
from ._connection import Parts
from ._listening import Listening
from ._run_loop import ClientLoop
from .asyncio import Live
from .web_client import WebClient

_NO_GIFTS: Mapping[int, GiftDetails] = MappingProxyType({})


class Attributes(Listening):
    """The state of a client; `TikTokLiveClient` adds what it does."""

    def __init__(
        self,
        user: UserInput,
        options: ClientOptions,
        proxies: Proxies | None,
        loop: asyncio.AbstractEventLoop | None,
        log: Callable[[Exception], None],
    ) -> None:
        super().__init__(options.config)
        self._proxies = proxies
        web = WebClient(options.config.web_context(options.rng), options.network(proxies))
        self._parts = Parts(user, options, self._listeners, self._gate, web, log)
        self._loop = ClientLoop(loop)

    @property
    def unique_id(self) -> str | None:
        """The user's name, without `@`; `None` while only a number or a short link is known."""
        connection = self._connection
        return (connection.session.unique_id if connection is not None else None) or self._parts.user.unique_id

    @property
    def room_id(self) -> int | None:
        """The room; `None` while it is not known."""
        if self._connection is not None:
            return self._connection.session.room_id or None
        user = self._parts.user
        return user.room_id if isinstance(user, RoomId) else self._config.room_id or None

    @property
    def room_info(self) -> RoomInfo | None:
        """The room as last told; `None` before. `room_info.raw` is TikTok's own JSON."""
        return self.http.room_info

    @property
    def available_gifts(self) -> Mapping[int, GiftDetails]:
        """The gifts that can be sent, by id; empty before they were fetched."""
        return self.http.gifts.by_id if self.http.gifts is not None else _NO_GIFTS

    @property
    def connected(self) -> bool:
        """Whether the room is entered."""
        connection = self._connection
        return connection is not None and not connection.stopping and connection.session.phase is Phase.LIVE

    @property
    def connecting(self) -> bool:
        """Whether it is on the way into the room, for the first time or again."""
        return self._connection is not None and not self._connection.over and not self.connected

    @property
    def closed(self) -> Closed | None:
        """Why the last connection came to its end; `None` before that."""
        return self._connection.closed if self._connection is not None else None

    @property
    def viewer_count(self) -> int | None:
        """Viewers right now, as last told; `None` before."""
        return self._connection.session.viewer_count if self._connection is not None else None

    @property
    def top_viewers(self) -> tuple[TopViewer, ...]:
        """Who gave most, first things first, as last told."""
        return self._connection.session.top_viewers if self._connection is not None else ()

    @property
    def statistics(self) -> Statistics:
        """The counters of the current or the last connection."""
        return self._connection.session.statistics if self._connection is not None else Statistics()

    @property
    def proxies(self) -> Proxies | None:
        """The proxy, as given. Set it for the HTTP requests that follow and for the next `start()`."""
        return self._proxies

    @proxies.setter
    def proxies(self, proxies: Proxies | None) -> None:
        self.http.network = self._parts.options.network(proxies)
        self._proxies = proxies

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that the client runs in, or will run in."""
        connection = self._connection
        alive = connection is not None and not connection.task.done()
        return connection.loop if connection is not None and alive else self._loop.get()

    @property
    def http(self) -> WebClient:
        """What asks TikTok's web."""
        return self._parts.web

    @property
    def websocket(self) -> Live | None:
        """The transport of the current or the last connection; `None` before the first."""
        return self._connection.live if self._connection is not None else None
