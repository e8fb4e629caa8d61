"""A number that is free, for a series that joins a study which exists already."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Fix, Note, NoteKind
from napari_dicom_writer.reading.numbers import series_numbers

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from napari_dicom_writer.options.export import ExportOptions

_LAST = 2**31 - 1000  # so that the next ones can be counted on
_PER_FOLDER = 2  # levels below the target's folder: an export of several series has a folder for each


def numbered(
    options: ExportOptions,
    theirs: str,
    reference: Path | None,
    target: Path | None,
    files: Collection[Path] = (),
) -> tuple[ExportOptions, list[Note]]:
    """Number the series beside those of its study: 401 beside series 4, or behind the highest that lies on the disk.

    Parameters
    ----------
    options
        With the study that is joined.
    theirs
        Series Number of the reference, if it is of that study.
    reference, target
        Where to look for series of the study: in the folder of either and those beside it. What lies in the target
        itself does not count, for it is replaced or refused.
    files
        Those of the reference's series, as far as they are known.
    """
    if not options.study.instance_uid:
        return options, []
    folders = []
    if reference:
        folder = reference.absolute().parent.resolve()
        folders += [(folder, 1), (folder.parent, 1)]
    folders += [(target.parent, _PER_FOLDER)] if target else []
    known = frozenset(files) if theirs else frozenset()  # their number is known, too
    found = series_numbers(options.study.instance_uid, folders, _names(target) | known)
    taken = found.numbers | ({int(theirs)} if theirs else set())
    if not taken:
        return options, []
    free = _free(theirs, taken)
    highest = f"the highest number of the study that was found is {max(taken)}"
    highest += "" if found.whole else " (there are more files than were looked at)"
    if options.series.number:
        return options, _clash(options.series.number, theirs, taken, free)
    if free is None:
        return options, []
    text = f"Numbered from {free}: {highest}"
    return replace(options, series=replace(options.series, number=str(free))), [Note(NoteKind.INFO, text)]


def _names(target: Path | None) -> frozenset[Path]:
    """Return whatever the target may be called: ``x.dcm`` and ``x`` are the same."""
    if target is None:
        return frozenset()
    plain = target.with_suffix("") if target.suffix.lower() == ".dcm" else target
    return frozenset((target, plain, plain.with_name(f"{plain.name}.dcm")))


def _free(theirs: str, taken: set[int]) -> int | None:
    """Propose 401 beside series 4, as scanners number what they derive, if nothing found is as high."""
    derived = 100 * int(theirs) + 1 if theirs else 0
    free = max(derived if 0 < derived < _LAST else 0, max(taken) + 1, 1)
    return free if free < _LAST else None


def _clash(number: str, theirs: str, taken: set[int], free: int | None) -> list[Note]:
    if int(number) not in taken:
        return []
    of = "that of the reference" if number == theirs else "that of another series of the study"
    fix = Fix("series.number", str(free) if free else None, "Another number")
    return [Note(NoteKind.INFO, f"Series number {number} is {of}, too", fix=fix)]
