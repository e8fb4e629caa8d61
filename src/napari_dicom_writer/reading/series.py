"""DICOM series of anyone's making, read back into volumes that decode a plane when it is asked for.

Shares no code with what writes and verifies, so that it can judge what was written.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import ExportError, Note, NoteKind, ReadError, Refusals
from napari_dicom_writer.model.volume import Volume
from napari_dicom_writer.reading.catalogue import Catalogue, Entry, catalogue
from napari_dicom_writer.reading.decoding.source import PixelSource, pixel_source
from napari_dicom_writer.reading.files import as_they_are
from napari_dicom_writer.reading.plane_array import PlaneArray, StoredPlane
from napari_dicom_writer.reading.real_values import (
    PIXEL_TAGS,
    StoredType,
    ValueMap,
    real_dtype,
    stored_type_of,
    value_map_of,
    window_of,
)
from napari_dicom_writer.reading.stacking import PLACE_TAGS, Place, Stack, place_of, stack, why_no_stack
from napari_dicom_writer.reading.time_axis import TIME_TAGS, Moment, moment_of, order_in_time, time_step

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

_SERIES_TAGS = (
    "SpecificCharacterSet SOPInstanceUID SeriesInstanceUID SeriesNumber SeriesDescription SliceThickness".split()
)
_TAGS = [*_SERIES_TAGS, *PLACE_TAGS, *PIXEL_TAGS, *TIME_TAGS]
_PLANES_REMEDY = "Read planes of one stack: look at the series with `napari-dicom-writer show`"


@dataclass(frozen=True, slots=True)
class _Picture:
    """What is kept of the header of one instance."""

    source: PixelSource
    place: Place
    stored: StoredType
    values: ValueMap
    window: tuple[float, float] | None
    moment: Moment


@dataclass(slots=True)
class _Series:
    """The instances of one series, as they are found."""

    uid: str
    first: Dataset
    pictures: list[_Picture] = field(default_factory=list)
    blank: int = 0  # instances without pixels
    refusals: Refusals = field(default_factory=Refusals)
    notes: list[Note] = field(default_factory=list)

    @property
    def number(self) -> str:
        try:
            return str(self.first.get("SeriesNumber") or "")
        except Exception:  # noqa: BLE001 - whatever a wrong value makes the parser raise
            return ""

    def add(self, entry: Entry) -> None:
        if "Rows" not in entry.header.dataset:
            self.blank += 1
        elif not self.refusals:  # one reason is enough
            with self.refusals.collect(self.where):
                self.pictures.append(_picture(entry))

    @property
    def where(self) -> str:
        return f"series {self.number}".strip()


def read_series(folder: str | os.PathLike[str], *, series_uid: str | None = None) -> list[Volume]:
    """Read the series of single-frame images in a folder and below, or the one of a file.

    Parameters
    ----------
    folder
        Hidden files are left out, and so are series without pictures, such as reports.
    series_uid
        Series Instance UID of the only one to read; all, if None.

    Returns
    -------
    list of Volume
        By series number, then UID. Axes (plane, row, column), after time where several pictures share each position;
        planes rise along row × column; values are the real ones, with the Modality LUT or the one linear Real World
        Value Mapping applied. Only headers are read here: a plane is decoded when the array is asked for it.

    Raises
    ------
    ReadError
        If there is no such place, no DICOM or no such series in it, or a damaged file; if a series is not a stack of
        planes: multi-frame, without positions, uneven, of differing size or orientation; or if its values are in a
        lookup table or a palette. Every series that cannot be read has its reason.
    """
    return read_volumes(catalogue(Path(folder)), series_uid=series_uid)


def read_volumes(found: Catalogue, *, series_uid: str | None = None) -> list[Volume]:
    """Read what a catalog lists; for the rest see `read_series`."""
    refusals = Refusals()
    volumes = []
    for series in sorted(_find(found, series_uid), key=lambda s: (_sortable(s.number), s.uid)):
        with refusals.collect(series.where):
            series.refusals.raise_if_any()
            with _understood():
                volumes.append(_volume(series))
    refusals.raise_if_any()
    return volumes


def _find(found: Catalogue, series_uid: str | None) -> list[_Series]:
    """Read the headers of all files, and keep what is needed of them."""
    series: dict[str, _Series] = {}
    with as_they_are():
        for entry in found.entries(_TAGS):
            uid = str(entry.header.dataset.SeriesInstanceUID)
            if series_uid in (None, uid):
                series.setdefault(uid, _Series(uid, entry.header.dataset)).add(entry)
    if damaged := len(found.damaged):
        count = "1 file is" if damaged == 1 else f"{damaged:,} files are"
        raise ReadError(f"{count} damaged DICOM, and a plane might be missing", "Copy the folder again")
    if not series:
        what = "no DICOM series" if series_uid is None else "no series with this UID"
        raise ReadError(f"There is {what} there", "Name a folder with DICOM files")
    pictures = [each for each in series.values() if each.pictures or each.refusals]
    if not pictures:
        raise ReadError("The DICOM files there hold no pictures", "Name a folder with images")
    missed = [Note(NoteKind.INFO, f"{passed.name}: {passed.what}") for passed in found.passed if passed.matters]
    for each in pictures:
        each.notes += missed
    return pictures


def _sortable(number: str) -> float:
    try:
        return float(number)
    except ValueError:
        return math.inf


@contextmanager
def _understood() -> Iterator[None]:
    """Refuse what makes the parser fail: it raises whatever it likes when a value is asked for."""
    try:
        yield
    except ExportError:
        raise
    except Exception as error:
        # The values themselves may be anything: they stay out of the message.
        raise ReadError("Its attributes cannot be understood", "Ask its maker for a repaired file") from error


def _picture(entry: Entry) -> _Picture:
    header = entry.header.dataset
    with _understood():
        source = pixel_source(entry.path, header, header.file_meta.get("TransferSyntaxUID", ""), entry.header.pixels_at)
        stored = stored_type_of(header)
        values = ValueMap() if stored.samples > 1 else value_map_of(header)
        window = None if stored.samples > 1 else window_of(header, values)
        return _Picture(source, place_of(header), stored, values, window, moment_of(header))


def _volume(series: _Series) -> Volume:
    """Stack the pictures of one series."""
    pictures = series.pictures
    reason = why_no_stack([picture.place for picture in pictures])
    if reason is None and series.blank:
        reason = f"{series.blank:,} of its instances hold no picture"
    if reason is None and len({picture.stored for picture in pictures}) > 1:
        reason = "Its pictures differ in bits or colors: not a volume"
    if reason is None and pictures[0].place.spacing is None:
        reason = "No pixel spacing: pictures, and not a volume"
    if reason:
        raise ReadError(reason, _PLANES_REMEDY)
    planes = stack([picture.place for picture in pictures])
    _check(planes)
    notes = series.notes
    points = int(planes.counts[0])
    groups = [[pictures[i] for i in group] for group in planes.order.reshape(-1, points)]
    if points > 1:
        groups = _in_time(groups, notes)
    ordered = [group[point] for point in range(points) for group in groups]
    stored = pictures[0].stored
    leading = (points, len(groups)) if points > 1 else (len(groups),)
    array = PlaneArray(
        [StoredPlane(picture.source, picture.values) for picture in ordered],
        leading,
        pictures[0].place.size,
        stored,
        real_dtype(stored, {picture.values for picture in ordered}),
    )
    if stored.photometric == "MONOCHROME1":
        notes.append(Note(NoteKind.LOST, "Low values are meant to be shown bright (MONOCHROME1)"))
    affine = _affine(planes, pictures[0].place, series.first, notes)
    return Volume(
        array,
        affine=affine,
        axes=(*(("time",) if points > 1 else ()), "plane", "row", "column"),
        rgb=stored.samples == 3,
        name=str(series.first.get("SeriesDescription") or ""),
        window=_window(ordered, notes),
        time_step=time_step([[p.moment for p in group] for group in groups]) if points > 1 else None,
        notes=notes,
    )


def _check(planes: Stack) -> None:
    """Refuse what is no regular grid."""
    if planes.aside:
        raise ReadError("Some of its pictures lie beside each other in one plane: not a volume", _PLANES_REMEDY)
    if not planes.whole:
        what = f"From {planes.counts.min()} to {planes.counts.max()} pictures share a position"
        raise ReadError(what, "Complete its files, or take away those of incomplete time points")
    if not planes.straight:
        raise ReadError("Its planes are not evenly spaced", "Complete its files, or resample it with another program")


def _in_time(groups: list[list[_Picture]], notes: list[Note]) -> list[list[_Picture]]:
    """Bring the pictures that share a position into the order of time."""
    found = order_in_time([[picture.moment for picture in group] for group in groups])
    if found is None:
        raise ReadError(
            f"{len(groups[0])} pictures share each position, and nothing tells which comes first",
            "Take away copies of the same files",
        )
    keyword, orders = found
    if keyword == "InstanceNumber":
        text = "Pictures at the same position are taken as time points, in the order of their Instance Number"
        notes.append(Note(NoteKind.ASSUMED, text))
    return [[group[i] for i in order] for group, order in zip(groups, orders, strict=True)]


def _affine(planes: Stack, place: Place, header: Dataset, notes: list[Note]) -> NDArray[np.float64]:
    """(plane, row, column, 1) → LPS mm."""
    rows, columns = place.spacing or (1.0, 1.0)
    matrix = np.eye(4)
    count = len(planes.positions)
    if count > 1:
        matrix[:3, 0] = (planes.positions[-1] - planes.positions[0]) / (count - 1)
    else:
        thickness = header.get("SliceThickness")
        if not thickness:
            notes.append(Note(NoteKind.ASSUMED, "The thickness of its only plane is not known: taken as 1 mm"))
        matrix[:3, 0] = planes.normal * (float(thickness) if thickness else 1.0)
    matrix[:3, 1], matrix[:3, 2] = planes.column * rows, planes.row * columns
    matrix[:3, 3] = planes.positions[0]
    return matrix


def _window(pictures: Sequence[_Picture], notes: list[Note]) -> tuple[float, float] | None:
    """Return the window of all planes, or one that holds all of theirs."""
    windows = {picture.window for picture in pictures if picture.window}
    if len(windows) > 1:
        notes.append(Note(NoteKind.INFO, "Its planes have windows of their own: shown is one that holds them all"))
    return (min(low for low, _ in windows), max(high for _, high in windows)) if windows else None
