"""Time contenders fairly: in one run, taking turns, each into an empty folder, without the garbage collector."""

from __future__ import annotations

import gc
import shutil
import statistics
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Clock = Callable[[], float]

RAM_DISK = Path("/dev/shm")  # noqa: S108 - the place, not a file in it


@dataclass(frozen=True, slots=True)
class Settings:
    """How much to measure, and where to write.

    Attributes
    ----------
    quick : bool
        Fewer repeats and smaller data: to see that it works, not to quote.
    scratch : Path
        Folder for all that is written; empty before and after.
    workloads : sequence of str
        Names of those to measure, where a topic has some; all where there is none.
    """

    quick: bool
    scratch: Path
    workloads: Sequence[str] = ()

    def repeats(self, full: int = 5) -> int:
        """How often each contender is timed, after one turn that is not counted."""
        return 2 if self.quick else full


@contextmanager
def scratch_folder(parent: Path | None) -> Iterator[Path]:
    """Make a folder for results, on the RAM disk if there is one, and remove it at the end."""
    place = parent or (RAM_DISK if RAM_DISK.is_dir() else None)
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=place) as folder:
        yield Path(folder)


def once(action: Callable[[Path], object], folder: Path, clock: Clock = time.perf_counter) -> float:
    """Time one action into a folder that does not exist yet; the folder stays."""
    gc.collect()
    gc.disable()
    try:
        start = clock()
        action(folder)
        return clock() - start
    finally:
        gc.enable()


def alternate(
    contenders: Mapping[str, Callable[[Path], object]],
    settings: Settings,
    *,
    repeats: int | None = None,
    inspect: Callable[[str, Path], None] | None = None,
    clock: Clock = time.perf_counter,
) -> dict[str, float]:
    """Let the contenders take turns, and give the median time of each.

    Parameters
    ----------
    contenders
        Name to action, called with the path of a folder to make and fill.
    settings
        How often, and where.
    repeats
        Counted turns, default `Settings.repeats()`. One turn more comes first, to warm up.
    inspect
        Called with the name and the filled folder after the first turn.
    clock
        Reads seconds: those that passed, or `time.process_time` for those this process worked.

    Returns
    -------
    dict
        Name to median seconds.
    """
    names = list(contenders)
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range((repeats or settings.repeats()) + 1):
        # Another one goes first each time, so that nobody always runs on a machine warmed by the same neighbor.
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            folder = settings.scratch / "turn"
            seconds = once(contenders[name], folder, clock)
            if turn:
                times[name].append(seconds)
            elif inspect:
                inspect(name, folder)
            shutil.rmtree(folder, ignore_errors=True)
    return {name: statistics.median(values) for name, values in times.items()}
