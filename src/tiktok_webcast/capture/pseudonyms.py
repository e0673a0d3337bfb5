"""Other names for the same things: numbers for numbers, words for words, of the same length and shape.

Equal things get equal names, everywhere and under the same key only; from the names alone nothing can be computed back.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from ..context import is_tiktok_host
from ..cookies import is_loopback

_CACHED = 100_000
_LONG = 9
"""Digits from which on a number keeps its first three: ids tell their age, which orders them."""
_NEGATIVE = 2**64 - 2**32
"""On the wire, numbers from here on are small negative ones, which are no ids."""
_OLDEST, _NEWEST = 1_400_000_000, 2_200_000_000
_TIME_UNITS = (1, 10**3, 10**6, 10**9)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s\"'<>\\]+")
_SCHEMES = re.compile(r"(?:https?|wss?|rtmps?|sslocal|aweme|musically|tiktok|snssdk[0-9]{1,5})\Z", re.IGNORECASE)
"""What addresses begin with; another word before `://` may be a name."""
_TOKEN = re.compile(r"[A-Za-z0-9_\-]{16,}")
_RUN = re.compile(r"[0-9]+|[^\W0-9_]+|[^\w\s\x00-\x7f]")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_HEX = re.compile(r"[0-9a-f]{16,}\Z")
_CDN = (".tiktokcdn.com", ".tiktokcdn-us.com", ".tiktokcdn-eu.com", ".ibyteimg.com", ".byteoversea.com", ".muscdn.com")
_URL_WORDS = frozenset(
    re.findall(
        r"\w+",
        "api avatar avt com core expires flv gif heic html http https id im image images img index jpeg jpg live login "
        "lynx m3u8 mp4 obj png proxy resource reuse room roomId share shrink sign signature stream supplement svg t "
        "tiktok tiktokcdn tos tplv web webcast webp ws www x",
    )
)
"""Words of addresses that say what a thing is, not whose; a session goes by some of them."""
_PLAIN_WORDS = re.findall(
    r"\w+",
    "a again age an agent api are be blocked busy cannot code connections connection denied does down error errors "
    "ended exist exists expired fail failed few finished for forbidden found free gateway has have host in internal "
    "invalid is it key later limit limited live login many minutes missing much needs no not of offline ok paid param "
    "parameter params plan please private rate reached request requests required restricted retry room seconds server "
    "service session sign signature slow started status success the this to token too try unauthorized unavailable "
    "unknown user was with wrong you your",
)
_PROSE_WORDS = frozenset([*_PLAIN_WORDS, *map(str.capitalize, _PLAIN_WORDS), "API", "HTTP", "ID"])
"""Words with which servers say what went wrong."""
_REMEMBERED = 10_000
"""Names that are remembered at the most."""


class Pseudonyms:
    """One mapping, made by a key."""

    def __init__(self, key: bytes) -> None:
        """Make the mapping of a key; who has the key can tell whether a guessed name is behind a pseudonym."""
        self._key = hashlib.blake2b(key, digest_size=32).digest()
        self._numbers: dict[int, int] = {}
        self._word = lru_cache(maxsize=_CACHED)(self._new_word)
        self._names: set[str] = set()

    def learn(self, name: str) -> None:
        """Remember a name of somebody, so that it is found where words stay: as a key, as an attribute."""
        if len(self._names) < _REMEMBERED:
            self._names.add(name.lower())

    def label(self, text: str) -> str:
        """Return a key or a word of a machine as it is, but for long numbers and for names that were learned."""
        return self.text(text) if text.lower() in self._names else self.numbers(text)

    def prose(self, text: str) -> str:
        """Return what a server says about an error; common words stay, all others change."""
        kept = _PROSE_WORDS - self._names
        return self.text(text, keep=kept)

    def number(self, value: int) -> int:
        """Return another number of the same digits and the same size as a varint; no two numbers become one."""
        found = self._numbers.get(value)
        if found is None:
            found = self._new_number(value) if 10 <= value < _NEGATIVE else value
            if len(self._numbers) >= _CACHED:
                self._numbers.clear()
            self._numbers[value] = found
        return found

    def _new_number(self, value: int) -> int:
        digits = len(str(value))
        step: int = 10 ** (digits - 3) if digits >= _LONG else 9 * 10 ** (digits - 1)
        low: int = value // step * step if digits >= _LONG else 10 ** (digits - 1)
        high = low + step
        size = (value.bit_length() + 6) // 7
        most = 2**63 if value < 2**63 else _NEGATIVE
        low, high = max(low, 1 << 7 * (size - 1)), min(high, 1 << 7 * size, most)
        return low + self._permuted(value - low, high - low, low)

    def _permuted(self, value: int, count: int, label: int) -> int:
        """A keyed permutation of `range(count)`: a Feistel network, walked until it lands inside."""
        half = max((count - 1).bit_length() + 1, 2) // 2
        mask = (1 << half) - 1
        while True:
            left, right = value >> half, value & mask
            for turn in range(6):
                seed = f"{label} {count} {turn} {right}".encode()
                digest = hashlib.blake2b(seed, digest_size=8, key=self._key).digest()
                left, right = right, left ^ int.from_bytes(digest, "little") & mask
            value = left << half | right
            if value < count:
                return value

    def guessed_number(self, value: int) -> int:
        """Return another number for one that may be an id; small ones are counts, and times stay."""
        return value if value < 10**6 or is_time(value) else self.number(value)

    def text(self, text: str, *, keep: frozenset[str] = frozenset()) -> str:
        """Return text with other words, numbers and addresses, each of the same length in UTF-8."""
        if text.isascii() and text.isdigit() and len(text) <= 3:
            return text
        out: list[str] = []
        at = 0
        for found in _URL.finditer(text):
            out += (self._plain(text[at : found.start()], keep), self.url(found.group()))
            at = found.end()
        return "".join((*out, self._plain(text[at:], keep)))

    def numbers(self, text: str) -> str:
        """Return text whose words stay and whose long numbers change."""
        return re.sub(r"[0-9]{9,}", lambda found: self._digits(found.group()), text)

    def url(self, url: str) -> str:
        """Return an address at the same host, if that is TikTok's, with another path."""
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            return self._plain(url)
        scheme, _, rest = url.partition("://")
        cut = re.search(r"[/?#]", rest)
        place, path = (rest, "") if cut is None else (rest[: cut.start()], rest[cut.start() :])
        # Before the host may be the name of somebody, or what looks like one.
        login, at, host_port = place.rpartition("@")
        if not (is_tiktok_host(host) or is_loopback(host) or host.endswith(_CDN)):
            host_port = self._plain(host_port)
        kind = scheme if _SCHEMES.match(scheme) else self._plain(scheme)
        return f"{kind}://{self._plain(login)}{at}{host_port}{self._path(path)}"

    def data(self, data: bytes) -> bytes:
        """Return bytes of no known meaning scrambled: letters, digits and the rest stay what they are."""
        stream = self._stream(data, len(data))
        return bytes(_byte(old, new) for old, new in zip(data, stream, strict=True))

    # --- words ----------------------------------------------------------------------------------------------------

    def _path(self, path: str) -> str:
        out: list[str] = []
        kept = _URL_WORDS - self._names
        at = 0
        for found in _ESCAPES.finditer(path):
            out += (self._plain(path[at : found.start()], keep=kept), self._escaped(found.group()))
            at = found.end()
        return "".join((*out, self._plain(path[at:], keep=kept)))

    def _escaped(self, escapes: str) -> str:
        text = unquote(escapes, errors="surrogateescape")
        changed = self._plain(text).encode("utf-8", "surrogateescape")
        return "".join(f"%{byte:02X}" for byte in changed)

    def _plain(self, text: str, keep: frozenset[str] = frozenset()) -> str:
        out: list[str] = []
        at = 0
        for found in _TOKEN.finditer(text):
            token = found.group()
            if token.isalpha() or not any(map(str.isalpha, token)):
                continue
            out += (self._runs(text[at : found.start()], keep), self._token(token, keep))
            at = found.end()
        return "".join((*out, self._runs(text[at:], keep)))

    def _token(self, token: str, keep: frozenset[str]) -> str:
        # Words with separators are a name made of names, anything else is one thing without parts.
        parts = re.split(r"[_\-]", token)
        if len(parts) > 1 and all(part.isdigit() or part.isalpha() or not part for part in parts):
            return self._runs(token, keep)
        return self._word(token)

    def _runs(self, text: str, keep: frozenset[str]) -> str:
        def run(found: re.Match[str]) -> str:
            word = found.group()
            if word in keep:
                return word
            return self._digits(word) if word.isascii() and word.isdigit() else self._word(word)

        return _RUN.sub(run, text)

    def _digits(self, digits: str) -> str:
        if digits[0] == "0" or len(digits) > 20 or int(digits) >= _NEGATIVE:
            return self._word(digits)
        return str(self.number(int(digits)))

    def _new_word(self, word: str) -> str:
        lower = word.lower() if len(word.lower()) == len(word) else word
        alphabet = "abcdef" if _HEX.match(word) else "abcdefghijklmnopqrstuvwxyz"
        for turn in range(4):
            # Lone halves of a pair are in JSON, as escapes, and from bytes that are no UTF-8.
            stream = self._stream(f"{turn} {lower}".encode("utf-8", "surrogatepass"), 4 * len(word))
            new = "".join(
                _character(old, int.from_bytes(stream[4 * at : 4 * at + 4], "little"), alphabet)
                for at, old in enumerate(word)
            )
            if new != word:
                break
        return new

    def _stream(self, label: bytes, size: int) -> bytes:
        return hashlib.shake_128(self._key + label).digest(size)


def is_time(value: int) -> bool:
    """Whether a number is a time of TikTok's years, in seconds to nanoseconds."""
    return any(_OLDEST * unit <= value < _NEWEST * unit for unit in _TIME_UNITS)


def _character(old: str, chance: int, alphabet: str) -> str:
    if old.isascii():
        if old.isdigit():
            return str(chance % 10)
        if not old.isalpha():
            return old
        new = alphabet[chance % len(alphabet)]
        return new if old.islower() else new.upper()
    pool = _alike(old)
    return pool[chance % len(pool)]


@lru_cache(maxsize=4096)
def _alike(old: str) -> str:
    """Characters of the same kind whose UTF-8 is as long: an ideogram's are all ideograms."""
    category = unicodedata.category(old)
    if category[0] not in "LNS" or category == "Sk":
        # Marks, joiners and skin tones make sense only beside what they belong to.
        return old
    code = ord(old)
    for first, last in ((0x4E00, 0x9FFF), (0xAC00, 0xD7A3)):
        if first <= code <= last:
            return "".join(map(chr, range(first, last + 1)))
    block = code & ~0x3F
    return "".join(chr(each) for each in range(block, block + 64) if unicodedata.category(chr(each)) == category)


def _byte(old: int, chance: int) -> int:
    if 48 <= old <= 57:
        return 48 + chance % 10
    if 65 <= old <= 90 or 97 <= old <= 122:
        return (old & 0x60) + 1 + chance % 26
    return old ^ chance & 0x7F if old >= 0x80 else old
