"""`GuestSigner`: a socket without any third party, as a guest whom TikTok itself gave a cookie.

Best effort: one library reports that the guest cookie `ttwid` alone opens the socket, another measured that it does
together with a signature (protocol/http.md section 9). It costs no signature, no key and no trust; where TikTok refuses
it, use `SignServer`.
"""

from __future__ import annotations

from typing import Literal

from .close import CloseReason
from .context import WebContext
from .evidence import failure_reason
from .http import Exchange, TransportFailure
from .routes import guest_cookie
from .signer import Signed, SignFailure, SignTarget
from .url import guest_socket, socket_request
from .waiting import wait_asked

SOCKET_HOSTS = {
    "global": "webcast-ws.tiktok.com",
    "eu": "webcast-ws.eu.tiktok.com",
    "us": "webcast-ws.us.tiktok.com",
}
"""TikTok's socket hosts by region (protocol/http.md section 1)."""


class GuestSigner:
    """Makes the socket's address from the profile and the guest cookie alone. No history comes with it.

    A login in the context goes along to TikTok, as with any browser; no other party sees it.
    """

    def __init__(self, *, region: Literal["global", "eu", "us"] = "global") -> None:
        """`region` picks TikTok's socket host; the global one serves all rooms."""
        self.host: str = SOCKET_HOSTS[region]

    def sign(self, target: SignTarget) -> Exchange[Signed | SignFailure]:
        """Get a guest cookie if there is none yet, and make the address."""
        context = target.context
        base = guest_socket(context, self.host)
        if not context.jar.get("ttwid", base):
            failure = yield from get_guest_cookie(context)
            if failure is not None:
                return failure
        socket = socket_request(
            base,
            target.room_id,
            context=context,
            cursor=target.cursor,
            internal_ext=target.internal_ext,
            authenticated=context.logged_in,
        )
        return Signed(socket, authenticated=context.logged_in)


def get_guest_cookie(context: WebContext) -> Exchange[SignFailure | None]:
    """Visit TikTok's public pages until one gives the guest cookie, which not every answer does. `None`: it did."""
    failure = SignFailure(CloseReason.BLOCKED, "TikTok gave no guest cookie (ttwid)")
    for request in guest_cookie.build_all(context):
        answer = yield from context.fetch(request)
        if context.jar.get("ttwid", context.endpoints.web):
            context.put_cookie("ttwid", context.jar.get("ttwid", context.endpoints.web) or "")
            return None
        if isinstance(answer, TransportFailure):
            detail = f"TikTok's page did not answer, {answer.kind.value}"
            return SignFailure(failure_reason(answer), f"{detail}: {answer.detail}" if answer.detail else detail)
        said = f"TikTok gave no guest cookie (ttwid), HTTP {answer.status}"
        wait = wait_asked(answer.status, answer.headers)
        failure = SignFailure(CloseReason.BLOCKED, said, retry_after=wait)
    return failure
