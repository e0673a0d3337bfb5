"""The ways in that fail, and those that only seem to."""

from __future__ import annotations

from ..door import Api, Door, Page
from ..scenario import Options, Scenario, Tell
from ..script import Refuse, Script, Sign, SignTrouble
from ..story import Story

_OFFLINE, _PAUSED = 4, 3
_REFUSED = Refuse(200, (("Handshake-Msg", "request blocked"), ("Handshake-Status", "2")))
_RATE_LIMIT = SignTrouble(
    429,
    {"code": 429, "message": "Too many connections started, try again later", "limit_label": "hour"},
    (("Retry-After", "3600"), ("RateLimit-Remaining", "3600"), ("X-Request-Id", "sim-429")),
)


def offline(story: Story, options: Options) -> Script:
    """The user exists and is not live: page and lookup say 4 (ended), and give no room."""
    yield from _evening(story)


def stale_room_id(story: Story, options: Options) -> Script:
    """Not live, but the lookup still names the last room, the page has none, and `check_alive` says yes to it."""
    yield from _evening(story)


def not_found(story: Story, options: Options) -> Script:
    """No such user: the page has no room, the lookup says 19881007, the profile 10221."""
    yield from _evening(story)


def restricted(story: Story, options: Options) -> Script:
    """Live, but for adults who are logged in: room info says 4003110 without a `sessionid`."""
    yield from _evening(story)


def private(story: Story, options: Options) -> Script:
    """A private account: no room on the page, nothing from the lookup, and the profile says 10222."""
    yield from _evening(story)


def blocked_page(story: Story, options: Options) -> Script:
    """The live page answers 403; the other ways still lead in."""
    yield from _evening(story)


def blocked(story: Story, options: Options) -> Script:
    """Everything answers 403."""
    yield from _evening(story)


def captcha(story: Story, options: Options) -> Script:
    """The live page is a captcha and the other answers are empty: blocked, which is not offline."""
    yield from _evening(story)


def shell(story: Story, options: Options) -> Script:
    """The live page is an anti-bot shell of 1155 bytes and the other answers are empty."""
    yield from _evening(story)


def lying_check(story: Story, options: Options) -> Script:
    """Not live, but `check_alive` says yes, as it did to everybody in July 2026."""
    yield from _evening(story)


def lying_check_dead(story: Story, options: Options) -> Script:
    """Live, but `check_alive` says no."""
    yield from _evening(story)


def paused(story: Story, options: Options) -> Script:
    """The host has paused (status 3): the room can be entered, and goes on."""
    yield story.enter()
    story.wait(0.3)
    yield story.frame(story.control(2))
    yield story.frame(story.comment(story.person(), "welcome back"))
    yield story.end()


def rate_limit(story: Story, options: Options) -> Script:
    """The sign server's limit is reached (429), and it says to wait for an hour."""
    yield from _evening(story)


def rate_limit_short(story: Story, options: Options) -> Script:
    """The sign server says to wait for a second (429), then signs."""
    body = {"code": 429, "message": "slow down", "limit_label": "minute"}
    yield story.retried(SignTrouble(429, body, (("Retry-After", "1"),)), "sign_rate_limited")
    yield from _evening(story)


def premium(story: Story, options: Options) -> Script:
    """The sign server wants to be paid (402)."""
    yield from _evening(story)


def no_permission(story: Story, options: Options) -> Script:
    """The sign server does not like the key (403)."""
    yield from _evening(story)


def sign_500(story: Story, options: Options) -> Script:
    """The sign server is broken (500)."""
    yield from _evening(story)


def sign_hiccup(story: Story, options: Options) -> Script:
    """The sign server is broken (500), then busy (503), then signs."""
    yield story.retried(SignTrouble(500, {"code": 500, "message": "internal error"}), "sign_failed")
    yield story.retried(SignTrouble(503, {"code": 503, "message": "no agent is free"}), "sign_failed")
    yield from _evening(story)


def empty_sign_body(story: Story, options: Options) -> Script:
    """The sign server answers 200 with nothing in it."""
    yield story.step(Sign(empty=True))


def no_cookies(story: Story, options: Options) -> Script:
    """The sign server's answer lacks `X-Set-TT-Cookie`."""
    yield story.step(Sign(cookies=False))


def no_cursor(story: Story, options: Options) -> Script:
    """The sign server's answer lacks the cursor."""
    yield story.step(Sign(cursor=False))


def no_push_server(story: Story, options: Options) -> Script:
    """The sign server's answer lacks the socket's address."""
    yield story.step(Sign(push_server=False))


def no_route_params(story: Story, options: Options) -> Script:
    """The sign server's answer lacks the socket's parameters."""
    yield story.step(Sign(route_params=False))


def refused_handshake(story: Story, options: Options) -> Script:
    """The socket's handshake is always refused: 200, `Handshake-Msg: request blocked`."""
    yield from _evening(story)


def refused_once(story: Story, options: Options) -> Script:
    """The first handshake is refused, a fresh signature helps."""
    yield story.step(Sign())
    yield story.retried(_REFUSED, "handshake_refused")
    yield from _evening(story)


def device_blocked(story: Story, options: Options) -> Script:
    """The first guest identity is refused (415, `DEVICE_BLOCKED`), the second is let in."""
    steps = _evening(story)
    entered = next(steps)
    yield story.step(entered.action, ({"event": "reconnecting", "reason": "device_blocked"}, *entered.truth))
    yield from steps


def heartbeat_option(story: Story, options: Options) -> Script:
    """The handshake asks for a heartbeat every 2 seconds (`Handshake-Options: ping-interval`), and means it."""
    yield story.enter()
    for text in ("tick", "tock"):
        story.hold(3)
        yield story.frame(story.comment(story.person(), text))
    yield story.end()


def _evening(story: Story) -> Script:
    """What those see who get in."""
    yield story.enter(story.comment(story.person(), "here already", history=True))
    story.wait(0.2)
    yield story.frame(story.comment(story.person(), "glad you made it"), story.like(story.person(), 15))
    yield story.end()


def _outside(tell: Tell, reason: str, door: Door) -> Scenario:
    return Scenario(tell, door, ({"event": "closed", "reason": reason},))


def _unsigned(tell: Tell, sign: SignTrouble | None = None, reason: str = "sign_failed") -> Scenario:
    return _outside(tell, reason, Door(sign=sign))


SCENARIOS = (
    _outside(offline, "offline", Door(status=_OFFLINE, has_room_id=False)),
    _outside(stale_room_id, "offline", Door(status=_OFFLINE, page=Page.NO_ROOM, alive=True)),
    _outside(not_found, "user_not_found", Door(_OFFLINE, has_room_id=False, page=Page.NO_ROOM, api=Api.NOT_FOUND)),
    _outside(restricted, "restricted", Door(restricted=True)),
    _outside(private, "restricted", Door(has_room_id=False, page=Page.NO_ROOM, api=Api.EMPTY, private=True)),
    Scenario(blocked_page, Door(page=Page.FORBIDDEN)),
    _outside(blocked, "blocked", Door(page=Page.FORBIDDEN, api=Api.FORBIDDEN)),
    _outside(captcha, "blocked", Door(page=Page.CAPTCHA, api=Api.EMPTY)),
    _outside(shell, "blocked", Door(page=Page.SHELL, api=Api.EMPTY)),
    _outside(lying_check, "offline", Door(status=_OFFLINE, alive=True)),
    Scenario(lying_check_dead, Door(alive=False)),
    Scenario(paused, Door(status=_PAUSED)),
    _unsigned(rate_limit, _RATE_LIMIT, "sign_rate_limited"),
    Scenario(rate_limit_short),
    _unsigned(premium, SignTrouble(402, {"code": 402, "message": "this needs a paid plan"}), "sign_premium"),
    _unsigned(no_permission, SignTrouble(403, {"code": 403, "message": "invalid API key"}), "sign_premium"),
    _unsigned(sign_500, SignTrouble(500, {"code": 500, "message": "internal error"})),
    Scenario(sign_hiccup),
    _unsigned(empty_sign_body),
    _unsigned(no_cookies),
    _unsigned(no_cursor),
    _unsigned(no_push_server),
    _unsigned(no_route_params),
    _outside(refused_handshake, "handshake_refused", Door(handshake=_REFUSED)),
    Scenario(refused_once),
    Scenario(device_blocked, Door(blocked_identities=1)),
    Scenario(heartbeat_option, Door(ping_interval=2.0)),
)
