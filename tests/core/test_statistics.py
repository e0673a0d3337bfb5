"""Statistics: the keys that programs rely on, snapshots that stand still, and names that cannot fill the memory."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from tiktok_webcast.statistics import MAX_METHOD_NAME, MAX_METHODS, OTHER, Counters, Statistics

CONTRACT = [
    "frames",
    "bytes",
    "messages",
    "events",
    "by_method",
    "duplicates",
    "history",
    "unknown",
    "undecodable",
    "skipped",
    "acks",
    "heartbeats",
    "reconnects",
    "queue_peak",
]


def test_the_keys_are_those_of_the_contract_in_its_order() -> None:
    names = [item.name for item in fields(Statistics)]
    assert list(Statistics().to_dict()) == [*CONTRACT, "dropped", "partial"] == names


def test_every_counter_reaches_the_snapshot_under_its_name() -> None:
    counters = Counters()
    names = [name for name in Counters.__slots__ if name != "by_method"]
    for value, name in enumerate(names, start=1):
        setattr(counters, name, value)
    counted = counters.snapshot().to_dict()
    assert {name: counted[name] for name in names} == dict(zip(names, range(1, 100), strict=False))


def test_a_snapshot_does_not_change() -> None:
    counters = Counters()
    counters.count_message("WebcastLikeMessage")
    before = counters.snapshot()
    counters.count_message("WebcastLikeMessage")
    counters.frames += 1
    assert (before.messages, before.frames, before.by_method["WebcastLikeMessage"]) == (1, 0, 1)
    assert counters.snapshot().messages == 2
    with pytest.raises(FrozenInstanceError):
        before.frames = 7  # type: ignore[misc]
    with pytest.raises(TypeError):
        before.by_method["WebcastLikeMessage"] = 7  # type: ignore[index]


def test_methods_are_counted_by_name_in_order_of_name() -> None:
    counters = Counters()
    for method in ("WebcastLikeMessage", "WebcastChatMessage", "WebcastLikeMessage"):
        counters.count_message(method)
    counted = counters.snapshot().to_dict()["by_method"]
    assert isinstance(counted, dict)
    assert list(counted.items()) == [("WebcastChatMessage", 1), ("WebcastLikeMessage", 2)]


def test_names_made_up_by_the_peer_have_a_limit() -> None:
    counters = Counters()
    counters.count_message("x" * MAX_METHOD_NAME)
    counters.count_message("x" * (MAX_METHOD_NAME + 1))
    for number in range(MAX_METHODS):
        counters.count_message(f"Made{number}")
    counters.count_message("Made0")
    counted = counters.snapshot()
    assert len(counted.by_method) == MAX_METHODS
    assert counted.by_method["x" * MAX_METHOD_NAME] == 1
    assert counted.by_method["Made0"] == 2
    assert counted.by_method[OTHER] == 1 + 2
    assert sum(counted.by_method.values()) == counted.messages == MAX_METHODS + 3
