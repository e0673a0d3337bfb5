"""Everything that touches the world, for `tiktok_webcast`: the everyday client, and transports for every loop.

    from tiktok_webcast_transports import TikTokLiveClient

The transports are `.asyncio`, `.anyio` (asyncio and trio) and `.sync`, each with a `connect(...)`. Names are imported
when they are first used, so that nobody waits for what they do not need.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiktok_webcast.errors import (
        BlockedByTikTok,
        ClosedByCaller,
        ClosedError,
        ConfigurationError,
        ConnectionLost,
        DeviceBlocked,
        HandshakeRefused,
        InvalidUserInput,
        LimitExceeded,
        LocalProtocolError,
        NetworkError,
        RoomEnded,
        RoomOffline,
        RoomRestricted,
        SignError,
        SignPremiumRequired,
        SignRateLimited,
        SignServerError,
        StaleConnection,
        TikTokWebcastError,
        UnexpectedAnswer,
        UserNotFound,
    )

    from ._options import Network, Timeouts
    from ._proxy import Proxy
    from .client import TikTokLiveClient
    from .web_client import WebClient

__all__ = [
    "BlockedByTikTok",
    "ClosedByCaller",
    "ClosedError",
    "ConfigurationError",
    "ConnectionLost",
    "DeviceBlocked",
    "HandshakeRefused",
    "InvalidUserInput",
    "LimitExceeded",
    "LocalProtocolError",
    "Network",
    "NetworkError",
    "Proxy",
    "RoomEnded",
    "RoomOffline",
    "RoomRestricted",
    "SignError",
    "SignPremiumRequired",
    "SignRateLimited",
    "SignServerError",
    "StaleConnection",
    "TikTokLiveClient",
    "TikTokWebcastError",
    "Timeouts",
    "UnexpectedAnswer",
    "UserNotFound",
    "WebClient",
]

_OWN = {
    "Network": "_options",
    "Proxy": "_proxy",
    "TikTokLiveClient": "client",
    "Timeouts": "_options",
    "WebClient": "web_client",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place = f"{__name__}.{_OWN[name]}" if name in _OWN else "tiktok_webcast.errors"
    value = globals()[name] = getattr(import_module(place), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
