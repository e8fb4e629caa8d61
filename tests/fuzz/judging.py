"""The property: an export is refused with the reason and leaves nothing, or all of it is found by others."""

from __future__ import annotations

import logging
import os
import shutil
import stat
import tempfile
import unicodedata
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fuzz.cases import MARK
from fuzz.excuses import excuses
from fuzz.judgment import judge_series
from fuzz.others import folders_of, judge_by_others, judge_files
from napari_dicom_writer import ExportCancelled, ExportError, ExportReport, VerificationError, export
from napari_dicom_writer.checking.check import check_series
from napari_dicom_writer.reading.series import read_series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuzz.cases import Case

_DEVICES = {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1"}


def judge(case: Case) -> ExportError | ExportReport:
    """Export, and assert that what came of it is right.

    Returns
    -------
    ExportError or ExportReport
        The refusal, or what was written.
    """
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        inside = root / "deep" / "in"
        inside.mkdir(parents=True)
        before = _tree(root)
        staged: set[str] = set()
        with _logged() as log:
            outcome = _export(case, inside, staged)
        texts = [*log, *staged]
        if isinstance(outcome, ExportError):
            texts += [str(outcome), repr(outcome)]
            _judge_refusal(case, outcome)
            assert _tree(root) == before, "a refused export left something behind"
        else:
            assert outcome.path.is_relative_to(root), "it was written somewhere else"
            written = _tree(root) - before
            _judge_names(written, outcome.path.relative_to(root), case.target)
            _judge_modes(outcome.path)
            texts += written
            _judge_written(case, outcome, root / "spare")
        assert not [text for text in texts if MARK in text], "something tells the name of a patient"
        return outcome


def _export(case: Case, inside: Path, staged: set[str]) -> ExportError | ExportReport:
    calls = 0

    def progress(done: int, total: int) -> None:
        nonlocal calls
        calls += 1
        if calls <= 2:
            staged.update(str(path) for path in inside.rglob("*"))
        if calls == case.cancel_at:
            raise ExportCancelled

    try:
        options = case.export_options()
        given = [layer.given() for layer in case.layers]
        return export(given, os.path.join(inside, case.target.lstrip("/")), options, progress=progress)  # noqa: PTH118 - as users do
    except ExportError as error:
        return error


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Collect everything that is logged by anybody."""
    lines: list[str] = []
    handler = logging.Handler(logging.DEBUG)
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def _tree(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*")}


def _judge_refusal(case: Case, error: ExportError) -> None:
    assert error.refusals, "a refusal without a reason"
    for refusal in error.refusals:
        assert refusal.what, "a refusal without a reason"
        assert refusal.remedy, "a refusal without a remedy"
    # Of small planes, little is left at a high ratio.
    lossy = case.get("transfer_syntax") == "jpeg-2000-lossy" and case.get("lossy_ratio") >= 10
    assert lossy or not isinstance(error, VerificationError), f"planned and written are not the same: {error}"
    assert isinstance(error, ExportCancelled) <= (case.cancel_at is not None)
    assert excuses(case), f"refused without need: {error}"


def _judge_names(written: set[str], published: Path, target: str) -> None:
    """Names that the writer makes are safe on every file system, whatever layers are called."""
    assert not [name for name in written if ".napari-dicom" in name], "a staging area was left behind"
    for name in written:
        path = Path(name)
        if published not in path.parents:
            continue  # as the user calls it
        for part in path.relative_to(published).parts:
            assert len(part.encode()) <= 255
            assert part.split(".")[0].upper() not in _DEVICES
            assert part == part.strip(". ")
            assert not {unicodedata.category(c) for c in part} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
            assert not set(part) & set('\\/:*?"<>|')


def _judge_modes(path: Path) -> None:
    """Files and folders are as open as the user's others, by the umask."""
    if os.name != "posix":
        return
    umask = os.umask(0)
    os.umask(umask)
    for each in (path, *path.rglob("*")):
        wanted = 0o777 if each.is_dir() else 0o666
        assert stat.S_IMODE(each.stat().st_mode) == wanted & ~umask, f"{each.name} has another mode"


def _judge_written(case: Case, report: ExportReport, spare: Path) -> None:
    plans = report.plan.series
    found = read_series(report.path)
    stacks = [stack for layer in case.layers for stack in case.stacks(layer)]
    assert len(found) == len(plans) == len(stacks)
    folders = folders_of(report.path, plans, spare)
    for plan, volume, stack, folder in zip(plans, found, stacks, folders, strict=True):
        judge_series(volume, stack, plan, case.options.get("nan"))
        judge_by_others(folder, plan, volume)
        judge_files(folder, plan, look=case.look)
    shutil.rmtree(spare, ignore_errors=True)
    # The package's own command for series of anyone's making, too.
    for verdict in check_series(report.path):
        assert verdict.good, [str(finding) for finding in verdict.findings]
