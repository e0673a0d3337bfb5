"""TikTok LIVE without I/O: requests, frames, events, counting and retries as plain values and small machines.

`Session` is the whole of it in one object; every machine it is made of can be used alone. To watch a room from a
program, take a transport of `tiktok_webcast_transports`.

Names are imported when they are first used, so that nobody waits for what they do not need.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from . import events
    from .actions import Action, CloseSocket, OpenSocket, SendMessage, SendRequest
    from .close import Closed, CloseReason
    from .config import Endpoints, Limits, Timing
    from .context import SessionLogin, WebContext
    from .cookies import Cookie, CookieJar
    from .decoder import decode
    from .errors import LocalProtocolError, TikTokWebcastError
    from .event_queue import EventQueue
    from .events import (
        ClosedEvent,
        CommentEvent,
        ConnectEvent,
        DisconnectEvent,
        Event,
        FollowEvent,
        Gift,
        GiftEvent,
        GiftStreakEndEvent,
        Image,
        JoinEvent,
        LikeEvent,
        LiveEndEvent,
        MoreShareEvent,
        OverflowEvent,
        ReconnectingEvent,
        ShareEvent,
        StreakEndCause,
        UndecodableEvent,
        UnknownEvent,
        User,
        ViewerUpdateEvent,
    )
    from .events.registry import Registry
    from .http import (
        Exchange,
        FailureKind,
        Headers,
        HttpRequest,
        HttpResponse,
        SocketRequest,
        TransportFailure,
    )
    from .message import Message
    from .pipeline import Pipeline
    from .profile import ClientProfile
    from .push.client import PushConnection
    from .push.server import PushServer
    from .retry import GiveUp, Retry, RetryPolicy, RetryState
    from .room import RoomFailure, RoomFound, resolve
    from .secret import Secret
    from .session import Phase, Session
    from .session_config import SessionConfig
    from .sign import SignServer
    from .sign_guest import GuestSigner
    from .sign_in_turn import SignersInTurn
    from .signer import Signed, Signer, SignFailure, SignTarget
    from .statistics import Statistics
    from .track.gifts import GiftStreaks
    from .track.likes import LikeTotals
    from .track.seen import SeenMessages
    from .track.viewers import ViewerTotals
    from .user_input import parse_user
    from .view import View

_PLACES = {
    "actions": ("Action", "CloseSocket", "OpenSocket", "SendMessage", "SendRequest"),
    "close": ("CloseReason", "Closed"),
    "config": ("Endpoints", "Limits", "Timing"),
    "context": ("SessionLogin", "WebContext"),
    "cookies": ("Cookie", "CookieJar"),
    "decoder": ("decode",),
    "errors": ("LocalProtocolError", "TikTokWebcastError"),
    "event_queue": ("EventQueue",),
    "events": (
        "ClosedEvent",
        "CommentEvent",
        "ConnectEvent",
        "DisconnectEvent",
        "Event",
        "FollowEvent",
        "Gift",
        "GiftEvent",
        "GiftStreakEndEvent",
        "Image",
        "JoinEvent",
        "LikeEvent",
        "LiveEndEvent",
        "MoreShareEvent",
        "OverflowEvent",
        "ReconnectingEvent",
        "ShareEvent",
        "StreakEndCause",
        "UndecodableEvent",
        "UnknownEvent",
        "User",
        "ViewerUpdateEvent",
    ),
    "events.registry": ("Registry",),
    "http": (
        "Exchange",
        "FailureKind",
        "Headers",
        "HttpRequest",
        "HttpResponse",
        "SocketRequest",
        "TransportFailure",
    ),
    "message": ("Message",),
    "pipeline": ("Pipeline",),
    "profile": ("ClientProfile",),
    "push.client": ("PushConnection",),
    "push.server": ("PushServer",),
    "retry": ("GiveUp", "Retry", "RetryPolicy", "RetryState"),
    "room": ("RoomFailure", "RoomFound", "resolve"),
    "secret": ("Secret",),
    "session": ("Phase", "Session"),
    "session_config": ("SessionConfig",),
    "sign": ("SignServer",),
    "sign_guest": ("GuestSigner",),
    "sign_in_turn": ("SignersInTurn",),
    "signer": ("SignFailure", "SignTarget", "Signed", "Signer"),
    "statistics": ("Statistics",),
    "track.gifts": ("GiftStreaks",),
    "track.likes": ("LikeTotals",),
    "track.seen": ("SeenMessages",),
    "track.viewers": ("ViewerTotals",),
    "user_input": ("parse_user",),
    "view": ("View",),
}
_PLACE_OF = {name: module for module, names in _PLACES.items() for name in names}

__all__ = [
    "Action",
    "ClientProfile",
    "CloseReason",
    "CloseSocket",
    "Closed",
    "ClosedEvent",
    "CommentEvent",
    "ConnectEvent",
    "Cookie",
    "CookieJar",
    "DisconnectEvent",
    "Endpoints",
    "Event",
    "EventQueue",
    "Exchange",
    "FailureKind",
    "FollowEvent",
    "Gift",
    "GiftEvent",
    "GiftStreakEndEvent",
    "GiftStreaks",
    "GiveUp",
    "GuestSigner",
    "Headers",
    "HttpRequest",
    "HttpResponse",
    "Image",
    "JoinEvent",
    "LikeEvent",
    "LikeTotals",
    "Limits",
    "LiveEndEvent",
    "LocalProtocolError",
    "Message",
    "MoreShareEvent",
    "OpenSocket",
    "OverflowEvent",
    "Phase",
    "Pipeline",
    "PushConnection",
    "PushServer",
    "ReconnectingEvent",
    "Registry",
    "Retry",
    "RetryPolicy",
    "RetryState",
    "RoomFailure",
    "RoomFound",
    "Secret",
    "SeenMessages",
    "SendMessage",
    "SendRequest",
    "Session",
    "SessionConfig",
    "SessionLogin",
    "ShareEvent",
    "SignFailure",
    "SignServer",
    "SignTarget",
    "Signed",
    "Signer",
    "SignersInTurn",
    "SocketRequest",
    "Statistics",
    "StreakEndCause",
    "TikTokWebcastError",
    "Timing",
    "TransportFailure",
    "UndecodableEvent",
    "UnknownEvent",
    "User",
    "View",
    "ViewerTotals",
    "ViewerUpdateEvent",
    "WebContext",
    "__version__",
    "decode",
    "events",
    "parse_user",
    "resolve",
]


def __getattr__(name: str) -> Any:
    if name == "events":
        return import_module(".events", __name__)
    place = _PLACE_OF.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{place}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
