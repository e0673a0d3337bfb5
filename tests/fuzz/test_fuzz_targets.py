"""Every fuzz target on its seeds, on mutations of them, and on any bytes: briefly, so that none of them rots."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2]))

from fuzz import NAMES
from fuzz.seeds import seeds
from fuzz.targets import TARGETS


def test_every_target_can_be_chosen() -> None:
    assert tuple(TARGETS) == NAMES


@pytest.mark.parametrize("target", TARGETS)
def test_seeds_are_good_inputs(target: str) -> None:
    given_seeds = seeds(target)
    assert given_seeds and any(len(seed) > 20 for seed in given_seeds)
    for seed in given_seeds:
        TARGETS[target](seed)


@pytest.mark.parametrize("target", TARGETS)
@given(data=st.binary(max_size=300))
def test_any_bytes(target: str, data: bytes) -> None:
    TARGETS[target](data)


@pytest.mark.parametrize("target", TARGETS)
@given(data=st.data())
def test_mutated_seeds(target: str, data: st.DataObject) -> None:
    seed = bytearray(data.draw(st.sampled_from(seeds_of(target))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(len(seed) - 1, 0)))
        seed[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    TARGETS[target](bytes(seed))


_SEEDS: dict[str, list[bytes]] = {}


def seeds_of(target: str) -> list[bytes]:
    if target not in _SEEDS:
        _SEEDS[target] = sorted(seeds(target), key=len)[:40]
    return _SEEDS[target]
