"""Rankings, battles, goals, polls, captions, pins."""

from __future__ import annotations

import json
import pickle
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from make_event import USER, USER_JSON, make, text

from tiktok_webcast import events
from tiktok_webcast._pb import message_class


def rank(key: str, place: int = 0, **fields: Any) -> dict[str, Any]:
    pieces = (str(place),) if place else ()
    return {"own_rank": place, "default_content": text(key, "Weekly No. {0:string}", *pieces), **fields}


def test_the_hosts_rank() -> None:
    event = make(
        "WebcastRankUpdateMessage", updates=[rank("pm_mt_Live_WR"), rank("pm_mt_Live_WRMark", 42, countdown=60)]
    )
    assert isinstance(event, events.RankingUpdateEvent)
    assert (event.type, event.label, event.rank) == ("pm_mt_Live_WRMark", "Weekly No. 42", 42)
    assert event.user.unique_id == ""
    assert [entry.rank for entry in event.updates] == [None, 42] and event.updates[1].countdown == 60
    assert list(event.to_dict().items())[6:10] == [
        ("type", "pm_mt_Live_WRMark"),
        ("label", "Weekly No. 42"),
        ("rank", 42),
        ("user", None),
    ]


def test_a_leaderboard_without_a_place() -> None:
    event = make("WebcastRankUpdateMessage", updates=[rank("pm_mt_Live_WR"), rank("other")])
    assert (event.type, event.rank) == ("pm_mt_Live_WR", None)
    empty = make("WebcastRankUpdateMessage")
    assert (empty.type, empty.label, empty.rank) == ("", "", None)
    assert make("WebcastRankUpdateMessage", updates=[{"default_content": text("k", "{0}", "7")}]).rank == 7


def test_a_place_below_the_first_is_none() -> None:
    nowhere = {"own_rank": -1, "default_content": text("pm_mt_Live_WR", "Weekly Ranking")}
    event = make("WebcastRankUpdateMessage", updates=[nowhere, rank("pm_mt_Live_WRMark", 42)])
    assert [entry.rank for entry in event.updates] == [None, 42] and event.rank == 42
    viewer = make("WebcastRankTextMessage", owner_idx_before_update=-1, owner_idx_after_update=-1)
    assert (viewer.rank, viewer.rank_before) == (None, None)


def test_the_older_leaderboard_message() -> None:
    event = make("WebcastHourlyRankMessage", data={"rankings": {"type": "pm_mt_Live_WR", "label": "Weekly Ranking"}})
    assert isinstance(event, events.HourlyRankEvent) and event.name == "ranking_update"
    assert (event.type, event.label, event.rank) == ("pm_mt_Live_WR", "Weekly Ranking", None)


def test_a_viewers_rank() -> None:
    event = make(
        "WebcastRankTextMessage",
        owner_idx_before_update=4,
        owner_idx_after_update=2,
        other_get_badge_msg=text(
            "pm_mt_topviewer_comment", "{0:user} just became the No. {1:string} viewer!", USER, "2"
        ),
        cur_user_id=7001,
    )
    assert isinstance(event, events.UserRankingUpdateEvent)
    assert (event.type, event.rank, event.rank_before) == ("pm_mt_topviewer_comment", 2, 4)
    assert event.label == "Ann just became the No. 2 viewer!"
    assert list(event.to_dict())[6:10] == ["type", "label", "rank", "user"]
    assert event.to_dict()["user"] == USER_JSON


def test_a_viewers_rank_in_the_display_text_only() -> None:
    event = make("WebcastRankTextMessage", common={"display_text": text("k", "{0:user} {1:string}", USER, "3")})
    assert (event.type, event.rank, event.user.id) == ("k", 3, 7001)
    shown = {"display_text": text("k", "{0:user} {1:string}", USER, "3")}
    beside_nothing = make("WebcastRankTextMessage", common=shown, other_get_badge_msg={})
    assert (beside_nothing.type, beside_nothing.rank, beside_nothing.user.id) == ("k", 3, 7001)
    assert make("WebcastRankTextMessage", cur_user_id=8).user.id == 8
    assert make("WebcastRankTextMessage", cur_user_id=8, other_get_badge_msg=text("k", "{0}", {})).user.id == 8
    assert make("WebcastRankTextMessage").to_dict()["user"] is None


HOSTS = [
    {"key": 11, "value": {"user": {"user_id": 11, "nick_name": "One", "display_id": "one"}}},
    {"key": 12, "value": {"user": {"nick_name": "Two", "avatar_thumb": {"url_list": ["https://x.example/2"]}}}},
]


def test_a_battle_starts() -> None:
    event = make(
        "WebcastLinkMicBattle",
        battle_id=7289,
        action=4,
        anchors_info=HOSTS,
        battle_settings={"start_time_ms": 1_696_447_152_151, "duration": 301},
    )
    assert isinstance(event, events.MicBattleStartEvent)
    assert [(host.id, host.unique_id, host.nickname) for host in event.battle_users] == [
        (11, "one", "One"),
        (12, "", "Two"),
    ]
    assert event.started_at == datetime(2023, 10, 4, 19, 19, 12, 151000, tzinfo=timezone.utc)
    assert event.duration == 301
    assert list(event.to_dict())[6:8] == ["battle_id", "battle_users"]
    assert event.to_dict()["battle_id"] == "7289"
    assert event.to_dict()["battle_users"][1]["avatar_url"] == "https://x.example/2"


@pytest.mark.parametrize("action", [5, 6])
def test_a_battle_ends(action: int) -> None:
    results = {12: {"user_id": 12, "result": 1, "score": 9}, 11: {"user_id": 11, "score": 12}, 13: {"result": 7}}
    event = make("WebcastLinkMicBattle", battle_id=1, action=action, anchors_info=HOSTS, battle_result=results)
    assert isinstance(event, events.MicBattleEndEvent) and event.name == "mic_battle_end"
    assert event.winner_ids == (11,)
    assert event.to_dict()["results"] == [
        {"host_user_id": "11", "points": 12, "outcome": "win"},
        {"host_user_id": "12", "points": 9, "outcome": "lose"},
        {"host_user_id": "13", "points": 0, "outcome": "unknown"},
    ]


@pytest.mark.parametrize("action", [1, 2, 3, 7, 11, 99])
def test_a_battle_is_arranged(action: int) -> None:
    event = make("WebcastLinkMicBattle", action=action)
    assert isinstance(event, events.MicBattleEvent) and event.name == "mic_battle"


def test_a_battles_points() -> None:
    army = {"user_armies": [{"user_id": 5, "score": 6, "nickname": "Fan"}, {"user_id_str": "6"}], "hostscore": 12}
    event = make("WebcastLinkMicArmies", battle_id=1, trigger_reason=1, armies={12: {"hostscore": 9}, 11: army})
    assert isinstance(event, events.MicBattleUpdateEvent)
    first, second = event.battle_armies
    assert (first.host_user_id, first.points, second.host_user_id, second.points) == (11, 12, 12, 9)
    assert [(fan.id, fan.nickname, fan.points) for fan in first.participants] == [(5, "Fan", 6), (6, "", 0)]
    assert list(event.to_dict())[6:9] == ["battle_id", "battle_status", "battle_armies"]
    side = event.to_dict()["battle_armies"][0]
    assert list(side) == ["host_user_id", "points", "participants"]
    assert side["participants"][0] == {**dict.fromkeys(USER_JSON), "id": "5", "nickname": "Fan", "points": 6}
    assert pickle.loads(pickle.dumps(first)) == first


def test_nobody_has_won_if_no_result_says_who_did() -> None:
    alone = make("WebcastLinkMicBattle", action=6, battle_result={11: {"score": 3}, 12: {"score": 2}})
    assert [result.outcome for result in alone.results] == ["unknown"] * 2 and alone.winner_ids == ()
    teams = make("WebcastLinkMicBattle", action=6, team_battle_result=[{"team_id": 1}, {"team_id": 2}])
    assert [team.outcome for team in teams.battle_teams] == ["unknown"] * 2 and teams.winner_ids == ()
    assert make("WebcastLinkMicBattle", action=5, battle_result={11: {"score": 3}}).winner_ids == (11,)


def test_a_battle_of_teams() -> None:
    fans = {"user_armies": [{"user_id": 5, "score": 6, "nickname": "Fan"}]}
    red = {"team_id": 1, "team_user": [{"user_id": 11, "score": 4}, {"user_id_str": "12"}], "team_total_score": 9}
    update = make("WebcastLinkMicArmies", team_armies=[{**red, "user_armies": fans}, {"team_id": 2}])
    assert [(team.id, team.host_user_ids, team.points, team.outcome) for team in update.battle_teams] == [
        (1, (11, 12), 9, "unknown"),
        (2, (), 0, "unknown"),
    ]
    assert update.to_dict()["battle_teams"][0]["host_user_ids"] == ["11", "12"]
    assert [fan.points for fan in update.battle_teams[0].participants] == [6]
    assert pickle.loads(pickle.dumps(update.battle_teams)) == update.battle_teams
    start = make("WebcastLinkMicBattle", action=4, team_member=[{"team_id": 1, "user_id": [11, 12]}])
    assert start.battle_teams == (events.BattleTeam(id=1, host_user_ids=(11, 12)),)
    won = {"team_id": 1, "team_user": [{"user_id": 11}, {"user_id": 12}], "total_score": 9}
    end = make("WebcastLinkMicBattle", action=5, team_battle_result=[won, {"team_id": 2, "result": 1}])
    assert [(team.points, team.outcome) for team in end.battle_teams] == [(9, "win"), (0, "lose")]
    assert end.winner_ids == (11, 12)


def test_the_armies_at_a_battles_end() -> None:
    armies = [{"key": 12, "value": {"hostscore": 9}}, {"key": 11, "value": {"user_armies": [{"user_id": 5}]}}]
    end = make("WebcastLinkMicBattle", action=5, armies=armies)
    assert [(army.host_user_id, army.points, len(army.participants)) for army in end.battle_armies] == [
        (11, 0, 1),
        (12, 9, 0),
    ]


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ({"duration": 301}, 301),
        ({"duration": 300, "extra_duration_second": 60}, 360),
        ({"duration": 300, "end_time_ms": 1_696_447_152_151 + 7000}, 7),
        ({}, None),
        ({"duration": -5}, None),
        ({"duration": 2**31 - 1, "extra_duration_second": 2**62}, None),
    ],
)
@pytest.mark.parametrize("method", ["WebcastLinkMicBattle", "WebcastLinkMicArmies"])
def test_when_a_battle_is_over(method: str, settings: dict[str, int], seconds: int | None) -> None:
    event = make(method, battle_settings={"start_time_ms": 1_696_447_152_151, **settings})
    expected = None if seconds is None else event.started_at + timedelta(seconds=seconds)
    assert event.ends_at == expected
    assert make(method, battle_settings=settings).ends_at is None or "end_time_ms" in settings


def test_a_goal() -> None:
    event = make(
        "WebcastGoalUpdateMessage",
        goal={"description": "roses", "sub_goals": [{"progress": 5, "target": 9}]},
        contributor_id=7001,
        contributor_display_id="ann.lee",
    )
    assert isinstance(event, events.GoalUpdateEvent)
    assert event.contributor is not None and event.contributor.unique_id == "ann.lee"
    assert event.description == "roses"
    assert event.goal is not None and event.goal.sub_goals[0].progress == 5
    assert make("WebcastGoalUpdateMessage").contributor is None


@pytest.mark.parametrize(
    ("field", "phase"), [("start_content", "start"), ("update_votes_content", "update"), ("end_content", "end")]
)
def test_a_poll(field: str, phase: str) -> None:
    options = [{"votes": 1, "display_content": "yes"}, {"display_content": "no", "option_idx": 1}]
    event = make("WebcastPollMessage", **{field: {"option_list": options}}, poll_basic_info={"title": "eh?"})
    assert isinstance(event, events.PollEvent)
    assert (event.phase, event.title) == (events.PollPhase(phase), "eh?")
    assert [(option.index, option.text, option.votes) for option in event.options] == [(0, "yes", 1), (1, "no", 0)]
    assert make("WebcastPollMessage").phase is events.PollPhase.UNKNOWN
    assert json.loads(json.dumps(event.to_dict()))["phase"] == phase


def test_a_caption() -> None:
    event = make("WebcastCaptionMessage", timestamp_ms=1_695_115_456, content=[{"lang": "en", "content": "hello"}])
    assert isinstance(event, events.CaptionEvent)
    assert (event.text, event.language) == ("hello", "en")
    assert event.spoken_at == datetime(2023, 9, 19, 9, 24, 16, tzinfo=timezone.utc)
    assert event.content[0].lang == "en"
    assert make("WebcastCaptionMessage", duration_ms=-1).to_dict()["duration_ms"] == -1


def test_a_pin() -> None:
    chat = {"common": {"msg_id": 6, "create_time": 1_696_447_080_405}, "user": USER, "content": "hello"}
    event = make("WebcastRoomPinMessage", chat_message=chat, method="WebcastChatMessage", action=1)
    assert isinstance(event, events.RoomPinEvent)
    pinned = event.pinned
    assert isinstance(pinned, events.CommentEvent)
    assert (pinned.comment, pinned.user.nickname, pinned.msg_id, pinned.room_id) == ("hello", "Ann", 6, event.room_id)
    assert pickle.loads(pickle.dumps(pinned)) == pinned
    assert event.is_pin and not make("WebcastRoomPinMessage", action=2).is_pin
    assert make("WebcastRoomPinMessage").pinned is None
    follow = make("WebcastRoomPinMessage", social_message={"action": 1}).pinned
    assert isinstance(follow, events.FollowEvent)


def test_a_battle_that_begins_at_the_end_of_time_has_no_end() -> None:
    last = {"start_time_ms": 253_402_300_799_000, "duration": 301}
    event = make("WebcastLinkMicBattle", battle_settings=last)
    assert event.started_at == datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
    assert event.ends_at is None


def test_what_nobody_said_of_a_side() -> None:
    """Parts of a battle made by hand, as users' tests make them, and sides that name their host themselves."""
    assert events.BattleParticipant(nickname="Fan").points == 0
    assert (events.BattleArmy().host_user_id, events.BattleResult().host_user_id) == (0, 0)
    team = events.BattleTeam()
    assert (team.id, team.host_user_ids, team.points, team.outcome, team.participants) == (0, (), 0, "unknown", ())
    army = message_class("BattleUserArmies")(anchor_id_str="12")
    assert events.BattleArmy.from_wire(army).host_user_id == 12
