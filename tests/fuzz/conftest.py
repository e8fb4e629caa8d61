"""Draws the seed of a long run, and prints what its exports were."""

from __future__ import annotations

import json
import os
import secrets
from collections import Counter

import pytest
from hypothesis.internal.conjecture.engine import ConjectureRunner

if os.environ.get("FUZZ_EXAMPLES"):
    # Before the processes that share the work are started: they inherit it.
    os.environ.setdefault("FUZZ_SEED", str(secrets.randbelow(10**6)))


@pytest.fixture(autouse=True)
def every_example_is_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """After each example Hypothesis runs five that repeat parts of it: of 2,000 exports, 300 would be of their own."""
    monkeypatch.setattr(ConjectureRunner, "generate_mutations_from", lambda *_: None, raising=False)


def pytest_report_header() -> str | None:
    """Name the seed, with which the same examples are drawn again."""
    if not os.environ.get("FUZZ_EXAMPLES"):
        return None
    return f"fuzz: {os.environ['FUZZ_EXAMPLES']} exports, FUZZ_SEED={os.environ['FUZZ_SEED']}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Add up what the processes counted."""
    census: Counter[str] = Counter()
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        census += Counter(json.loads(dict(getattr(report, "user_properties", ())).get("census", "{}")))
    if os.environ.get("FUZZ_EXAMPLES") and census:
        terminalreporter.section("what was exported")
        for key, count in sorted(census.items()):
            terminalreporter.write_line(f"{count:7,}  {key}")
