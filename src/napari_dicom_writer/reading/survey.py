"""What a folder of DICOM holds, whoever wrote it: series by series, read from the files alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from textwrap import shorten
from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut
from pydicom.uid import UID

from napari_dicom_writer.errors import ReadError
from napari_dicom_writer.model.float_errors import with_default_float_errors
from napari_dicom_writer.model.geometry import patient_letters
from napari_dicom_writer.reading.decoding.process import TooLongError
from napari_dicom_writer.reading.decoding.source import pixel_source
from napari_dicom_writer.reading.files import as_they_are
from napari_dicom_writer.reading.lenient import text
from napari_dicom_writer.reading.real_values import first_number, is_mapped, unit_of
from napari_dicom_writer.reading.said import by_place, is_segmentation, missing_planes, said_of, value_range
from napari_dicom_writer.reading.segments import description_of
from napari_dicom_writer.reading.settings import differences, settings_of
from napari_dicom_writer.reading.stacking import measured_at, place_of, stack, why_no_stack
from napari_dicom_writer.reading.structure_set import StructureSet, is_structure_set, structure_set_of
from napari_dicom_writer.reading.survey_regions import regions_of
from napari_dicom_writer.reading.surveyed import SeriesSurvey, Survey
from napari_dicom_writer.reading.zipped import catalogue_of
from napari_dicom_writer.standard.uids import LABEL_MAP
from napari_dicom_writer.viewers import opens_in
from napari_dicom_writer.viewers.seen import describe, times_told_apart

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_dicom_writer.reading.catalogue import Entry
    from napari_dicom_writer.reading.said import Said
    from napari_dicom_writer.reading.stacking import Place, Stack

_KINDS = {LABEL_MAP: "Label Map Segmentation Storage"}  # that pydicom has no name for
_REASON = 160  # characters of what a decoder says


@dataclass(slots=True)
class _Group:
    """The instances of one series, without their pixels."""

    folder: Path
    study: int  # in the order they were found
    headers: list[Dataset] = field(default_factory=list)
    low: float = np.inf
    high: float = -np.inf
    remarks: dict[str, None] = field(default_factory=dict)  # an ordered set
    structures: list[StructureSet] = field(default_factory=list)
    slow: bool = False  # whether decoding took too long: it is not tried again

    @property
    def values(self) -> tuple[float, float] | None:
        """Least and greatest value."""
        return (self.low, self.high) if self.low <= self.high else None


@with_default_float_errors
def survey(folder: Path) -> Survey:
    """Read every file in a folder and below, or one file.

    Parameters
    ----------
    folder
        Hidden files, and what is in hidden folders, is left out.

    Returns
    -------
    Survey

    Raises
    ------
    ReadError
        If there is no such place, or no DICOM in it.
    """
    contents = catalogue_of(folder)
    groups: dict[tuple[int, str], _Group] = {}
    studies: dict[str, int] = {}
    with as_they_are():
        for entry in contents.entries():
            header = entry.header.dataset
            study = studies.setdefault(text(header, "StudyInstanceUID"), len(studies))
            _add(
                groups.setdefault(
                    (study, text(header, "SeriesInstanceUID")), _Group(contents.folder_of(entry.path), study)
                ),
                entry,
            )
        found = [
            (g.study, summarize(g.headers, g.folder, g.values, tuple(g.remarks), structures=g.structures))
            for g in groups.values()
        ]
    foreign = contents.foreign + len(contents.damaged)
    if not found:
        others = "1 other file" if foreign == 1 else f"{foreign} other files"
        raise ReadError(f"It holds no DICOM series, but {others}", "Name a folder with DICOM files")
    found.sort(key=lambda item: (item[0], item[1].number.zfill(12)))
    return Survey(tuple(series for _, series in found), foreign, tuple(contents.passed))


def _add(group: _Group, entry: Entry) -> None:
    dataset = entry.header.dataset
    group.headers.append(dataset)
    if is_structure_set(dataset):
        group.structures.append(structure_set_of(dataset))
        dataset.pop("ROIContourSequence", None)  # headers are kept, and contours are large
    if group.slow or "Rows" not in dataset or is_segmentation(dataset):
        return
    if is_mapped(dataset):
        group.remarks["Values are those of the Real World Value Mapping; the window is of stored values"] = None
    try:
        syntax = dataset.file_meta.get("TransferSyntaxUID", "")
        frames = pixel_source(entry.path, dataset, syntax, entry.header.pixels_at).frames()
        table = dataset.get("ModalityLUTSequence")
        if table:
            frames = (apply_modality_lut(frame, dataset) for frame in frames)
        if found := value_range(frames, [Dataset()] if table else said_of(dataset)):
            group.low, group.high = min(group.low, found[0]), max(group.high, found[1])
    except Exception as error:  # noqa: BLE001 - besides decoding, a lookup table may be nonsense
        group.slow = isinstance(error, TooLongError)
        group.remarks[shorten(f"Pixels could not be decoded: {error}", _REASON)] = None


def summarize(
    headers: Sequence[Dataset],
    folder: Path,
    values: tuple[float, float] | None,
    remarks: Sequence[str] = (),
    frames: Sequence[Dataset] | None = None,
    structures: Sequence[StructureSet] = (),
) -> SeriesSurvey:
    """Say what the headers of one series say.

    Parameters
    ----------
    headers
        With the attributes of size, place and display, and the File Meta Information.
    folder
        Where its first file is.
    values
        Least and greatest real-world value; None where they are not known.
    remarks
        What is peculiar already.
    frames
        What is said of each picture, where the headers do not hold it any more.
    structures
        Contours of the instances that hold some.
    """
    first = headers[0]
    plain = SeriesSurvey(
        number=text(first, "SeriesNumber"),
        description=text(first, "SeriesDescription"),
        modality=text(first, "Modality"),
        kind=_KINDS.get(text(first, "SOPClassUID")) or UID(text(first, "SOPClassUID")).name,
        encoding=UID(text(getattr(first, "file_meta", Dataset()), "TransferSyntaxUID")).name,
        folder=folder,
        instances=len(headers),
        values=values,
        segments=tuple(description_of(first).segments.values()) if is_segmentation(first) else (),
        regions=regions_of(structures),
        remarks=(*remarks, *(fault.note().text for structure in structures for fault in structure.faults)),
    )
    if structures and not any("Rows" in header for header in headers):
        return plain
    try:
        return _with_geometry(plain, headers, frames or [one for header in headers for one in said_of(header)])
    except Exception as error:  # noqa: BLE001 - whatever a wrong value makes the parser raise
        remark = shorten(f"Its attributes could not be understood: {error}", _REASON)
        return replace(plain, remarks=(*plain.remarks, remark))


def _with_geometry(plain: SeriesSurvey, headers: Sequence[Dataset], said: Sequence[Said]) -> SeriesSurvey:
    """Add what is said of size and place."""
    places = [place_of(one) for one in said]
    frames = sum(place.frames for place in places)
    series = replace(
        plain,
        frames=frames,
        size=(frames, *places[0].size),
        spacing=(None, *(places[0].spacing or (None, None))),
        window=_window(said[0]),
        unit=unit_of(said[0]),
    )
    if where := measured_at(headers[0]):
        series = replace(series, remarks=(f"Its distances are those {where}", *series.remarks))
    why_not = why_no_stack(places)
    return replace(series, remarks=(why_not, *series.remarks)) if why_not else _stacked(series, places, headers, said)


def _stacked(
    series: SeriesSurvey, places: Sequence[Place], headers: Sequence[Dataset], said: Sequence[Said]
) -> SeriesSurvey:
    """Stack pictures along their normal."""
    planes = stack(places)
    remarks = []
    segments = is_segmentation(headers[0])  # of which several share a plane
    empty = missing_planes(planes, places[0]) if segments else 0
    if empty:
        remarks.append(f"{empty} planes between its first and its last hold no segment, and have no frame")
    elif not planes.even:
        remarks.append("Its planes are not evenly spaced along their normal")
    if not (planes.whole or segments):
        remarks.append(f"From {planes.counts.min()} to {planes.counts.max()} pictures share a position")
    if not segments:
        remarks += differences([settings_of(one) for one in group] for group in by_place(said))
    time_points = 1 if segments else int(planes.counts.max())
    between = places[0].between if empty else planes.between
    seen = describe(
        headers[0],
        text(getattr(headers[0], "file_meta", Dataset()), "TransferSyntaxUID"),
        planes=len(planes.positions),
        time_points=time_points,
        told_apart=time_points > 1 and times_told_apart(by_place(said)),
        even=planes.even or bool(empty),
        spacing=(between or 0.0, series.spacing[1] or 0.0, series.spacing[2] or 0.0),
        upright=float(abs(planes.normal[2])),
        furthest=_furthest(planes, series),
    )
    x, y, z = map(float, planes.positions[0])
    return replace(
        series,
        size=(len(planes.positions) + empty, *series.size[1:]),
        time_points=time_points,
        spacing=(between, *series.spacing[1:]),
        directions=", ".join(map(patient_letters, (planes.row, planes.column, planes.normal))),
        position=(x, y, z),
        opens_in=opens_in(seen) if planes.whole or segments else (),
        remarks=(*remarks, *series.remarks),
    )


def _furthest(planes: Stack, series: SeriesSurvey) -> float:
    """Largest coordinate of any voxel, mm."""
    across = np.multiply.outer([0, (series.size[2] - 1) * (series.spacing[2] or 0.0)], planes.row)
    along = np.multiply.outer([0, (series.size[1] - 1) * (series.spacing[1] or 0.0)], planes.column)
    corners = planes.positions[[0, -1], np.newaxis, np.newaxis] + along[:, np.newaxis] + across
    return float(np.abs(corners).max())


def _window(header: Said) -> tuple[float, float] | None:
    center, width = (first_number(header.get(keyword)) for keyword in ("WindowCenter", "WindowWidth"))
    return None if center is None or width is None else (center, width)
