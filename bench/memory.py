"""Does a session's memory stay flat? A day of messages through one session, on a clock of its own.

    python bench/memory.py --messages 1000000

The corpus goes round and round, with a memory of seen ids shorter than the corpus, so that no message is a repeat.
Prints the memory after the first simulated hour and at the end of 24, and by how much it has grown.
"""

from __future__ import annotations

import argparse
import gc
import json
from itertools import cycle

from corpus import frames as make_frames
from decode_frames import rss_kb
from frames_run import ROOM, OpenDoor

from tiktok_webcast.actions import OpenSocket
from tiktok_webcast.config import Limits
from tiktok_webcast.session import Session
from tiktok_webcast.session_config import SessionConfig

DAY = 24 * 3600.0
CORPUS = 12_000
SEEN = 8_000


def main() -> None:
    """Play a day and print one line of JSON."""
    parser = argparse.ArgumentParser(description="Does a session's memory stay flat?")
    parser.add_argument("--messages", type=int, default=1_000_000, help="in the whole simulated day")
    chosen = parser.parse_args()
    frames = list(make_frames(CORPUS, 0))
    config = SessionConfig(limits=Limits(seen_messages=SEEN), check_room=False)
    session = Session(ROOM, config=config, signer=OpenDoor())
    session.start(now=0.0)
    opened = session.next_action()
    if not isinstance(opened, OpenSocket):
        raise SystemExit(f"the session asks for something else than a socket: {opened}")
    session.socket_opened(opened.socket_id, (), now=0.0)
    events = first_hour_kb = 0
    step = DAY * CORPUS / len(frames) / chosen.messages
    for number, frame in enumerate(cycle(frames)):
        now = number * step
        if now >= DAY:
            break
        timer = session.next_timer()
        if timer is not None and timer <= now:
            session.handle_timer(now=now)
        session.receive_message(opened.socket_id, frame, now=now)
        while session.next_action() is not None:
            pass
        while session.next_event() is not None:
            events += 1
        if not first_hour_kb and now >= DAY / 24:
            gc.collect()
            first_hour_kb = rss_kb()
    gc.collect()
    result = {
        "messages": session.statistics.messages,
        "events": events,
        "duplicates": session.statistics.duplicates,
        "rss_kb_after_an_hour": first_hour_kb,
        "rss_kb_after_a_day": rss_kb(),
        "grown_percent": round((rss_kb() / first_hour_kb - 1) * 100, 2),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
