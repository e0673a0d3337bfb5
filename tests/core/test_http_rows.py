"""Every row of protocol/http.md sections 2 to 11 has a test: this table says which, and is held to both sides."""

# ruff: noqa: E501 - a table reads best with its rows whole

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FACTS = HERE.parents[2] / "shared" / "protocol" / "http.md"
SECTION_7A = "context.the_web_parameters_of_section_7a"
SECTION_7B = "url.the_parameters_of_section_7b"
REFUSALS = "handshake.each_refusal"

ROWS = {
    "2 live page": "routes.the_requests routes.the_live_page routes.answers_that_are_no_answer",
    "2 room lookup": "routes.the_requests routes.the_room_lookup",
    "2 profile page": "routes.the_requests routes.the_profile_page",
    "2 alive check": "routes.the_requests routes.the_alive_check routes.the_alive_check_as_evidence info.many_rooms_at_once",
    "2 room info": "routes.the_requests routes.room_info info.fetching_a_room",
    "2 room info by user": "routes.the_requests rooms.the_data_by_user_is_the_last_way_in",
    "2 gift list": "routes.the_requests info.a_gift_list info.no_gifts info.the_gift_list_is_signed_only_when_it_must_be",
    "2 audience list": "routes.the_requests info.the_audience",
    "2 live search": "routes.the_requests info.searching",
    "2 guest cookie": "routes.the_requests sign_guest.a_guest_gets_a_cookie_and_a_socket sign_guest.no_cookie",
    "2 fetch (long poll)": "sign_server.the_request_of_2026 sign_server.the_request_of_2025",
    "2 images": "info.a_picture info.no_picture info.addresses_of_pictures_that_are_not_asked",
    "3 carrier": "routes.the_forms_of_the_page_s_script routes.what_is_not_that_script",
    "3 user": "routes.the_live_page",
    "3 room": "routes.the_live_page",
    "3 tag missing": "routes.what_is_not_that_script routes.a_captcha_is_named",
    "3 tag not JSON": "routes.a_page_whose_state_is_no_json_is_a_block",
    "3 `LiveRoom` missing": "routes.a_page_without_a_room_proves_nothing rooms.rooms_that_cannot",
    "3 `user.status == 4`": "routes.the_live_page rooms.rooms_that_cannot",
    "3 `roomId` missing": "routes.the_live_page rooms.rooms_that_cannot",
    "3 input forms accepted": "user_input.what_is_understood user_input.what_is_not",
    "4 `statusCode`": "routes.the_room_lookup",
    "4 `message`": "routes.the_room_lookup routes.what_the_lookup_tells",
    "4 `data.user`": "routes.the_room_lookup routes.what_the_lookup_tells",
    "4 `data.stats`": "info.a_profile",
    "4 `data.liveRoom`": "routes.the_room_lookup",
    "4 status numbers": "routes.the_room_lookup routes.the_live_page",
    '4 who decides "live"': "routes.the_room_lookup rooms.rooms_that_can_be_entered",
    "4 stale room id": "rooms.rooms_that_cannot rooms.status",
    "5 carrier": "routes.the_profile_page",
    "5 unique id": "routes.the_profile_page routes.the_name_may_be_in_the_address_only rooms.a_user_id_becomes_a_name_first",
    "5 other user keys": "info.a_profile",
    "5 stats": "info.a_profile",
    "5 `webapp.user-detail.statusCode`": "routes.the_profile_page rooms.a_user_id_without_a_name",
    "5 avatar fallback": "routes.the_avatar_of_the_raw_page",
    "6 `status_code`": "routes.room_info info.a_room_that_is_not_told",
    "6 age markers": "routes.room_info rooms.a_login_that_was_not_accepted_is_told",
    "6 `data`": "info.a_whole_room routes.what_room_info_tells",
    "6 `data.stats`": "info.a_whole_room",
    "6 `data.owner`": "info.a_whole_room",
    "6 `data.link_mic`": "info.a_whole_room",
    "6 `data.stream_url.live_core_sdk_data.pull_data.stream_data`": "info.its_streams",
    "6 quality keys": "info.the_nearest_stream info.its_streams",
    "6 format keys": "info.the_nearest_stream",
    "6 `data.stream_url.flv_pull_url`": "info.streams_in_the_older_places_only",
    "6 other stream keys": "info.every_other_key_of_a_stream",
    "6 URL lifetime": "info.the_nearest_stream",
    **dict.fromkeys(
        (
            "7a `aid`", "7a `app_language`", "7a `app_name`", "7a `browser_language`", "7a `browser_name`",
            "7a `browser_version`", "7a `browser_online`", "7a `browser_platform`", "7a `cookie_enabled`",
            "7a `device_platform`", "7a `focus_state`", "7a `from_page`", "7a `history_len`",
        ),
        f"{SECTION_7A} context.defaults_then_overrides_then_the_request_s_own",
    ),
    **dict.fromkeys(
        (
            "7b `aid`", "7b `app_language`, `webcast_language`", "7b `app_name`", "7b `browser_*`, `tz_name`, `screen_*`",
            "7b `cookie_enabled`, `browser_online`", "7b `device_platform`", "7b `identity`", "7b `live_id`",
            "7b `sup_ws_ds_opt`", "7b `update_version_code`", "7b `version_code`", "7b appended text", "7b `client_enter`",
            "7b `ws_direct`", "7b `did_rule`", "7b `heartbeat_duration`", "7b `resp_content_type`",
            "7b `history_comment_count`", "7b `last_rtt`", "7b `room_id`", "7b `User-Agent` as a query key",
        ),
        SECTION_7B,
    ),
    "7b `compress`": f"{SECTION_7B} url.without_compression",
    "7b `cursor`, `internal_ext`": "url.where_to_go_on",
    "7c web": "context.the_headers_of_section_7c context.header_overrides_in_any_case",
    "7c default cookie": "context.a_guest_has_the_default_cookie_unless_the_jar_knows_better",
    "7c websocket": "url.the_headers_of_the_handshake",
    "7c subprotocol": "url.the_headers_of_the_handshake",
    "7c keep consistent": "profile.every_preset_is_consistent url.the_user_agent_of_the_signature_is_used_everywhere",
    "8 fetch": "sign_server.the_request_of_2026 sign_server.the_request_of_2025 "
    "sign_server.the_other_generation_is_tried_when_there_is_no_such_path",
    "8 query": "sign_server.the_request_of_2026 sign_server.the_request_of_2025",
    "8 request headers": "sign_server.the_request_of_2026 sign_server.the_login_goes_to_a_trusted_host "
    "sign_server.a_comment_by_a_token_of_the_server_s_own_leaves_the_login_at_home",
    "8 sign a URL": "sign_server.signing_an_address sign_server.addresses_that_are_not_signed "
    "sign_server.tokens_may_be_in_the_address",
    "8 send chat": "sign_server.sending_a_comment sign_server.a_comment_that_is_not_sent",
    "8 rate limits": "sign_server.rate_limits",
    "8 room id": "sign_server.room_ids sign_server.a_room_id_as_a_last_way_in",
    "8 room info": "sign_server.room_info_from_the_server",
    "8 gifts": "sign_server.gifts_from_the_server",
    # The form of the sign server's answer is not told; TikTok itself is asked for many rooms.
    "8 many at once": "info.many_rooms_at_once",
    "8 `client` values": "sign_server.the_request_of_2026",
    "8 success body": "sign_server.a_socket_of_all_that_was_given sign_server.the_real_answer sign_server.a_packed_answer",
    "8 success headers": "sign_server.a_socket_of_all_that_was_given sign_server.an_odd_room_id_is_ignored "
    "sign_server.the_errors",
    "8 other servers": "sign_server.the_user_agent_of_the_server",
    "8 unusable success": "sign_server.failures",
    "8 402": "sign_server.failures sign_server.the_errors",
    "8 403": "sign_server.failures",
    "8 429": "sign_server.failures sign_server.a_rate_limit_says_how_long_which_and_for_what",
    "8 500, 503": "sign_server.failures",
    "8 401": "sign_server.failures sign_server.a_comment_that_is_not_sent",
    "8 rate headers, in conflict": "waiting.forms sign_server.a_rate_limit_says_how_long_which_and_for_what",
    "8 rate limit JSON": "sign_server.rate_limits sign_server.a_rate_limit_says_how_long_which_and_for_what",
    # A key in an address ends up in logs: ours travels in its header only.
    "8 API key in query": "secrets_stay.only_their_owners_are_told sign_server.the_request_of_2025",
    "9 sources": "url.the_parameters_of_section_7b sign_server.a_socket_of_all_that_was_given url.where_to_go_on",
    "9 who wins on the same key": "url.ours_wins_over_the_signer_s_and_the_caller_s_over_both",
    "9 empty route_params": "url.everything_is_encoded_once",
    "9 encoding": "url.everything_is_encoded_once url.nothing_a_signer_says_breaks_the_address",
    "10 101": "session_ways_in.the_default_way_in",
    "10 `Handshake-Options` header": "handshake.ping_interval",
    "10 200 instead of 101": f"{REFUSALS} handshake.the_cure_is_named retry.a_refused_handshake_is_tried_once_with_nothing_of_the_first",
    "10 400": REFUSALS,
    "10 415, or `Handshake-Msg: DEVICE_BLOCKED`": f"{REFUSALS} retry.a_blocked_device_comes_back_with_a_new_identity_after_two_seconds",
    "10 `Handshake-Status`": REFUSALS,
    "10 pirate back-off": "retry.waits_grow_up_to_the_cap_and_never_past_it",
    "10 node timeout": "session.a_socket_that_does_not_open_is_given_up",
    "11 `sessionid`, `sessionid_ss`, `sid_tt`": "context.the_login_is_a_set_of_cookies_for_tiktok "
    "secrets_stay.only_their_owners_are_told sign_server.the_login_is_refused_to_any_other_host_with_an_explanation",
    "11 `tt-target-idc`": "context.the_login_is_a_set_of_cookies_for_tiktok",
    "11 `ttwid`": "sign_guest.a_cookie_that_is_there_is_used context.a_fresh_identity",
}  # fmt: skip
"""Section and first cell of a row: the tests in this folder, as `module.name` without `test_`."""

_HEADINGS = frozenset(["what", "item", "path", "key", "set", "detail", "rule", "result", "cookie"])


def rows_of(text: str) -> list[str]:
    """Return section and first cell of every row of sections 2 to 11."""
    section, rows = "", []
    for line in text.splitlines():
        heading = re.match(r"#+ (\d+[a-z]?)\.? ", line)
        section = heading.group(1) if heading else section
        if line.startswith("|") and not set(line) <= set("|- ") and re.match(r"[2-9]|1[01]", section):
            cell = line.split("|")[1].strip()
            if cell not in _HEADINGS:
                rows.append(f"{section} {cell}")
    return rows


def test_every_row_has_its_tests_and_every_entry_its_row() -> None:
    if not FACTS.exists():
        pytest.skip(f"the facts are not here: {FACTS}")
    assert sorted(ROWS) == sorted(rows_of(FACTS.read_text(encoding="utf-8")))


@pytest.mark.parametrize("row", ROWS)
def test_the_tests_of_a_row_are_there(row: str) -> None:
    for name in ROWS[row].split():
        module, _, test = name.partition(".")
        source = (HERE / f"test_{module}.py").read_text(encoding="utf-8")
        assert f"\ndef test_{test}(" in source, name
