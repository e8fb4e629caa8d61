"""The command line of the benchmarks: ``python -m benchmarks.run [topic] [--quick] [--folder FOLDER]``."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import RAM_DISK, Settings, scratch_folder
from benchmarks.report import markdown, show

if TYPE_CHECKING:
    from benchmarks.report import Table

TOPICS = ("series", "slabs", "memory", "directions", "codecs", "scale", "cancel", "durability", "widget", "imports")
RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    """Measure what was asked for and print it; all of it, in full, becomes RESULTS.md."""
    arguments = _parse()
    tables: list[Table] = []
    place = _place(arguments.folder)
    print(f"Files go to {place}.")
    with scratch_folder(arguments.folder) as scratch:
        settings = Settings(quick=arguments.quick, scratch=scratch)
        for topic in TOPICS if arguments.topic == "all" else (arguments.topic,):
            print(f"Measuring: {topic}", flush=True)
            found = importlib.import_module(f"benchmarks.{topic}").tables(settings)
            show(found)
            tables += found
    if arguments.topic == "all" and not arguments.quick:
        RESULTS.write_text(markdown(tables, place), encoding="utf-8")


def _place(folder: Path | None) -> str:
    if folder:
        return "a chosen folder"
    return "a RAM disk" if RAM_DISK.is_dir() else "the temporary folder (no RAM disk)"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("topic", nargs="?", choices=("all", *TOPICS), default="all")
    parser.add_argument("--quick", action="store_true", help="fewer repeats, smaller data; not to be quoted")
    parser.add_argument("--folder", type=Path, help="where to write, default a RAM disk")
    return parser.parse_args()


if __name__ == "__main__":
    main()
