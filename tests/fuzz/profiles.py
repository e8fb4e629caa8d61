"""How many examples: a few that are always the same, or as many as `make fuzz` asks for, new ones each time."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, seed, settings

if TYPE_CHECKING:
    from collections.abc import Callable

# Set by `make fuzz`; `conftest` draws a seed where none is given.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
PARTS = 2 if EXAMPLES else 1  # for two processes

_COMMON: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "print_blob": True,
}


def profile(part: int = 0, *, few: int, weight: int = 1) -> Callable[[Any], Any]:
    """Decorate a property.

    Parameters
    ----------
    part
        Each part of a long run draws its own examples.
    few
        How many examples the ordinary suite takes.
    weight
        How many times more a long run takes than `EXAMPLES`.
    """
    if not EXAMPLES:
        return settings(max_examples=few, derandomize=True, **_COMMON)
    long = settings(max_examples=weight * EXAMPLES // PARTS, **_COMMON)
    return lambda test: seed(SEED * PARTS + part)(long(test))


def first_failure(examples: int) -> settings:
    """Settings that stop at the first failure, and do not shrink it."""
    return settings(
        max_examples=examples, derandomize=True, phases=[Phase.generate], report_multiple_bugs=False, **_COMMON
    )
