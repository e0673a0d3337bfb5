"""What a session was made with, as JSON: the header of a capture. Secrets come in masked."""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from random import Random
from typing import Any

from .._version import __version__
from ..config import Endpoints, Limits, Timing
from ..context import SessionLogin
from ..cookies import Cookie
from ..errors import ConfigurationError, InvalidUserInput
from ..events.registry import Registry
from ..events.table import REGISTRY
from ..profile import ClientProfile
from ..retry import RetryPolicy
from ..secret import Secret
from ..session_config import SessionConfig
from ..sign import SignServer
from ..sign_guest import SOCKET_HOSTS, GuestSigner
from ..sign_in_turn import SignerHealth, SignersInTurn
from ..signer import Signer
from ..user_input import RoomId, UserId, UserInput, parse_user
from .format import VERSION
from .masks import Masks

_STATE_WORDS = 625
"""Numbers that the state of a `random.Random` has."""


class UnreadableHeader(Exception):
    """The header of a capture cannot be understood; the text says why, for people."""


@dataclass(frozen=True)
class Setup:
    """Everything that a session is made with."""

    user: str
    config: SessionConfig
    retry: RetryPolicy
    signer: Signer | None
    """`None` where the recording had a signer of another kind: it must be given to the replay."""
    signer_name: str
    rng_state: tuple[Any, ...]

    def rng(self) -> Random:
        """Return the chance that the session had."""
        rng = Random(0)
        rng.setstate(self.rng_state)
        return rng

    def masked(self, masks: Masks) -> Setup:
        """Return it without secrets; `masks` learns them all."""
        config = self.config
        login = config.login
        if login is not None:
            login = SessionLogin(Secret(masks.secret(login.session_id.reveal())), login.tt_target_idc)
        config = replace(
            config,
            login=login,
            cookies=masks.cookies(config.own_cookies),
            http_params=masks.overrides(config.http_params, headers=False),
            ws_params=masks.overrides(config.ws_params, headers=False),
            http_headers=masks.overrides(config.http_headers, headers=True),
            ws_headers=masks.overrides(config.ws_headers, headers=True),
        )
        return replace(self, config=config, signer=None if self.signer is None else _masked_signer(self.signer, masks))


def can_record(signer: Signer) -> bool:
    """Whether a header can say all that a signer is."""
    if type(signer) is SignersInTurn:
        return all(type(each) in (SignServer, GuestSigner) for each in signer.signers)
    return type(signer) in (SignServer, GuestSigner)


def _masked_signer(signer: Signer, masks: Masks) -> Signer:
    if isinstance(signer, SignersInTurn):
        masked = SignersInTurn(*(_masked_signer(each, masks) for each in signer.signers))
        masked.health = tuple(replace(health) for health in signer.health)
        return masked
    return _server(_server_to_json(signer, masks)) if isinstance(signer, SignServer) else signer


def user_text(user: UserInput) -> str:
    """Return the text that `parse_user` reads as this very user."""
    if isinstance(user, RoomId):
        return f"room:{user.room_id}"
    return f"user:{user.user_id}" if isinstance(user, UserId) else str(user)


# --- to JSON --------------------------------------------------------------------------------------------------------


def write_setup(setup: Setup) -> bytes:
    """Return the JSON of a setup that was `masked`."""
    config, signer = setup.config, setup.signer
    written: dict[str, Any] = {
        "version": VERSION,
        "program": f"tiktok-webcast {__version__}",
        "user": setup.user,
        "config": {
            "endpoints": asdict(config.endpoints),
            "limits": asdict(config.limits),
            "timing": asdict(config.timing),
            "room_id": str(config.room_id),
            "check_room": config.check_room,
            "include": None if config.include is None else sorted(config.include),
            "exclude": sorted(config.exclude),
            "history": config.history,
            "overflow": config.overflow,
            "profile": None if config.profile is None else asdict(config.profile),
            "login": None if config.login is None else [config.login.session_id.reveal(), config.login.tt_target_idc],
            "cookies": [asdict(cookie) for cookie in config.cookies],
            "trusted_sign_hosts": sorted(config.trusted_sign_hosts),
            "http_params": dict(config.http_params),
            "http_headers": dict(config.http_headers),
            "ws_params": dict(config.ws_params),
            "ws_headers": dict(config.ws_headers),
            "compress": config.compress,
        },
        "retry": asdict(setup.retry),
        "signer": {"kind": "other", "name": setup.signer_name} if signer is None else _signer_to_json(signer),
        "rng": _write_state(setup.rng_state),
    }
    return json.dumps(_finite(written), separators=(",", ":")).encode()


def _signer_to_json(signer: Signer) -> dict[str, Any]:
    if isinstance(signer, SignersInTurn):
        health = [[each.failures, each.rested_at] for each in signer.health]
        return {"kind": "turn", "signers": [_signer_to_json(each) for each in signer.signers], "health": health}
    if isinstance(signer, SignServer):
        return {"kind": "server", **_server_to_json(signer, Masks(), mask=False)}
    return {"kind": "guest", "host": signer.host if isinstance(signer, GuestSigner) else ""}


def _server_to_json(signer: SignServer, masks: Masks, *, mask: bool = True) -> dict[str, Any]:
    key = None if signer.api_key is None else signer.api_key.reveal()
    return {
        "api_key": masks.secret(key) if key is not None and mask else key,
        "url": signer.url,
        "client": signer.client,
        # The generation that it has learned to speak is asked for first: a signer may serve many sessions.
        "generation": "auto" if signer._fixed is None else signer._fixed.value,
        "spoken": signer._spoken.value,
        "platform": signer.platform,
        "session": signer.session,
        "country": signer.country,
        "socket_hosts": sorted(signer.socket_hosts),
    }


def _finite(value: Any) -> Any:
    """JSON has no infinity; times without a limit are one, and so is when a signer that never rested did."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return ("inf" if value > 0 else "-inf") if isinstance(value, float) and math.isinf(value) else value


def _write_state(state: tuple[Any, ...]) -> list[Any]:
    version, words, gauss = state
    return [version, base64.b64encode(struct.pack(f"<{_STATE_WORDS}I", *words)).decode(), gauss]


# --- from JSON ------------------------------------------------------------------------------------------------------


def read_setup(data: bytes, *, registry: Registry = REGISTRY) -> Setup:
    """Read the JSON of a header.

    Raises:
        UnreadableHeader: It is of a newer version, or makes no sense.
    """
    try:
        found = json.loads(data)
        version = found["version"]
        if not isinstance(version, int) or version > VERSION:
            raise UnreadableHeader(f"format version {str(version)[:20]}; this program reads up to {VERSION}")
        return _setup(found, registry)
    except UnreadableHeader:
        raise
    except (ConfigurationError, InvalidUserInput) as error:
        raise UnreadableHeader(f"its header is refused: {error}") from None
    except (ValueError, ArithmeticError, TypeError, LookupError, AttributeError, RecursionError, struct.error) as error:
        raise UnreadableHeader(f"its header makes no sense: {type(error).__name__}: {str(error)[:200]}") from None


def _setup(found: dict[str, Any], registry: Registry) -> Setup:
    config, signer = found["config"], found["signer"]
    login = config["login"]
    read = SessionConfig(
        endpoints=Endpoints(**_known(Endpoints, config["endpoints"])),
        limits=Limits(**_known(Limits, config["limits"])),
        timing=Timing(**_known(Timing, config["timing"])),
        room_id=int(config["room_id"]),
        # Captures of the time before this choice were made without such a request.
        check_room=bool(config.get("check_room", False)),
        include=None if config["include"] is None else frozenset(map(str, config["include"])),
        exclude=frozenset(map(str, config["exclude"])),
        history=bool(config["history"]),
        overflow=config["overflow"],
        registry=registry,
        profile=None if config["profile"] is None else ClientProfile(**_known(ClientProfile, config["profile"])),
        login=None if login is None else SessionLogin(Secret(login[0]), str(login[1])),
        cookies=tuple(Cookie(**_known(Cookie, cookie)) for cookie in config["cookies"]),
        trusted_sign_hosts=frozenset(map(str, config["trusted_sign_hosts"])),
        http_params=_texts(config["http_params"]),
        http_headers=_texts(config["http_headers"]),
        ws_params=_texts(config["ws_params"]),
        ws_headers=_texts(config["ws_headers"]),
        compress=bool(config["compress"]),
    )
    setup = Setup(
        user=user_text(parse_user(found["user"])),
        config=read,
        retry=RetryPolicy(**_known(RetryPolicy, found["retry"])),
        signer=_signer(signer),
        signer_name=str(signer.get("name", signer["kind"])),
        rng_state=_read_state(found["rng"]),
    )
    # What nobody can make a session with is refused here: it checks headers of the program's own first.
    read.web_context(setup.rng())
    return setup


def _signer(found: Mapping[str, Any]) -> Signer | None:
    if found["kind"] == "turn":
        inner = [_one_signer(each) for each in found["signers"]]
        if None in inner:
            raise TypeError("a signer of many is of another kind")
        made = SignersInTurn(*(each for each in inner if each is not None))
        made.health = tuple(SignerHealth(int(failures), float(rested_at)) for failures, rested_at in found["health"])
        if len(made.health) != len(inner):
            raise TypeError("signers and their health do not match")
        return made
    return _one_signer(found)


def _one_signer(found: Mapping[str, Any]) -> Signer | None:
    if found["kind"] == "server":
        return _server(found)
    if found["kind"] != "guest":
        return None
    guest = GuestSigner()
    guest.host = found["host"] if found["host"] in SOCKET_HOSTS.values() else guest.host
    return guest


def _server(found: Mapping[str, Any]) -> SignServer:
    signer = SignServer(
        api_key=found["api_key"],
        url=found["url"],
        client=str(found["client"]),
        generation=found["generation"],
        platform=found["platform"],
        session=found["session"],
        country=str(found["country"]),
        socket_hosts=frozenset(map(str, found["socket_hosts"])),
    )
    signer._spoken = type(signer._spoken)(found["spoken"])
    return signer


def _known(kind: Any, values: Any) -> dict[str, Any]:
    """Keep the fields that this version knows, of the types that it gives them."""
    known = {}
    for item in fields(kind):
        if item.name in values:
            value, wanted = values[item.name], str(item.type)
            if value == "inf" and wanted == "float":
                value = math.inf
            if type(value) not in _TYPES[wanted]:
                raise TypeError(f"{kind.__name__}.{item.name} is no {wanted}")
            known[item.name] = value
    return known


_TYPES: dict[str, tuple[type, ...]] = {"int": (int,), "float": (float, int), "str": (str,), "bool": (bool,)}


def _texts(found: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in found.items()}


def _read_state(found: Any) -> tuple[Any, ...]:
    version, words, gauss = found
    if gauss is not None and not isinstance(gauss, float):
        raise TypeError("the state of chance is no number")
    return version, struct.unpack(f"<{_STATE_WORDS}I", base64.b64decode(words)), gauss
