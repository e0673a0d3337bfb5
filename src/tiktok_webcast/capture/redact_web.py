"""Web answers with other names in them: pages, JSON and headers, as long as before and of the same structure."""

from __future__ import annotations

import re
import zlib

from ..config import Limits
from ..http import Headers, HttpResponse, TransportFailure, find_header
from ..web import unpack, without_header
from .pseudonyms import Pseudonyms
from .redact_json import BLANK, is_json, learn_names, text_or_json
from .redact_wire import WireRedaction

_PAGE = re.compile(rb"<[A-Za-z!?]")
"""How a page begins, control characters in it or none; a message of a sign server's answer begins with a tag."""
_SCRIPT = re.compile(r"(<script\b[^>]*>)(.*?)(</script>|\Z)|<[^>]*>", re.DOTALL | re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![\w:\-])([\w:\-]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)""")
_KEPT_ATTRIBUTES = frozenset(["id", "class", "type", "lang", "rel", "charset", "name", "property", "http-equiv"])
_KEPT_HEADERS = re.compile(
    r"^(?:content-(?:type|encoding|length|language)|date|retry-after|.*ratelimit.*|handshake-\w+|server|cache-control|.*set-cookie|x-set-tt-.*|expires"
    r"|connection|upgrade|vary|sec-websocket-.*|access-control-.*|strict-transport-security|age|pragma|transfer-encoding)$"
)


class WebRedaction:
    """Changes what identifies somebody in the answers of web servers."""

    def __init__(self, names: Pseudonyms, limits: Limits = Limits()) -> None:
        self._names = names
        self._wire = WireRedaction(names, limits)

    def answer(self, answer: HttpResponse | TransportFailure) -> HttpResponse | TransportFailure:
        """Return an answer with other names."""
        if isinstance(answer, TransportFailure):
            return TransportFailure(answer.kind, self._names.text(answer.detail))
        headers = self.headers(answer.headers)
        coding = (find_header(headers, "content-encoding") or "").strip().lower()
        plain = unpack(answer, Limits().response_body)
        if isinstance(plain, TransportFailure):
            return HttpResponse(answer.status, headers, self._names.data(answer.body))
        body = self._body(plain.body)
        if coding == "gzip":
            packer = zlib.compressobj(6, zlib.DEFLATED, 31)
            body = packer.compress(body) + packer.flush()
        elif coding:
            headers = without_header(headers, "content-encoding")
        if find_header(headers, "content-length") is not None:
            headers = (*without_header(headers, "content-length"), ("Content-Length", str(len(body))))
        return HttpResponse(answer.status, headers, body)

    def headers(self, headers: Headers) -> Headers:
        """Return headers with other names; cookies are masked already."""
        return tuple(
            (name, value if _KEPT_HEADERS.match(name.lower()) else self._names.text(value)) for name, value in headers
        )

    def _body(self, body: bytes) -> bytes:
        bare = body.lstrip(BLANK.encode())
        start = bare[:1]
        text = body.decode("utf-8", "surrogateescape")
        if start in (b"{", b"[") and is_json(text):
            new = text_or_json(text, self._names)
        elif not _PAGE.match(bare) and not all(byte >= 32 or byte in b"\t\r\n" for byte in body[:200]):
            # Also where the length of its first message looks like the beginning of JSON or of a page.
            return self._wire.result(body)
        else:
            new = _html(text, self._names) if start == b"<" else self._names.text(text)
        return new.encode("utf-8", "surrogateescape")


def _html(text: str, names: Pseudonyms) -> str:
    # Before all else: the JSON that tells them may come after the places where they are keys.
    learn_names(text, names)
    out: list[str] = []
    at = 0
    # What no tag ends any more is not searched for one from each of its "<".
    end = text.rfind(">") + 1
    for found in _SCRIPT.finditer(text, 0, end):
        out.append(names.text(text[at : found.start()]))
        at = found.end()
        if found.group(1) is None:
            out.append(_tag(found.group(), names))
            continue
        opening, inside, closing = found.group(1, 2, 3)
        if not closing:
            inside, at = inside + text[end:], len(text)
        out.append(_tag(opening, names))
        out.append(text_or_json(inside, names))
        out.append(closing)
    out.append(names.text(text[at:]))
    return "".join(out)


def _tag(tag: str, names: Pseudonyms) -> str:
    def attribute(found: re.Match[str]) -> str:
        name, equals, value = found.group(1, 2, 3)
        kept = name.lower() in _KEPT_ATTRIBUTES and names.label(value.strip("\"'")) == value.strip("\"'")
        return found.group() if kept else f"{name}{equals}{names.text(value)}"

    if tag.startswith("<!--"):
        return names.text(tag)
    return _ATTRIBUTE.sub(attribute, tag)
