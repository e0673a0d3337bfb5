"""`WebClient`: what a `TikTokLiveClient` asks TikTok's web, apart from the room's events; `client.http`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from tiktok_webcast.close import CloseReason
from tiktok_webcast.context import WebContext
from tiktok_webcast.errors import error_for
from tiktok_webcast.gift_list import GiftList
from tiktok_webcast.http import Exchange
from tiktok_webcast.info import Image as Picture
from tiktok_webcast.info import fetch_gift_list, fetch_image, fetch_room_info
from tiktok_webcast.room import RoomFailure, RoomFound, StatusReport, resolve
from tiktok_webcast.room_info import RoomInfo
from tiktok_webcast.user_input import UserInput
from tiktok_webcast.wait_live import WaitPolicy

from ._options import Network
from .asyncio import HttpClient

T = TypeVar("T")


class WebClient:
    """Runs the exchanges of `tiktok_webcast.info` and the like on asyncio, as the browser that the client plays.

    Connections are opened for each call and closed after it, so there is nothing to close and no loop to be true to.
    """

    def __init__(self, context: WebContext, network: Network) -> None:
        self.context = context
        """The browser to be: cookies, language, headers. While connected, the session's own."""
        self.network = network
        """The way to the network, proxy included."""
        self.room_info: RoomInfo | None = None
        """The room, as last told."""
        self.gifts: GiftList | None = None
        """The gifts that can be sent, as last told."""

    async def run(self, exchange: Exchange[T]) -> T:
        """Run any exchange of the core: `await client.http.run(fetch_profile("ann", context=client.http.context))`."""
        async with HttpClient(limits=self.context.limits, network=self.network) as http:
            return await http.run(exchange)

    async def ask(self, exchange: Exchange[T | RoomFailure]) -> T:
        """Run an exchange that may fail.

        Raises:
            ClosedError: It failed; the type tells why.
        """
        outcome = await self.run(exchange)
        if isinstance(outcome, RoomFailure):
            raise error_for(outcome.closed())
        return outcome

    async def retrieve_room_info(self, user: UserInput, room_id: int | None) -> RoomInfo:
        """Ask for the room's data: by room id, else for the user's room, be it live or the last one."""
        self.room_info = await self.ask(self._ask_room_info(user, room_id))
        return self.room_info

    async def retrieve_gifts(self, room_id: int | None) -> GiftList:
        """Ask for the gifts that can be sent: to a room, or in general."""
        self.gifts = await self.ask(fetch_gift_list(room_id, context=self.context))
        return self.gifts

    async def wait_until_live(self, user: UserInput, policy: WaitPolicy | None) -> StatusReport:
        """Ask until a user is live, or until `policy` ends the wait."""
        async with HttpClient(limits=self.context.limits, network=self.network) as http:
            return await http.wait_until_live(user, context=self.context, policy=policy)

    async def picture(self, urls: str | Sequence[str]) -> Picture:
        """Get a picture from the first of its addresses that has it."""
        return await self.ask(fetch_image(urls, context=self.context))

    def _ask_room_info(self, user: UserInput, room_id: int | None) -> Exchange[RoomInfo | RoomFailure]:
        if room_id is not None:
            return (yield from fetch_room_info(room_id, context=self.context))
        found = yield from resolve(user, context=self.context)
        if isinstance(found, RoomFound):
            if found.info:
                return RoomInfo.from_data(found.info)
            return (yield from fetch_room_info(found.room_id, context=self.context))
        if found.reason is not CloseReason.OFFLINE or found.room_id is None:
            return found
        return (yield from fetch_room_info(found.room_id, context=self.context))
