"""The way through a proxy: every answer leads through or says why not, in every split; nothing else is raised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.http import FailureKind
from tiktok_webcast_transports._proxy import PassageFailed, Proxy

HTTP, HTTP_LOGIN = Proxy("http", "proxy.test", 3128), Proxy("http", "proxy.test", 3128, "me", "swordfish")
SOCKS, SOCKS_LOGIN = Proxy("socks5", "proxy.test", 1080), Proxy("socks5", "proxy.test", 1080, "me", "swordfish")
HOST = "webcast.test"
OK = b"HTTP/1.1 200 Connection established\r\n\r\n"
BOUND = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x1f\x90"
"""A SOCKS5 proxy's yes, with the address that it speaks from."""


def lead(proxy: Proxy, pieces: list[bytes], *, host: str = HOST) -> tuple[list[bytes], bytes | None]:
    """Return what was sent, and what came after the handshake; `None`: it is not over yet."""
    passage = proxy.passage(host, 443, max_header=1000)
    sent = [next(passage)]
    for piece in pieces:
        try:
            sent.append(passage.send(piece))
        except StopIteration as end:
            rest: bytes = end.value
            return sent, rest
    return sent, None


def why(proxy: Proxy, *pieces: bytes, host: str = HOST) -> tuple[FailureKind, str]:
    with pytest.raises(PassageFailed) as caught:
        lead(proxy, list(pieces), host=host)
    failure = caught.value.failure
    return failure.kind, failure.detail


def test_connect() -> None:
    sent, rest = lead(HTTP_LOGIN, [OK + b"\x16\x03"])
    assert sent[0].startswith(b"CONNECT webcast.test:443 HTTP/1.1\r\nHost: webcast.test:443\r\n")
    assert b"\r\nProxy-Authorization: Basic bWU6c3dvcmRmaXNo\r\n" in sent[0]
    assert rest == b"\x16\x03"
    assert lead(HTTP, [], host="bücher.test")[0][0].startswith(b"CONNECT xn--bcher-kva.test:443 ")
    assert lead(HTTP, [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 Wait\r\n\r\n" + OK])[1] == b""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"GARBAGE\r\n\r\n", "the proxy does not speak HTTP: "),
        (b"HTTP/1.1 100 Continue\r\n\r\nGARBAGE\r\n\r\n", "the proxy does not speak HTTP: "),
        (b"HTTP/1.1 407 Login\r\n\r\n", "the proxy answered 407 Login (user and password)"),
        (b"HTTP/1.1 502 \xff\r\n\r\n", "the proxy answered 502 \N{REPLACEMENT CHARACTER}"),
        (b"", "the proxy closed the connection"),
        (b"CONNECT /?key=swordfish HTTP/1.1\r\n\r\n", "the proxy does not speak HTTP: illegal status line"),
        (b"HTTP/1.1 502 " + b"x" * 900 + b"\r\n\r\n", "the proxy answered 502 xxx"),
    ],
)
def test_connect_refused(answer: bytes, words: str) -> None:
    kind, detail = why(HTTP, answer)
    assert kind is FailureKind.PROXY and detail.startswith(words)
    assert "swordfish" not in detail and len(detail) < 300


def test_connect_to_a_host_that_no_request_can_name() -> None:
    kind, detail = why(HTTP_LOGIN, host="no\nhost")
    assert kind is FailureKind.PROXY and detail.startswith("CONNECT cannot be asked")
    assert "swordfish" not in detail


def test_socks() -> None:
    sent, rest = lead(SOCKS_LOGIN, [b"\x05\x02", b"\x01\x00", BOUND + b"\x16\x03"])
    assert sent == [
        b"\x05\x02\x00\x02",
        b"\x01\x02me\x09swordfish",
        b"\x05\x01\x00\x03\x0cwebcast.test\x01\xbb",
    ]
    assert rest == b"\x16\x03"
    assert lead(SOCKS, [b"\x05\x00", BOUND])[1] == b""


@pytest.mark.parametrize("bound", [b"\x01" + bytes(4), b"\x04" + bytes(16), b"\x03\x05a.net", b"\x03\x00"])
@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "bücher.test"])
def test_socks_addresses_of_every_kind(bound: bytes, host: str) -> None:
    answer = b"\x05\x00" + b"\x05\x00\x00" + bound + b"\x00\x50"
    assert lead(SOCKS, [answer[at : at + 1] for at in range(len(answer))] + [b"rest"], host=host)[1] == b""


@pytest.mark.parametrize(
    ("proxy", "pieces", "words"),
    [
        (SOCKS, (b"\x04\x00",), "the proxy does not speak SOCKS5"),
        (SOCKS, (b"HT",), "the proxy does not speak SOCKS5"),
        (SOCKS, (b"\x05\x02",), "the proxy accepts none of our ways to log in (it asks for a user name and password)"),
        (SOCKS_LOGIN, (b"\x05\xff",), "the proxy accepts none of our ways to log in"),
        (SOCKS_LOGIN, (b"\x05\x02", b"\x01\x01"), "the proxy refused the user name and password"),
        (SOCKS, (b"\x05\x00", b"\x05\x05\x00\x01"), "the proxy could not connect to webcast.test:443: "),
        (SOCKS, (b"\x05\x00", b"\x05\x63\x00\x01"), "the proxy could not connect to webcast.test:443: reply 99"),
        (SOCKS, (b"\x05\x00", b"\x05\x00\x00\x07"), "the proxy named an address of unknown type 7"),
        (SOCKS, (b"\x05", b""), "the proxy closed the connection"),
    ],
)
def test_socks_refused(proxy: Proxy, pieces: tuple[bytes, ...], words: str) -> None:
    kind, detail = why(proxy, *pieces)
    assert kind is FailureKind.PROXY and detail.startswith(words)
    assert "swordfish" not in detail


@pytest.mark.parametrize(
    ("host", "words"), [("a" * 300, "longer than 255"), ("\N{EM DASH}" * 70, "not a valid one"), ("ü..x", "valid")]
)
def test_socks_names_that_are_none(host: str, words: str) -> None:
    kind, detail = why(SOCKS, b"\x05\x00", host=host)
    assert kind is FailureKind.DNS and words in detail


STARTS = [b"", OK, b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 407 A\r\n\r\n", b"\x05\x00", b"\x05\x02\x01\x00", BOUND]


@given(
    st.sampled_from([HTTP, HTTP_LOGIN, SOCKS, SOCKS_LOGIN]),
    st.lists(st.sampled_from(STARTS) | st.binary(max_size=40), max_size=6),
    st.sampled_from([HOST, "192.0.2.1", "2001:db8::1", "a" * 300, "ü", " ", "\n"]),
)
def test_nothing_but_a_reason_is_raised(proxy: Proxy, pieces: list[bytes], host: str) -> None:
    try:
        lead(proxy, pieces, host=host)
    except PassageFailed as failed:
        assert failed.failure.detail and "swordfish" not in failed.failure.detail
