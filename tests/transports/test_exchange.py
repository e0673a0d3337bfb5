"""The HTTP wire: every split means the same, nothing raises, limits are exact."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.http import FailureKind, HttpRequest, HttpResponse, TransportFailure
from tiktok_webcast_transports._exchange import HttpWire

MAX_BODY = 500


def asked(method: str = "GET") -> HttpWire:
    wire = HttpWire("web.test", max_header=1000)
    data = wire.send(HttpRequest(method, "https://web.test/a?b=c#d", (("A", "b"),), max_body=MAX_BODY))
    assert isinstance(data, bytes)
    head = data.decode()
    assert head.startswith(f"{method} /a?b=c HTTP/1.1\r\nHost: web.test\r\nA: b\r\n")
    return wire


@given(st.binary(max_size=MAX_BODY), st.sampled_from(["length", "chunked", "end"]), st.data())
def test_any_split_gives_the_same_answer(body: bytes, kind: str, data: st.DataObject) -> None:
    if kind == "length":
        whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    elif kind == "end":
        whole = b"HTTP/1.1 200 OK\r\n\r\n" + body
    else:
        cut = data.draw(st.integers(0, len(body)))
        pieces = [piece for piece in (body[:cut], body[cut:]) if piece]
        chunks = b"".join(b"%x\r\n" % len(piece) + piece + b"\r\n" for piece in pieces)
        whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    cuts = sorted(data.draw(st.lists(st.integers(1, len(whole)), max_size=20)))
    edges = [0, *cuts, len(whole)]
    wire = asked()
    answers = [wire.receive(whole[start:end]) for start, end in itertools.pairwise(edges) if start < end]
    if kind == "end":
        answers.append(wire.receive(b""))
    (answer,) = [answer for answer in answers if answer is not None]
    assert isinstance(answer, HttpResponse)
    assert answer.body == body
    assert wire.reusable == (kind != "end")


@pytest.mark.parametrize(
    "answer",
    [
        b"GET /sign?key=swordfish HTTP/1.1\r\nHost: web.test\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nSet Cookie: sid=swordfish\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nswordfish\r\n",
    ],
)
def test_what_is_not_http_is_not_quoted(answer: bytes) -> None:
    """A server may send back the address that it was asked for, or a cookie in a line that is no header."""
    failure = asked().receive(answer)
    assert isinstance(failure, TransportFailure) and failure.kind is FailureKind.PROTOCOL
    assert failure.detail.startswith("the answer is not HTTP: illegal ") and "swordfish" not in failure.detail


@given(st.binary(min_size=1, max_size=100), st.sampled_from(["length", "chunked"]))
def test_what_nobody_asked_for_answers_no_later_request(more: bytes, kind: str) -> None:
    if kind == "length":
        whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    else:
        whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    wire = asked()
    answer = wire.receive(whole + more)
    assert isinstance(answer, HttpResponse) and answer.body == b"hi"
    assert not wire.reusable


def test_a_length_of_thousands_of_digits_is_no_length() -> None:
    """With the oldest h11 that may be installed, too."""
    wire = HttpWire("web.test", max_header=64 * 1024)
    wire.send(HttpRequest("GET", "https://web.test/"))
    answer = wire.receive(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n")
    assert isinstance(answer, TransportFailure)
    assert answer.kind is FailureKind.PROTOCOL


@pytest.mark.parametrize("value", ["sessionid=swordfish\n", "sessionid=swordfish \u2014", " sessionid=swordfish"])
def test_a_header_that_cannot_be_sent_is_not_quoted(value: str) -> None:
    failure = HttpWire("web.test", max_header=1000).send(HttpRequest("GET", "https://web.test/", (("Cookie", value),)))
    assert isinstance(failure, TransportFailure) and failure.kind is FailureKind.PROTOCOL
    assert "swordfish" not in failure.detail


@given(st.binary(max_size=300))
def test_nothing_that_comes_raises(junk: bytes) -> None:
    wire = asked()
    answer = None
    for index in range(0, len(junk), 5):
        answer = wire.receive(junk[index : index + 5])
        if answer is not None:
            break
    if answer is None:
        answer = wire.receive(b"")
    assert isinstance(answer, TransportFailure | HttpResponse)


@given(st.sampled_from([0, 1]), st.integers(1, 1001))
def test_the_header_limit_is_exact(extra: int, step: int) -> None:
    head = b"HTTP/1.1 204 No\r\nX: "
    head += b"x" * (1000 + extra - len(head) - 4) + b"\r\n\r\n"
    wire = asked()
    answers = [wire.receive(head[index : index + step]) for index in range(0, len(head), step)]
    found = [answer for answer in answers if answer is not None]
    if extra:
        assert isinstance(found[0], TransportFailure)
        assert found[0].kind is FailureKind.TOO_LARGE
    else:
        assert isinstance(found[0], HttpResponse)


@given(st.sampled_from([0, 1]), st.integers(1, 600))
def test_the_body_limit_is_exact(extra: int, step: int) -> None:
    body = b"x" * (MAX_BODY + extra)
    wire = asked()
    assert wire.receive(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)) is None
    answer = None
    for index in range(0, len(body), step):
        answer = wire.receive(body[index : index + step])
        if answer is not None:
            break
    if extra:
        assert isinstance(answer, TransportFailure)
        assert answer.kind is FailureKind.TOO_LARGE
    else:
        assert isinstance(answer, HttpResponse)


def test_answers_without_a_body() -> None:
    for method, status in (("HEAD", b"200 OK"), ("GET", b"304 Same"), ("GET", b"204 None")):
        answer = asked(method).receive(b"HTTP/1.1 " + status + b"\r\nContent-Length: 9999\r\n\r\n")
        assert isinstance(answer, HttpResponse)
        assert answer.body == b""


def test_a_redirect_is_an_answer_like_any_other() -> None:
    answer = asked().receive(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")
    assert isinstance(answer, HttpResponse)
    assert (answer.status, answer.header("location")) == (302, "/x")
