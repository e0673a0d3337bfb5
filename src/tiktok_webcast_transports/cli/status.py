"""`status USER...`: is the user live, and what speaks for it?"""

from __future__ import annotations

import argparse
import threading
import time
from typing import Any

from tiktok_webcast.context import WebContext
from tiktok_webcast.errors import exit_code
from tiktok_webcast.room import StatusReport, status
from tiktok_webcast.statistics import Statistics
from tiktok_webcast.user_input import UserInput, parse_user
from tiktok_webcast.wait_live import LiveWait, PollAgain, WaitPolicy

from .clean import clean
from .json_lines import json_line
from .output import say_statistics
from .rooms import run_exchange
from .settings import Settings, read_settings
from .streams import Streams


def run(args: argparse.Namespace, streams: Streams) -> int:
    """Ask about each user; with `--wait`, until all of them are live or cannot be waited for."""
    code = _run(args, streams)
    if args.stats:
        say_statistics(streams, Statistics())
    return code


def _run(args: argparse.Namespace, streams: Streams) -> int:
    users = {name: parse_user(name) for name in args.users}
    settings = read_settings(args)
    context = settings.config.web_context(settings.rng)
    if not args.wait:
        reports = [_ask(user, context, settings) for user in users.values()]
        for name, report in zip(users, reports, strict=True):
            _print(name, report, streams, as_json=args.json)
        streams.flush()
        return next((code for code in map(_code, reports) if code), 0)
    interval = max(args.interval, 1.0)
    policy = WaitPolicy(interval=interval, longest=max(interval, WaitPolicy.longest), budget=args.duration)
    return _wait(users, policy, context, settings, streams, as_json=args.json)


def _wait(
    users: dict[str, UserInput],
    policy: WaitPolicy,
    context: WebContext,
    settings: Settings,
    streams: Streams,
    *,
    as_json: bool,
) -> int:
    waits = {name: LiveWait(settings.rng, policy) for name in users}
    due = dict.fromkeys(users, 0.0)
    last: dict[str, StatusReport] = {}
    while due:
        name = min(due, key=lambda waiting: due[waiting])
        time.sleep(min(max(due[name] - time.monotonic(), 0.0), threading.TIMEOUT_MAX))
        report = _ask(users[name], context, settings)
        if name not in last or _changed(last[name], report):
            _print(name, report, streams, as_json=as_json)
            streams.flush()
        last[name] = report
        now = time.monotonic()
        decision = waits[name].decide(report, now=now)
        if isinstance(decision, PollAgain):
            due[name] = now + decision.delay
        else:
            del due[name]
    return next((code for code in map(_code, last.values()) if code), 0)


def _ask(user: UserInput, context: WebContext, settings: Settings) -> StatusReport:
    return run_exchange(lambda: status(user, context=context), settings)


def _changed(before: StatusReport, after: StatusReport) -> bool:
    return (before.status, before.room_id) != (after.status, after.room_id)


def _code(report: StatusReport) -> int:
    return 0 if report.failure is None else exit_code(report.failure.reason)


def _print(name: str, report: StatusReport, streams: Streams, *, as_json: bool) -> None:
    if as_json:
        streams.data(json_line(_object(name, report)))
        return
    who = f"@{report.unique_id}" if report.unique_id else name
    room = f", room {report.room_id}" if report.room_id else ""
    title = f", {report.title}" if report.title else ""
    sure = "" if report.confirmed or report.failure is not None else " (one source only)"
    streams.text(clean(f"{who}: {report.status.value.replace('_', ' ')}{sure}{room}{title}"))
    if report.failure is not None and report.failure.detail:
        streams.text(clean(f"    {report.failure.detail}"))
    for evidence in report.evidence:
        streams.text(clean(f"    {evidence}"))


def _object(name: str, report: StatusReport) -> dict[str, Any]:
    failure = report.failure
    return {
        "user": name,
        "status": report.status.value,
        "unique_id": report.unique_id or None,
        "room_id": str(report.room_id) if report.room_id else None,
        "title": report.title or None,
        "confirmed": report.confirmed,
        "reason": None if failure is None else failure.reason.value,
        "detail": None if failure is None else failure.detail,
        "retry_after": None if failure is None else failure.retry_after,
        "evidence": [
            {
                "source": item.source,
                "status": item.status.value,
                "reason": None if item.reason is None else item.reason.value,
                "detail": item.detail,
                "room_id": None if item.room_id is None else str(item.room_id),
                "http_status": item.http_status,
                "url": item.url or None,
                "body": item.body or None,
            }
            for item in report.evidence
        ],
    }
