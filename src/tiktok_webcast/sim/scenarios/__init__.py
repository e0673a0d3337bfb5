"""The scenarios of the simulator, by name. Each one's docstring says what a client meets in it."""

from __future__ import annotations

from ..scenario import Scenario
from . import counting, entry, everyday, hostile, sockets

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario for module in (everyday, counting, sockets, entry, hostile) for scenario in module.SCENARIOS
}
"""All of them; `everyday` is the default."""


def find_scenario(name: str) -> Scenario:
    """Return a scenario by name.

    Raises:
        ValueError: There is none of that name; the message lists those that there are.
    """
    try:
        return SCENARIOS[name]
    except KeyError:
        raise ValueError(f"no scenario is named {name!r}; there are {', '.join(SCENARIOS)}") from None
