"""`.frames` files: any cut of the bytes gives the same frames, a cut file plays up to the cut, and nothing raises."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.capture.frames_file import FramesReader, write_frames

frames = st.lists(st.binary(max_size=30), max_size=6)


def read(data: bytes, piece: int) -> tuple[list[bytes], FramesReader]:
    reader = FramesReader(longest=100)
    found: list[bytes] = []
    for start in range(0, len(data), piece):
        found += reader.receive_data(data[start : start + piece])
    reader.receive_eof()
    return found, reader


@given(frames, st.integers(1, 50))
def test_frames_come_back_however_the_bytes_are_split(written: list[bytes], piece: int) -> None:
    found, reader = read(write_frames(written), piece)
    assert found == written
    assert (reader.frames, reader.problem) == (len(written), "")


@given(frames, st.data())
def test_a_cut_file_gives_what_came_before_the_cut_and_says_so(written: list[bytes], data: st.DataObject) -> None:
    whole = write_frames(written)
    end = data.draw(st.integers(0, len(whole)))
    found, reader = read(whole[:end], 7)
    assert found == written[: len(found)]
    assert (write_frames(found) == whole[:end]) == (reader.problem == "")
    if reader.problem:
        assert reader.problem == f"cut at byte {end}, in the middle of frame {len(found) + 1}"


@given(st.binary(max_size=400), st.integers(1, 50))
def test_no_bytes_raise_and_the_split_changes_nothing(data: bytes, piece: int) -> None:
    found, reader = read(data, piece)
    whole, of_whole = read(data, max(len(data), 1))
    assert (found, reader.problem) == (whole, of_whole.problem)


def test_the_longest_frame_is_taken_and_one_byte_more_is_not() -> None:
    exact, reader = read(write_frames([b"x" * 100]), 1000)
    assert (exact, reader.problem) == ([b"x" * 100], "")
    over, reader = read(write_frames([b"a", b"x" * 101, b"b"]), 1000)
    assert over == [b"a"]
    assert reader.problem == "at byte 5: a frame of 101 bytes, more than the limit of 100"
    assert reader.receive_data(write_frames([b"c"])) == []


def test_no_more_than_one_frame_is_held() -> None:
    reader = FramesReader(longest=1000)
    for _ in range(100):
        reader.receive_data(write_frames([b"x" * 900]) * 2)
        assert len(reader._held) <= 1004
