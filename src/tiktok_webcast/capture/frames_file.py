"""What frames are in a `.frames` file: push frames one after the other, each after its length (4 bytes, little-endian).

The simplest form of a capture: only what the server sent, without times. Feed the bytes as they are read from the file:

    reader = FramesReader()
    frames = reader.receive_data(data)
    reader.receive_eof()
    reader.problem          # "" or what is wrong with the file
"""

from __future__ import annotations

from collections.abc import Iterable

from ..config import Limits

_LENGTH = 4


class FramesReader:
    """Cuts bytes into frames. Never raises: past the first problem it takes no more, and says why in `problem`."""

    def __init__(self, *, longest: int = Limits().message) -> None:
        """Make a reader; a frame of more than `longest` bytes is taken for a file of another kind."""
        self.frames: int = 0
        """Frames read so far."""
        self.problem: str = ""
        """What is wrong with the file, in words; empty so far."""
        self._longest = longest
        self._held = bytearray()
        self._offset = 0

    def receive_data(self, data: bytes) -> list[bytes]:
        """Take the next bytes of the file; return the frames that they complete."""
        if self.problem:
            return []
        held = self._held
        held += data
        frames: list[bytes] = []
        at = 0
        while len(held) - at >= _LENGTH:
            size = int.from_bytes(held[at : at + _LENGTH], "little")
            if size > self._longest:
                where = self._offset + at
                self.problem = f"at byte {where}: a frame of {size} bytes, more than the limit of {self._longest}"
                held.clear()
                break
            if len(held) - at - _LENGTH < size:
                break
            frames.append(bytes(held[at + _LENGTH : at + _LENGTH + size]))
            at += _LENGTH + size
        del held[:at]
        self._offset += at
        self.frames += len(frames)
        return frames

    def receive_eof(self) -> None:
        """The file is at its end; in the middle of a frame that is a `problem`."""
        if self._held and not self.problem:
            self.problem = f"cut at byte {self._offset + len(self._held)}, in the middle of frame {self.frames + 1}"
            self._held.clear()


def write_frames(frames: Iterable[bytes]) -> bytes:
    """Return the bytes of a `.frames` file that holds these frames."""
    return b"".join([len(frame).to_bytes(_LENGTH, "little") + frame for frame in frames])
