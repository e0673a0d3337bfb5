"""GiftCatalogue: what a gift is, for the messages that leave it out."""

from __future__ import annotations

import pytest

from tiktok_webcast._pb.gift_pb2 import WebcastGiftMessage
from tiktok_webcast.track.catalogue import GiftCatalogue


def described(gift_id: int, name: str = "Rose") -> WebcastGiftMessage:
    wire = WebcastGiftMessage(gift_id=gift_id)
    wire.gift.id, wire.gift.name, wire.gift.type, wire.gift.diamond_count = gift_id, name, 1, 5
    return wire


def learn(gifts: GiftCatalogue, wire: WebcastGiftMessage) -> None:
    assert gifts.info(wire, wire.gift) is None, "the message says it itself"


def name_of(gifts: GiftCatalogue, gift_id: int) -> str | None:
    bare = WebcastGiftMessage(gift_id=gift_id)
    info = gifts.info(bare, bare.gift)
    return info.name if info is not None else None


def test_what_one_message_says_is_known_of_the_next() -> None:
    gifts = GiftCatalogue()
    assert name_of(gifts, 5655) is None
    learn(gifts, described(5655))
    learn(gifts, described(6104, "Cap"))
    assert (name_of(gifts, 5655), name_of(gifts, 6104), len(gifts)) == ("Rose", "Cap", 2)
    bare = WebcastGiftMessage(gift_id=5655)
    info = gifts.info(bare, bare.gift)
    assert info is not None and (info.id, info.type, info.diamond_count, info.streakable) == (5655, 1, 5, True)


def test_the_first_description_stays_even_if_its_message_changes() -> None:
    gifts = GiftCatalogue()
    wire = described(5655)
    learn(gifts, wire)
    wire.gift.name = "something else"
    learn(gifts, wire)
    assert (name_of(gifts, 5655), len(gifts)) == ("Rose", 1)


def test_details_with_nothing_in_them_are_left_out_too() -> None:
    """Captures have empty messages within messages: presence is not content."""
    gifts = GiftCatalogue()
    empty, bare = WebcastGiftMessage(gift_id=5655), WebcastGiftMessage()
    empty.gift.SetInParent()
    bare.gift.id = 5655
    for wire in (empty, bare):
        assert gifts.info(wire, wire.gift) is None
    assert len(gifts) == 0, "it learned nothing"
    learn(gifts, described(5655))
    for wire in (empty, bare):
        info = gifts.info(wire, wire.gift)
        assert info is not None and (info.name, info.diamond_count) == ("Rose", 5)


def test_a_gift_without_a_number_is_not_kept() -> None:
    gifts = GiftCatalogue()
    learn(gifts, described(0))
    assert len(gifts) == 0


def test_exactly_the_limit_is_remembered_and_the_first_goes_first() -> None:
    gifts = GiftCatalogue(limit=2)
    for gift_id, name in ((1, "a"), (2, "b"), (1, "again"), (3, "c")):
        learn(gifts, described(gift_id, name))
    assert [name_of(gifts, gift_id) for gift_id in (1, 2, 3)] == [None, "b", "c"]
    assert len(gifts) == 2
    assert len(GiftCatalogue(limit=1)) == 0
    with pytest.raises(ValueError, match=r"^limit must be at least 1, not 0$"):
        GiftCatalogue(limit=0)


def test_ten_thousand_gifts_are_remembered() -> None:
    gifts = GiftCatalogue()
    for gift_id in range(1, 10_002):
        learn(gifts, described(gift_id))
    assert len(gifts) == 10_000


def test_the_gift_list_is_asked_by_the_message_s_number_and_else_by_the_gift_s() -> None:
    gifts = GiftCatalogue()
    both = described(5655)
    both.gift.id = 7
    only_inner = described(5655)
    only_inner.ClearField("gift_id")
    assert gifts.detailed(both) is None
    gifts.gift_list = {5655: "listed", 7: "another"}
    assert [gifts.detailed(wire) for wire in (both, only_inner)] == ["listed", "listed"]
    assert gifts.detailed(described(8)) is None
