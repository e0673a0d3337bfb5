"""The exceptions: one for each way in which a room cannot be entered or kept, and one for misuse.

The core itself returns values (`Closed`, `RoomFailure`, `SignFailure`); an adapter that prefers to raise turns the
value into its error by `error_for`. Each message says what happened, the likely cause, and what to do
(docs/errors.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from .close import Closed, CloseReason


class TikTokWebcastError(Exception):
    """The base of every exception that this library raises on purpose."""


class LocalProtocolError(TikTokWebcastError):
    """The caller misused a machine: a bug in the calling program, never the other side's doing."""


class ConfigurationError(TikTokWebcastError, ValueError):
    """An option does not make sense; nothing was sent."""


class InvalidUserInput(ConfigurationError):
    """That is no user name, profile or live URL, user id or room id; nothing was sent."""


class ClosedError(TikTokWebcastError):
    """A session ended, or could not begin; `closed` is the whole story."""

    def __init__(self, closed: Closed) -> None:
        self.closed = closed
        super().__init__(message_for(closed))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.closed,)

    @property
    def reason(self) -> CloseReason:
        """The reason, as in the JSON lines."""
        return self.closed.reason

    @property
    def detail(self) -> str:
        """What the other side said, in short."""
        return self.closed.detail

    @property
    def causes(self) -> tuple[str, ...]:
        """What was tried and how each try went, oldest first."""
        return self.closed.causes

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait before another try, where the other side said so."""
        return self.closed.retry_after

    @property
    def http_status(self) -> int | None:
        """The HTTP status of the answer that decided it, where there was one."""
        status = self.closed.fact("status") or ""
        return int(status) if status.isascii() and status.isdigit() else None

    @property
    def url(self) -> str | None:
        """The address that gave that answer, after redirects and without its query, where known."""
        return self.closed.fact("url")

    @property
    def body(self) -> str | None:
        """The beginning of that answer, where it was of no use otherwise."""
        return self.closed.fact("body")


class RoomEnded(ClosedError):
    """The host or TikTok ended the stream."""


class ClosedByCaller(ClosedError):
    """You closed the session."""


class RoomOffline(ClosedError):
    """The user exists and is not live."""


class UserNotFound(ClosedError):
    """No such user."""


class RoomRestricted(ClosedError):
    """The room asks for a login: age, private, or followers only."""

    @property
    def restriction(self) -> str:
        """What restricts the room: `age`, `private`, `login`, `region`, or empty when TikTok does not say."""
        return self.closed.fact("restriction") or ""


class BlockedByTikTok(ClosedError):
    """TikTok answered with a captcha, an empty shell or HTTP 403/429."""


class HandshakeRefused(BlockedByTikTok):
    """TikTok refused to open the socket."""


class DeviceBlocked(HandshakeRefused):
    """TikTok refused this guest identity (`ttwid`)."""


class SignError(ClosedError):
    """The signer did not give a usable socket address."""

    @property
    def request_id(self) -> str | None:
        """The sign server's name for the request: quote it to its support."""
        return self.closed.fact("request_id")

    @property
    def source(self) -> str | None:
        """The sign server's host: of several signers, the one that said this."""
        return self.closed.fact("source")


class SignServerError(SignError):
    """The sign server could not sign: an outage, an empty or unusable answer."""


class SignRateLimited(SignError):
    """The sign server asks to wait; see `retry_after`."""

    @property
    def limit_label(self) -> str | None:
        """Which of the sign server's limits was reached, in its words."""
        return self.closed.fact("limit_label")


class SignPremiumRequired(SignError):
    """The sign server asks for a paid plan, or for another key."""


class NetworkError(ClosedError):
    """The network failed: DNS, connect, TLS, proxy, reset, timeout."""


class ConnectionLost(NetworkError):
    """The server closed the socket without ending the room."""


class StaleConnection(NetworkError):
    """The socket stayed open and silent for too long."""


class LimitExceeded(ClosedError):
    """The other side sent more than a limit allows."""


class UnexpectedAnswer(ClosedError):
    """An answer that no fact explains, or sources that contradict each other."""


@dataclass(frozen=True)
class Explanation:
    """What one `CloseReason` means to a human: the rows of docs/errors.md."""

    error: type[ClosedError]
    exit_code: int
    happened: str
    cause: str
    cure: str


EXPLANATIONS: dict[CloseReason, Explanation] = {
    CloseReason.ROOM_ENDED: Explanation(
        RoomEnded, 0, "The stream is over.", "The host or TikTok ended it.", "Nothing; wait for the next stream."
    ),
    CloseReason.CLOSED: Explanation(
        ClosedByCaller, 0, "The session was closed.", "Your program closed it.", "Nothing."
    ),
    CloseReason.OFFLINE: Explanation(
        RoomOffline,
        3,
        "The user is not live.",
        "There is no stream at the moment.",
        "Try again when the user is live; `tiktok-webcast status USER --wait` waits for it.",
    ),
    CloseReason.USER_NOT_FOUND: Explanation(
        UserNotFound,
        4,
        "There is no such user.",
        "The name is misspelled, was changed, or the account is gone.",
        "Check the name in the address of the profile page (the part after the @). A number is read as a user id; "
        "give a room id as `room:NUMBER` or by `--room-id`.",
    ),
    CloseReason.RESTRICTED: Explanation(
        RoomRestricted,
        5,
        "The room is restricted.",
        "TikTok shows it only to people who are logged in, of age, or followers.",
        "Log in with a browser and pass its cookies (`--cookies FILE`) or the session id with its `tt-target-idc`.",
    ),
    CloseReason.BLOCKED: Explanation(
        BlockedByTikTok,
        6,
        "TikTok did not let the request through; whether the user is live is not known.",
        "Too many requests from this address, or an address (data centre, VPN, country) that TikTok distrusts.",
        "Wait some minutes, ask less often, use another address by `--proxy`, or pass a browser's cookies by "
        "`--cookies FILE`.",
    ),
    CloseReason.HANDSHAKE_REFUSED: Explanation(
        HandshakeRefused,
        6,
        "TikTok refused to open the socket.",
        "The signed address was too old, already used, or does not fit the cookies sent with it.",
        "Try again (each try is signed anew). If a session id is set, the signature and the socket must both have it.",
    ),
    CloseReason.DEVICE_BLOCKED: Explanation(
        DeviceBlocked,
        6,
        "TikTok refused the guest identity (ttwid).",
        "This ttwid was flagged.",
        "Try again with a new identity; a session does so by itself. If it stays, use another address by `--proxy`.",
    ),
    CloseReason.SIGN_FAILED: Explanation(
        SignServerError,
        7,
        "The sign server did not give a usable answer.",
        "An outage of the sign server, or a wrong `--sign-url`.",
        "Try again in a minute, use another sign server by `--sign-url`, or none by `--signer guest`.",
    ),
    CloseReason.SIGN_RATE_LIMITED: Explanation(
        SignRateLimited,
        7,
        "The sign server asks to wait.",
        "Its limit of connections is used up for now.",
        "Wait as long as it says, use a key with a higher limit by `--sign-api-key`, or `--signer guest`.",
    ),
    CloseReason.SIGN_PREMIUM: Explanation(
        SignPremiumRequired,
        7,
        "The sign server refused.",
        "The feature is paid there, or the API key is missing, wrong, or lacks the permission.",
        "Check `--sign-api-key`, or use `--signer guest` where it is enough.",
    ),
    CloseReason.NETWORK: Explanation(
        NetworkError,
        8,
        "The network failed.",
        "No connection, DNS, a proxy, a firewall, or a TLS interception.",
        "Check the connection, and `--proxy` or `--ca-file` if you use them.",
    ),
    CloseReason.SERVER_CLOSED: Explanation(
        ConnectionLost,
        8,
        "The server closed the socket, although the stream had not ended.",
        "TikTok moves or drops connections now and then.",
        "Connect again, or allow more tries by `--reconnect`.",
    ),
    CloseReason.STALE: Explanation(
        StaleConnection,
        8,
        "Nothing arrived for too long.",
        "A dead connection, or a room that ended without saying so.",
        "Connect again; a longer `--stale-timeout` waits longer.",
    ),
    CloseReason.LIMIT: Explanation(
        LimitExceeded,
        1,
        "The other side sent more than the limits allow.",
        "Not TikTok at the other end, or a limit set too low.",
        "Check the address; raise the field of `Limits` that the detail names.",
    ),
    CloseReason.UNEXPECTED_ANSWER: Explanation(
        UnexpectedAnswer,
        1,
        "TikTok gave an answer that is not understood.",
        "TikTok changed something, has trouble, or its pages contradict each other for a moment.",
        "Try again in a minute. If it stays, report the causes below as a bug.",
    ),
}
"""Every reason with its error, exit code, meaning and cure (contracts.md section 1)."""


def error_for(closed: Closed) -> ClosedError:
    """Return the error of the right type for this end; raise it, or print it."""
    return EXPLANATIONS[closed.reason].error(closed)


def exit_code(reason: CloseReason) -> int:
    """Return the exit code of the command for this end (contracts.md section 1)."""
    return EXPLANATIONS[reason].exit_code


def message_for(closed: Closed) -> str:
    """Return in words what happened, the likely cause, and what to do."""
    explanation = EXPLANATIONS[closed.reason]
    parts = [explanation.happened]
    if closed.detail:
        parts.append(_sentence(closed.detail))
    if explanation.exit_code:
        parts.append(f"Likely cause: {explanation.cause}")
        if closed.retry_after is not None:
            parts.append(f"Wait {closed.retry_after:.0f} s.")
        parts.append(f"What to do: {explanation.cure}")
    if closed.causes:
        parts.append("Tried: " + "; ".join(closed.causes) + ".")
    return " ".join(parts)


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."
