"""How hard the properties are tried: `HYPOTHESIS_PROFILE=dev|default|ci|long pytest ...`.

Plain properties follow the profile by themselves. The stateful machines, where counting is proven, ask
for more: `TestCase.settings = machine_settings()`.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "default")
PROPERTY_EXAMPLES = {"dev": 30, "default": 100, "ci": 200, "long": 10_000}
MACHINE_EXAMPLES = {"dev": 50, "default": 2_000, "ci": 2_000, "long": 100_000}


def register() -> None:
    """Register every profile with hypothesis and load the one that was asked for."""
    for name, examples in PROPERTY_EXAMPLES.items():
        settings.register_profile(name, max_examples=examples, deadline=None, derandomize=name == "ci")
    settings.load_profile(PROFILE)


def machine_settings(steps: int = 8) -> settings:
    """Return the settings of a stateful machine: its number of examples, `steps` rules each at the most.

    A rule costs hypothesis about half a millisecond, whatever it does: let a rule do a burst of calls.
    """
    return settings(
        settings.get_profile(PROFILE),
        max_examples=MACHINE_EXAMPLES[PROFILE],
        stateful_step_count=steps,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
    )
