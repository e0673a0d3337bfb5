"""Five lines to a working stream, without an event loop: `python first_events.py some_user`."""

import sys

from tiktok_webcast_transports.sync import connect

with connect(sys.argv[1]) as live:
    for event in live:
        print(event)
