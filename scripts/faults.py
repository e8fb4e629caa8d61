"""Run all kinds of faults in full, and count them in docs/reliability.md: ``python scripts/faults.py [WORD ...]``.

With words, only the kinds whose fault or target holds one of them are run, and only their rows are written anew: in
shares, or after a change of one object.
"""

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
    """Run what is wanted, say what is going on, write the table; 1 if a promise was broken."""
    words, broken = sys.argv[1:], 0
    wanted = [kind for kind in KINDS if not words or any(word in text for word in words for text in kind)]
    rows = {kind: row for kind, row in _known().items() if kind not in wanted}
    with (
        tempfile.TemporaryDirectory() as folder,
        Lab(Path(folder)) as lab,
        small_disk() as small,
        ext4_disk() as ext4,
    ):
        for kind in wanted:
            outcomes = list(KINDS[kind](Campaign(lab, small, ext4, thorough=True)))
            problems = [problem for outcome in outcomes for problem in outcome.problems]
            broken += len(problems)
            rows[kind] = [*kind, *_counts(outcomes)]
            sys.stdout.write("\n  ".join([" | ".join(rows[kind]), *problems]) + "\n")
            sys.stdout.flush()
    ordered = [rows[kind] for kind in KINDS if kind in rows]
    totals = [sum(int(row[column].replace(",", "")) for row in ordered) for column in range(2, len(COLUMNS))]
    _write([*ordered, ["all", "", *(f"{total:,}" for total in totals)]])
    return 1 if broken else 0


def _counts(outcomes: list[Outcome]) -> list[str]:
    states = Counter(outcome.state for outcome in outcomes)
    worked = sum(outcome.next_worked for outcome in outcomes)
    return [f"{n:,}" for n in (len(outcomes), *(states[s] for s in ("new", "old", "nothing", "half")), worked)]


def _known() -> dict[tuple[str, str], list[str]]:
    """Return the rows that the page has."""
    table = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in table.splitlines()]
    return {(row[0], row[1]): row for row in rows if len(row) == len(COLUMNS) and (row[0], row[1]) in KINDS}


def _write(rows: list[list[str]]) -> None:
    lines = [COLUMNS, ("---", "---", *["---:"] * (len(COLUMNS) - 2)), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
