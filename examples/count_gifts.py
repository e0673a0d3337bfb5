"""Who gave how much? Each gift counts once, however its messages repeat: `python count_gifts.py some_user`."""

import sys
from collections import Counter

from tiktok_webcast import ClosedEvent, GiftStreakEndEvent
from tiktok_webcast_transports.sync import connect

diamonds: Counter[str] = Counter()
gifts: Counter[str] = Counter()

with connect(sys.argv[1]) as live:
    for event in live:
        match event:
            case GiftStreakEndEvent(user=user, gift=gift, total=total):
                diamonds[user.unique_id] += event.diamonds
                gifts[gift.name] += total
                print(f"{user.nickname} gave {gift.name} x{total}, {event.diamonds} diamonds")
            case ClosedEvent(reason=reason):
                print(f"over: {reason.value}")

print("gifts:", dict(gifts.most_common(5)))
print("givers:", dict(diamonds.most_common(5)), "together", sum(diamonds.values()))
