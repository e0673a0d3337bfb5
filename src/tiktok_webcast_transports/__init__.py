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
    from tiktok_webcast.recording import (
        AlreadyDownloadingStream,
        DownloadProcessNotFound,
        FfmpegFailed,
        FfmpegMissing,
        NotDownloadingStream,
        RecordingError,
    )

    from ._options import Network, Timeouts
    from ._proxy import Proxy
    from .client import TikTokLiveClient
    from .web_client import WebClient

__all__ = [
    "AlreadyDownloadingStream",
    "BlockedByTikTok",
    "ClosedByCaller",
    "ClosedError",
    "ConfigurationError",
    "ConnectionLost",
    "DeviceBlocked",
    "DownloadProcessNotFound",
    "FfmpegFailed",
    "FfmpegMissing",
    "HandshakeRefused",
    "InvalidUserInput",
    "LimitExceeded",
    "LocalProtocolError",
    "Network",
    "NetworkError",
    "NotDownloadingStream",
    "Proxy",
    "RecordingError",
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
_RECORDING = {name for name in __all__ if "Download" in name or name.startswith(("Ffmpeg", "Recording"))}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    elsewhere = "tiktok_webcast.recording" if name in _RECORDING else "tiktok_webcast.errors"
    place = f"{__name__}.{_OWN[name]}" if name in _OWN else elsewhere
    value = globals()[name] = getattr(import_module(place), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
