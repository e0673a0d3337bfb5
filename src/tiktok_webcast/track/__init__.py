"""What a room adds up to: repeats, gifts, likes, viewers. Each machine is usable alone."""
