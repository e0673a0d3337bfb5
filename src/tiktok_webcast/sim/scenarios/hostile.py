"""Rooms that send what no room should."""

from __future__ import annotations

import base64
import gzip
import zlib

from ..._pb.transport_pb2 import PushHeader, WebcastPushFrame
from ...config import Limits
from ..payloads import chat, encode
from ..people import Person
from ..scenario import Options, Scenario
from ..script import Line, Raw, Script, Silence, Step, Text, Truth
from ..story import Story
from ..stream import Stream

_MIB = 1024 * 1024
_BOMB_MIB = 256
_OVERSIZE = Limits().message + 1
_PER_FRAME = Limits().messages_per_frame
_MARK = b"QQQQQQ"


def garbage(story: Story, options: Options) -> Script:
    """Bytes that are no frames, frames that hold no result, results with broken messages, text, nothing at all.

    Each broken thing is one `undecodable` line or nothing, and the room goes on. Names in broken UTF-8 are shown with
    replacement characters.
    """
    ann = story.crowd[0]
    yield story.enter(story.undecodable("WebcastChatMessage", b"\x0a\xff"))
    yield story.step(Text("what is this?"))
    yield story.raw(b"")
    for data in (b"\xff" * 12, b"\x42\x7f\x00", story.rng.randbytes(400)[:-1] + b"\xff"):
        yield story.raw(b"\x07" + data, _broken_frame(b"\x07" + data))
    yield story.frame(story.comment(ann, "is something wrong with the stream?"))
    for payload in (b"\x1f\x8bnot gzip at all", gzip.compress(b"x" * 5000, mtime=0)[:-20], b"\x0a\x05ab"):
        yield story.raw(_push_frame("msg", payload), _broken_frame(payload))
    yield story.raw(_push_frame("im_something_new", b"\x08\x01"))
    yield story.raw(_push_frame("ack", b"-"))
    yield story.frame(
        story.undecodable("WebcastGiftMessage", b"\x3a\x40\x08"),
        _broken_name(story, ann),
        story.undecodable("WebcastLikeMessage", b"\x2a" + b"\xff" * 9),
        story.comment(ann, "strange evening"),
    )
    yield story.end()


def unknown_methods(story: Story, options: Options) -> Script:
    """Messages of methods that no schema has: with any bytes, none, long and odd names, and no name."""
    rng = story.rng
    yield story.enter(story.unknown("WebcastBrandNewMessage", b"\x08\x96\x01"))
    names = ("WebcastFutureMessage", "SomethingElse", "webcast_snake", "WebcastÜñïcödé🎉", "W" * 300, "")
    for name in names:
        yield story.frame(
            story.unknown(name, rng.randbytes(rng.randrange(200))),
            story.unknown(name, b""),
            story.comment(story.person(), "hm"),
        )
        story.wait(0.2)
    yield story.end()


def bomb(story: Story, options: Options) -> Script:
    """A frame of 256 KB that unpacks to 256 MiB: one `undecodable` line, no memory for it, and the room goes on."""
    yield story.enter()
    packed = _bomb(_BOMB_MIB)
    yield story.raw(_push_frame("msg", packed), _broken_frame(packed))
    yield story.frame(story.comment(story.person(), "still here"))
    yield story.end()


def oversize(story: Story, options: Options) -> Script:
    """A message of one byte more than `Limits.message`: the client closes (1009), and comes back."""
    yield story.enter()
    yield story.frame(seen := story.comment(story.person(), "before"))
    yield story.step(Raw(bytes(_OVERSIZE)))
    yield story.lose(Silence(), "limit")
    yield story.enter(Line(seen.message))
    yield story.frame(story.comment(story.person(), "after"))
    yield story.end()


def crowded_frame(story: Story, options: Options) -> Script:
    """A frame with more messages than `Limits.messages_per_frame`: the rest is dropped, and said to be."""
    yield story.enter()
    stream = Stream(story)
    lines = [stream.comment() for _ in range(_PER_FRAME + 40)]
    truth: list[Truth] = [entry for line in lines[:_PER_FRAME] for entry in line.truth]
    frame = story.frame(*lines)
    yield Step(frame.action, truth=(*truth, {"event": "overflow", "dropped": 40, "limit": "messages_per_frame"}))
    yield story.frame(story.comment(story.person(), "phew"))
    yield story.end()


def _push_frame(payload_type: str, payload: bytes) -> bytes:
    headers = [PushHeader(key="compress_type", value="gzip" if payload[:2] == b"\x1f\x8b" else "none")]
    frame = WebcastPushFrame(
        seq_id=1, log_id=1, headers=headers, payload_encoding="pb", payload_type=payload_type, payload=payload
    )
    return frame.SerializeToString(deterministic=True)


def _broken_frame(data: bytes) -> Truth:
    return {"event": "undecodable", "method": None, "base64": base64.b64encode(data).decode()}


def _broken_name(story: Story, person: Person) -> Line:
    """A comment by somebody whose name is not UTF-8."""
    method = "WebcastChatMessage"
    named = Person(person.id, person.unique_id, _MARK.decode(), person.sec_uid)
    common = story.common(method)
    fields = chat(common, named, "hi", story.room.images, language="en", mention=None)
    line = story.line(method, fields, "comment", {"user": {"id": str(named.id), "nickname": "\ufffd\ufffdQQQQ"}})
    payload = encode(method, fields).replace(_MARK, b"\xff\xfe" + _MARK[2:])
    return Line(line.message._replace(payload=payload), line.truth)


def _bomb(mebibytes: int) -> bytes:
    """Gzip data of zeros, made without ever holding them: one packed mebibyte, again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(_MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff" + block * mebibytes


SCENARIOS = tuple(Scenario(tell) for tell in (garbage, unknown_methods, bomb, oversize, crowded_frame))
