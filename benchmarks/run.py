"""The command line of the benchmarks: ``python -m benchmarks.run [PART ...] [--quick] [--folder FOLDER]``.

A part is a topic, or a workload of the topic ``series``: ``python -m benchmarks.run floats scale``.
"""

from __future__ import annotations

import argparse
import importlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import RAM_DISK, Settings, scratch_folder
from benchmarks.report import duration, markdown, show
from benchmarks.workloads import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.report import Table

TOPICS = (
    *("series", "objects", "slabs", "memory", "contours", "directions", "codecs"),
    *("scale", "cancel", "durability", "sending", "widget", "reading", "imports"),
)
RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    """Measure what was asked for and print it; all of it, in full, becomes RESULTS.md."""
    arguments = _parse()
    topics, workloads = _chosen(arguments.parts)
    tables: list[Table] = []
    place = _place(arguments.folder)
    print(f"Files go to {place}.")
    with scratch_folder(arguments.folder) as scratch:
        settings = Settings(quick=arguments.quick, scratch=scratch, workloads=workloads)
        for topic in topics:
            print(f"Measuring: {topic}", flush=True)
            start = time.perf_counter()
            found = importlib.import_module(f"benchmarks.{topic}").tables(settings)
            print(f"  took {duration(time.perf_counter() - start)}")
            show(found)
            tables += found
    if not arguments.parts and not arguments.quick:
        RESULTS.write_text(markdown(tables, place), encoding="utf-8")


def _chosen(parts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return topics in their order, and the workloads of ``series``; none of these where all are meant."""
    workloads = [part for part in parts if part not in TOPICS]
    wanted = {*parts, *(["series"] if workloads else [])} or set(TOPICS)
    return [topic for topic in TOPICS if topic in wanted], workloads


def _place(folder: Path | None) -> str:
    if folder:
        return "a chosen folder"
    return "a RAM disk" if RAM_DISK.is_dir() else "the temporary folder (no RAM disk)"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    known = (*TOPICS, *(work.name for work in WORKLOADS))
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"default all of them: {', '.join(known)}")
    parser.add_argument("--quick", action="store_true", help="fewer repeats, smaller data; not to be quoted")
    parser.add_argument("--folder", type=Path, help="where to write, default a RAM disk")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts).difference(known):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return arguments


if __name__ == "__main__":
    main()
