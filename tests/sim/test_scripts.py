"""Scripts by themselves: equal bytes from equal seeds, and a manifest that a recount from the wire confirms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast._pb import message_class
from tiktok_webcast.decoder import decode
from tiktok_webcast.events.registry import Registry
from tiktok_webcast.message import Message
from tiktok_webcast.sim import SCENARIOS, Manifest, Options, differences, find_scenario, payloads, rare, totals, truth
from tiktok_webcast.sim.room import make_room
from tiktok_webcast.sim.script import ENDS_SOCKET, Frame, Refuse, Sign, SignTrouble, Step
from tiktok_webcast.sim.story import Story

SHORT = Options(duration=20, rate=100)
TOLD = [name for name, scenario in SCENARIOS.items() if not scenario.outcome]


def steps_of(name: str, *, seed: int = 0, options: Options = SHORT) -> list[Step]:
    return list(find_scenario(name).script(make_room("ann", seed=seed), options))


def messages_of(steps: list[Step]) -> Iterator[Message]:
    for step in steps:
        if isinstance(step.action, (Frame, Sign)):
            yield from step.action.messages


def parsed(wire_type: str, message: Message) -> Any:
    return message_class(wire_type).FromString(message.payload)


def manifest_of(name: str) -> Manifest:
    return find_scenario(name).manifest(make_room("ann"), SHORT)


@pytest.mark.parametrize("name", SCENARIOS)
def test_equal_seeds_give_equal_steps_and_bytes(name: str) -> None:
    assert steps_of(name) == steps_of(name)


@pytest.mark.parametrize("name", ["first_light", "everyday", "streaks", "reconnect"])
def test_another_seed_or_host_is_another_room(name: str) -> None:
    rooms = [make_room("ann", seed=1), make_room("ann", seed=2), make_room("ben", seed=1)]
    payloads = []
    for room in rooms:
        steps = list(find_scenario(name).script(room, SHORT))
        payloads.append(b"".join(message.payload for message in messages_of(steps)))
    assert len(set(payloads)) == len({room.room_id for room in rooms}) == 3


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_says_what_it_is_about(name: str) -> None:
    about = SCENARIOS[name].about
    assert about.splitlines()[0].endswith((".", ":", ","))
    assert name == SCENARIOS[name].tell.__name__


def test_a_scenario_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="no scenario is named 'nonsense'; there are everyday, first_light"):
        find_scenario("nonsense")


def test_an_endless_script_has_no_manifest_without_a_duration() -> None:
    with pytest.raises(ValueError, match="endless"):
        find_scenario("everyday").manifest(make_room("ann"))


@pytest.mark.parametrize("name", SCENARIOS)
def test_scripts_are_well_formed(name: str) -> None:
    """A signature opens each socket, nothing is sent without one, and time never runs back."""
    signed = False
    for step in steps_of(name):
        assert step.wait >= 0
        assert step.hold >= 0
        if isinstance(step.action, (Sign, SignTrouble)):
            assert not signed
            signed = isinstance(step.action, Sign)
        else:
            assert signed
            signed = not isinstance(step.action, ENDS_SOCKET)
        assert isinstance(step.action, Refuse) is (step.action == Refuse(200, getattr(step.action, "headers", ())))


@pytest.mark.parametrize("name", TOLD)
def test_every_message_becomes_the_event_that_the_truth_names(name: str) -> None:
    """Decoded one by one, without a session: the schema reads each payload, save those that are broken on purpose."""
    steps = steps_of(name)
    named = {
        truth["msg_id"]: truth["event"]
        for step in steps
        for truth in step.truth
        if truth.get("msg_id") and truth["event"] != "gift_streak_end"
    }
    for message in messages_of(steps):
        expected = named.get(str(message.msg_id))
        if expected is not None:
            assert decode(message, room_id=1).name == expected


@pytest.mark.parametrize("name", TOLD)
def test_the_manifest_adds_up_to_what_is_on_the_wire(name: str) -> None:
    """A recount that knows nothing of the story: parse, drop repeats by id, add up by hand."""
    manifest = manifest_of(name)
    steps = steps_of(name)
    recount: Counter[str] = Counter()
    streaks: dict[tuple[int, int, int], int] = {}
    seen: set[int] = set()
    for message in messages_of(steps):
        recount["messages"] += 1
        recount[message.method] += 1
        if message.msg_id in seen:
            recount["duplicates"] += 1
            continue
        if message.msg_id:
            seen.add(message.msg_id)
        event = decode(message)
        if event.name == "like":
            recount["likes"] += parsed("WebcastLikeMessage", message).count
        elif event.name == "gift":
            gift = parsed("WebcastGiftMessage", message)
            key = (gift.user.id, gift.gift_id, gift.group_id)
            if not gift.group_id:
                recount["without_group"] += 1
            streaks[key] = max(streaks.get(key, 0), gift.repeat_count)
    counted = manifest.totals
    assert manifest.wire["messages"] == recount["messages"]
    assert manifest.wire["duplicates"] == recount["duplicates"]
    assert sum(manifest.wire["by_method"].values()) == recount["messages"]
    assert all(recount[method] == count for method, count in manifest.wire["by_method"].items())
    assert counted["likes"] == recount["likes"]
    assert counted["gift_deltas"] == counted["gift_units"]
    if not recount["without_group"]:
        assert counted["gift_units"] == sum(streaks.values())


def test_the_streaks_scenario_comes_to_what_a_person_counts() -> None:
    """Roses of Ann 9 and of Ben 6, hearts 3, perfume 5, 10 from Dan, 3 and 2 of Eve's, a corgi, confetti x3, a heart,
    and 12 left open."""
    counted = manifest_of("streaks").totals
    assert counted["gift_units"] == 9 + 6 + 3 + 5 + 10 + 3 + 2 + 1 + 3 + 1 + 12
    assert counted["diamonds"] == 9 + 6 + 3 * 5 + 5 * 20 + 10 + 3 + 2 + 299 + 300 + 1 + 12
    # Dan's streak ends three times: its end, and two continuations.
    assert counted["streak_ends"] == {"repeat_end": 12, "room_ended": 1}


def test_likes_that_go_backwards_never_lower_the_room() -> None:
    likes = [event for event in manifest_of("likes_backwards").events if event["event"] == "like"]
    shown, room = [event["total_likes"] for event in likes], [event["room_likes"] for event in likes]
    assert shown != sorted(shown)
    assert room == sorted(room)


@given(st.integers(0, 2**32), st.floats(0, 60))
def test_an_everyday_room_counts_the_same_whenever_it_ends(seed: int, duration: float) -> None:
    manifest = find_scenario("everyday").manifest(make_room("ann", seed=seed), Options(duration=duration))
    assert manifest.totals["gift_deltas"] == manifest.totals["gift_units"]
    assert manifest.events[-1] == {"event": "closed", "reason": "room_ended"}


@given(st.text(min_size=1, max_size=24), st.integers(0, 2**32))
def test_any_user_name_has_a_room_of_its_own(unique_id: str, seed: int) -> None:
    room = make_room(unique_id, seed=seed)
    assert room == make_room(unique_id, seed=seed)
    assert 10**18 < room.room_id < 2**63
    assert room.host.unique_id == unique_id


def test_totals_are_the_same_for_a_manifest_and_for_lines() -> None:
    manifest = manifest_of("everyday")
    assert totals(manifest.to_dict()["events"]) == manifest.totals
    assert manifest.totals["events"]["comment"] > 5
    assert manifest.complete


def test_battles_of_an_everyday_room_come_to_their_end() -> None:
    steps = steps_of("everyday", options=Options(duration=1500))
    battles = [event["event"] for step in steps for event in step.truth if event["event"].startswith("mic_battle")]
    ends = [place for place, name in enumerate(battles) if name == "mic_battle_end"]
    assert ends and battles[0] == "mic_battle_start"
    for place in ends:
        assert battles[place - 1] == "mic_battle_update"
        assert battles[place + 1 : place + 2] in ([], ["mic_battle_start"])


def test_a_room_that_nobody_watches_leaves_the_number_out() -> None:
    story = Story(make_room("ann"))
    for now in (0, 3):
        fields = payloads.viewers(story.common("x"), [], "", now=now, ever=5)
        assert fields.get("total") == (now or None) and fields["total_user"] == 5


def test_what_the_table_does_not_have_is_unknown_to_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story(make_room("ann"))
    assert [event["event"] for event in rare.caption(story, "hi", 1).truth] == ["caption"]
    monkeypatch.setattr(rare, "REGISTRY", Registry({}))
    assert [event["event"] for event in rare.caption(story, "hi", 1).truth] == ["unknown"]


def test_a_long_manifest_counts_everything_and_keeps_so_many_events(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = manifest_of("first_light")
    monkeypatch.setattr(truth, "KEPT_EVENTS", 2)
    short = manifest_of("first_light")
    assert whole.complete and not short.complete
    assert len(whole.events) > len(short.events) >= 2
    assert short.events == whole.events[: len(short.events)] and short.wire == whole.wire


def test_lines_too_many_and_too_few_are_differences() -> None:
    one, other = {"event": "comment", "comment": "hi"}, {"event": "like", "likes": 1}
    assert differences([one], [one]) == []
    assert differences([one], [one, other]) == [f"line 2: not in the manifest: {other}"]
    assert differences([one, other], [one]) == [f"line 2: missing: {other}"]
