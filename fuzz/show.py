"""What can be done with an event, done."""

from __future__ import annotations

import json

from tiktok_webcast import Event


def show(event: Event) -> None:
    """Use an event in every way there is: read it, show it, compare it, make JSON of it."""
    for name in event.fields:
        getattr(event, name)
    json.dumps(event.to_dict(), allow_nan=False)
    repr(event)
    assert event == event and hash(event) == hash(event)
