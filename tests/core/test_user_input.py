"""What people type to name a room."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.errors import InvalidUserInput
from tiktok_webcast.user_input import MAX_INPUT, RoomId, ShortLink, UniqueId, UserId, UserInput, parse_user

ANN = UniqueId("ann_b.1")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ann_b.1", ANN),
        ("@ann_b.1", ANN),
        ("  @ann_b.1\n", ANN),
        ("\u200b@ann_b.1\u2060", ANN),
        ("'@ann_b.1'", ANN),
        ("<https://www.tiktok.com/@ann_b.1>", ANN),
        ("@ann_b.1/live", ANN),
        ("ann_b.1/live", ANN),
        ("@ann_b.1/live?lang=en", ANN),
        ("@ann_b.1?lang=en", ANN),
        ("%40ann_b.1", ANN),
        ("https://www.tiktok.com/@ann_b.1", ANN),
        ("https://www.tiktok.com/@ann_b.1/", ANN),
        ("http://www.tiktok.com/@ann_b.1/live", ANN),
        ("https://www.tiktok.com/@ann_b.1/live?enter_from=x&lang=de#top", ANN),
        ("https://www.tiktok.com/@ann_b.1/video/7123456789012345678", ANN),
        ("https://www.tiktok.com/%40ann_b.1/live", ANN),
        ("HTTPS://WWW.TIKTOK.COM/@ann_b.1", ANN),
        ("www.tiktok.com/@ann_b.1/live", ANN),
        ("tiktok.com/@ann_b.1", ANN),
        ("m.tiktok.com/@ann_b.1", ANN),
        ("//www.tiktok.com/@ann_b.1", ANN),
        ("https://www.tiktok.com./@ann_b.1", ANN),
        ("6839953223707035123", UserId(6839953223707035123)),
        ("@6839953223707035123", UserId(6839953223707035123)),
        ("https://www.tiktok.com/@6839953223707035123", UserId(6839953223707035123)),
        ("user:42", UserId(42)),
        ("42/live", UserId(42)),
        (42, UserId(42)),
        ("room:7123456789012345678", RoomId(7123456789012345678)),
        ("Room: 7", RoomId(7)),
        ("https://m.tiktok.com/share/live/7123456789012345678/?language=en", RoomId(7123456789012345678)),
        ("https://www.tiktok.com/share/live/7123456789012345678", RoomId(7123456789012345678)),
        ("https://webcast.tiktok.com/webcast/room/info/?aid=1&room_id=7123", RoomId(7123)),
        ("https://www.tiktok.com/live?roomId=7123", RoomId(7123)),
        ("https://www.tiktok.com/live?" + "a&" * 100 + "roomId=7123", RoomId(7123)),
        ("https://vm.tiktok.com/ZMabc123/", ShortLink("https://vm.tiktok.com/ZMabc123/")),
        ("vt.tiktok.com/ZSabc", ShortLink("https://vt.tiktok.com/ZSabc")),
        ("https://www.tiktok.com/t/ZTabc/?k=1", ShortLink("https://www.tiktok.com/t/ZTabc/")),
        ("123abc", UniqueId("123abc")),
        ("user.name", UniqueId("user.name")),
        ("_", UniqueId("_")),
        ("x" * 64, UniqueId("x" * 64)),
        (RoomId(7), RoomId(7)),
        (ANN, ANN),
    ],
)
def test_what_is_understood(text: str | int | UserInput, meant: UserInput) -> None:
    assert parse_user(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "@", "\u200b", "two words", "ann@example.com", "ann!", "x" * 65, "x" * (MAX_INPUT + 1), "änn", "...",
        "-",
        "https://www.youtube.com/@ann", "https://tiktok.com.evil.example/@ann", "https://eviltiktok.com/@ann",
        "https://www.tiktok.com/", "https://www.tiktok.com/live", "https://www.tiktok.com/foryou",
        "https://www.tiktok.com/live?" + "a=1&" * 100,
        "ftp://www.tiktok.com/@ann",
        "https://[::1/@ann", "javascript://www.tiktok.com/@ann", "https://vm.tiktok.com/", "https://vm.tiktok.com/a/b",
        "room:", "room:x", "room:0", "user:-1", "room:" + "9" * 21, "0", "99999999999999999999", "١٢٣", 0, -5, 2**64,
        True, None, 1.5, b"ann", ["ann"],
    ],
)  # fmt: skip
def test_what_is_not(text: object) -> None:
    with pytest.raises(InvalidUserInput, match=r"Give a user name \('name' or '@name'\)"):
        parse_user(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_too_long_to_write_out(sign: int) -> None:
    with pytest.raises(InvalidUserInput, match="not a user id"):
        parse_user(sign * 10**5000)


def test_input_error_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="not a user name"):
        parse_user("no spaces please")


def test_names_known_and_unknown() -> None:
    assert parse_user("@ann").unique_id == "ann"
    assert [parse_user(text).unique_id for text in ("5", "room:5", "vm.tiktok.com/x")] == [None] * 3
    assert [str(parse_user(text)) for text in ("ann", "5", "room:5")] == ["@ann", "user 5", "room 5"]


@given(st.text() | st.text(alphabet="@/:?#[]%.tikokcmhpsw0aé\u200b "))
def test_anything_else_is_refused_and_never_breaks(text: str) -> None:
    try:
        meant = parse_user(text)
    except InvalidUserInput:
        return
    if isinstance(meant, UniqueId):
        assert parse_user(str(meant)) == meant and parse_user(f"https://www.tiktok.com/{meant}/live") == meant


@given(
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.]{0,23}", fullmatch=True).filter(lambda name: not name.isdigit()),
    st.sampled_from(["{}", "@{}", "@{}/live", "tiktok.com/@{}?x=1"]),
)
def test_every_real_name_in_every_form(name: str, form: str) -> None:
    assert parse_user(form.format(name)) == UniqueId(name)
