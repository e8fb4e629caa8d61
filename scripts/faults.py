"""Run every kind of fault in full, and write the counts into docs/reliability.md: ``python scripts/faults.py``."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from faults.campaign import Campaign  # noqa: E402 - found by the line above
from faults.disks import ext4_disk, small_disk  # noqa: E402
from faults.kinds import KINDS  # noqa: E402
from faults.lab import Lab, Outcome  # noqa: E402

PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
COLUMNS = ("fault", "target", "runs", "new, whole", "old, whole", "nothing", "half", "next export worked")


def main() -> int:
    """Run all, say what is going on, write the table; 1 if a promise was broken."""
    rows, broken = [], 0
    with (
        tempfile.TemporaryDirectory() as folder,
        Lab(Path(folder)) as lab,
        small_disk() as small,
        ext4_disk() as ext4,
    ):
        for (fault, place), run in KINDS.items():
            outcomes = list(run(Campaign(lab, small, ext4, thorough=True)))
            problems = [problem for outcome in outcomes for problem in outcome.problems]
            broken += len(problems)
            rows.append([fault, place, *_counts(outcomes)])
            sys.stdout.write("\n  ".join([" | ".join(rows[-1]), *problems]) + "\n")
            sys.stdout.flush()
    totals = [sum(int(row[column].replace(",", "")) for row in rows) for column in range(2, len(COLUMNS))]
    rows.append(["all", "", *(f"{total:,}" for total in totals)])
    _write(rows)
    return 1 if broken else 0


def _counts(outcomes: list[Outcome]) -> list[str]:
    states = Counter(outcome.state for outcome in outcomes)
    worked = sum(outcome.next_worked for outcome in outcomes)
    return [f"{n:,}" for n in (len(outcomes), *(states[s] for s in ("new", "old", "nothing", "half")), worked)]


def _write(rows: list[list[str]]) -> None:
    lines = [COLUMNS, ("---", "---", *["---:"] * (len(COLUMNS) - 2)), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
