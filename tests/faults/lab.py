"""Runs exports with faults in processes of their own, looks at what they leave, and exports again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faults import world
from napari_dicom_writer import ExportError, ExportOptions, export
from napari_dicom_writer.destinations import open_destination

if TYPE_CHECKING:
    from types import TracebackType

OVERWRITE = ExportOptions(overwrite=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one fault left.

    Attributes
    ----------
    state : str
        Under the target's name: ``new`` (whole), ``old`` (as it was before), ``nothing`` or ``half``.
    answer : dict
        What the process said, if it lived to say something.
    problems : list of str
        Broken promises, in words; empty if all is well.
    """

    state: str
    answer: dict[str, Any]
    problems: list[str]

    @property
    def next_worked(self) -> bool:
        """Whether the next export to the place did what it should."""
        return not any(problem.startswith("next") for problem in self.problems)


class Lab:
    """A folder and a process that forks.

    Parameters
    ----------
    folder
        Empty; on the file system to be tested.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.chmod(0o777)  # for runs as another user
        self._runs = 0
        self._old = Path(tempfile.mkdtemp(prefix="old-series-")) / "old"
        export(world.old(), self._old)
        export(world.old(1), self._old.with_name("single.dcm"))
        export(world.old(), self._old.with_name("old.zip"))
        export(world.old(), self._old.with_name("media"), to="dicomdir")
        command = [sys.executable, "-W", "error", str(Path(__file__).with_name("child.py")), str(folder / "warm-up")]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        assert self._child.stdout is not None
        assert self._child.stdout.readline() == "ready\n", "the process with the faults does not start"

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.communicate()
        shutil.rmtree(self._old.parent)

    @property
    def scratch(self) -> Path:
        """A folder for what the runs read."""
        return self._old.parent

    def ask(self, **request: Any) -> dict[str, Any]:
        """Let the process do something, and return what it says."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        print(json.dumps(request), file=self._child.stdin, flush=True)
        return json.loads(self._child.stdout.readline())

    def place(self, *, overwrite: bool, into: Path | None = None, single: bool = False, to: str | None = None) -> Path:
        """Make a new folder; return the target in it, which holds the old series if it is to be overwritten."""
        self._runs += 1
        parent = (into or self._folder) / f"run-{self._runs}"
        parent.mkdir()
        target = parent / {"zip": "x.zip"}.get(to or "", "x.dcm" if single else "x")
        if overwrite:
            name = {"zip": "old.zip", "dicomdir": "media"}.get(to or "", "single.dcm" if single else "old")
            old = self._old.with_name(name)
            (shutil.copytree if old.is_dir() else shutil.copy2)(old, target)
        return target

    def run(self, *, overwrite: bool, into: Path | None = None, target: Path | None = None, **request: Any) -> Outcome:
        """Export with a fault.

        Parameters
        ----------
        overwrite
            Whether there is an old series to be replaced.
        into
            Where, if not in the folder of the lab.
        target
            Made by `place`, where it must be known before.
        request
            For `child.run`.
        """
        single = _is_one_file(request.get("source", {}))
        to = request.get("to")
        target = target or self.place(overwrite=overwrite, into=into, single=single, to=to)
        before = world.content(target) if overwrite else None
        defaults: dict[str, Any] = {"do": "run", "source": {}, "options": {}}
        answer = self.ask(**(defaults | request), target=str(target), overwrite=overwrite)
        return self.look(target, before, answer, request.get("source", {}), to)

    def look(
        self,
        target: Path,
        before: dict[str, bytes | str] | None,
        answer: dict[str, Any],
        source: dict[str, Any],
        to: str | None = None,
    ) -> Outcome:
        """Judge what is there, and export once more; every other time beside it first, which has to tidy up."""
        planes, shape = source.get("planes", world.PLANES), source.get("shape", world.SHAPE)
        next_planes = 1 if _is_one_file(source) else world.PLANES
        problems = []
        neighbor = target.with_name("neighbor")
        if self._runs % 2:
            problems += self._next(neighbor, {target.name, neighbor.name})
            if before is not None and not target.exists():
                problems.append("next export to a neighbor left the old series set aside")
        elif before is not None and not target.exists():
            # Two renames, where the system cannot exchange: whoever comes next puts the old series back.
            _heal(target)
        state = world.state(target, before, planes, shape, source.get("what", ""))
        if state == "half" or (state == "nothing" and before is not None):
            problems.append(f"{state} of the series is there")
        if "error" in answer:
            problems += _judge(answer, state)
        problems += self._next(target, {target.name, neighbor.name}, next_planes, to)
        shutil.rmtree(target.parent)
        return Outcome(state, answer, problems)

    @staticmethod
    def _next(target: Path, expected: set[str], planes: int = world.PLANES, to: str | None = None) -> list[str]:
        """Export once more, and say what is not as it should be then."""
        try:
            report = export(world.new(planes), target, OVERWRITE, to=to)
        except ExportError as error:
            return [f"next export: {error}"]
        problems = [] if world.state(report.path, None, planes) == "new" else ["next export is not whole"]
        left = sorted({path.name for path in target.parent.iterdir()} - expected)
        return problems + ([f"next export left {left}"] if left else [])


def _is_one_file(source: dict[str, Any]) -> bool:
    return source.get("planes") == 1 or bool(source.get("what"))


def _heal(target: Path) -> None:
    try:
        open_destination(target, None, overwrite=False)
    except ExportError:
        return  # the series is back, and in the way


def _judge(answer: dict[str, Any], state: str) -> list[str]:
    """What the export said must be what is there."""
    problems = []
    error, message = answer["error"], answer["message"]
    if error and not answer["refused"] and error != "KeyboardInterrupt":
        problems.append(f"raised {error}: {message}")
    if error and answer["refused"] and len(message) < 20:
        problems.append(f"says too little: {message!r}")
    if not error and state != "new":
        problems.append("said it had written a series")
    # Ctrl-C may come when all is done but the cleaning; a disk may refuse to take back what it has not confirmed.
    unsure = error == "KeyboardInterrupt" or "could not be taken back" in message or "could not be put back" in message
    if error and state == "new" and not unsure:
        problems.append(f"said {message!r}, and wrote")
    if answer["files"]:
        problems.append(f"left {answer['files']} files open")
    return problems
