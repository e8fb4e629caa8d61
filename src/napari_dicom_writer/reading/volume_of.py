"""Pictures stacked to a volume that decodes a plane when it is asked for it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_dicom_writer.errors import Note, NoteKind, ReadError
from napari_dicom_writer.model.origin import Origin
from napari_dicom_writer.model.volume import Volume
from napari_dicom_writer.reading.gaps import Groups, fill_planes, fill_times, why_uneven
from napari_dicom_writer.reading.lenient import text
from napari_dicom_writer.reading.plane_array import PlaneArray, StoredPlane
from napari_dicom_writer.reading.settings import along_setting, goes_along
from napari_dicom_writer.reading.stacking import Place, Stack, measured_at, stack, why_no_stack
from napari_dicom_writer.reading.tables import dtype_of
from napari_dicom_writer.reading.time_axis import gaps_in_time, order_in_time, time_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from napari_dicom_writer.reading.picture import Picture

_PLANES_REMEDY = "Read planes of one stack: look at the series with `napari-dicom-writer show`"


class Stacked(NamedTuple):
    """A volume, and the pictures that it is made of, in the order of its array; None where one is missing."""

    volume: Volume
    pictures: list[Picture | None]

    @property
    def space(self) -> str:
        """UID of the frame of reference; empty where it has none."""
        return next((picture.kind.space for picture in self.pictures if picture and picture.kind.space), "")


def volume_of(
    pictures: Sequence[Picture], first: Dataset, notes: Sequence[Note] = (), *, lenient: bool = False
) -> Stacked:
    """Stack pictures.

    Parameters
    ----------
    pictures
        Of one series.
    first
        The header of one of them.
    notes
        What is known already.
    lenient
        Whether to make the best of what is uneven, lacks planes, or has no place at all, and say so.

    Raises
    ------
    ReadError
        If they are not a regular stack of planes, or time points that nothing tells apart.
    """
    notes = list(notes)
    for assumed in dict.fromkeys(picture.assumed for picture in pictures if picture.assumed):
        notes.append(Note(NoteKind.ASSUMED, assumed))
    if lenient:
        pictures = _placed(pictures, notes)
    elif any(picture.overlays for picture in pictures):
        notes.append(Note(NoteKind.LOST, "Overlays, graphics drawn on top of its pictures, are left out"))
    reason = why_no_stack([picture.place for picture in pictures])
    if reason is None and len({(picture.stored, picture.rgb) for picture in pictures}) > 1:
        reason = "Its pictures differ in bits or colors: not a volume"
    if reason is None and len({(p.kind.quantity, p.unit, p.dose) for p in pictures}) > 1:
        reason = "Its pictures are of several units, or doses: not a volume"
    if reason is None and pictures[0].place.spacing is None:
        reason = "No pixel spacing, or none that makes sense: pictures, and not a volume"
    if reason is None and (spaces := len({picture.kind.space for picture in pictures} - {""})) > 1:
        if lenient or spaces == len({picture.source.path for picture in pictures}):  # as many as nobody means
            notes.append(Note(NoteKind.ASSUMED, f"Its pictures name {spaces} frames of reference: taken as one"))
        else:
            reason = "Its pictures are in several frames of reference: not a volume"
    if reason:
        raise ReadError(reason, _PLANES_REMEDY)
    planes = stack([picture.place for picture in pictures])
    if planes.aside:
        raise ReadError("Some of its pictures lie beside each other in one plane: not a volume", _PLANES_REMEDY)
    by_place = [
        [pictures[i] for i in group] for group in np.split(planes.order, np.cumsum(planes.counts)[:-1].astype(int))
    ]
    if not lenient:
        _check(planes)
    leading = _leading(by_place, notes)
    groups, step = fill_planes(planes, leading.groups, notes)
    return _assembled(planes, leading._replace(groups=groups), step, first, notes)


def _placed(pictures: Sequence[Picture], notes: list[Note]) -> Sequence[Picture]:
    """Place what says nothing of its place at the origin: a radiograph has none, and the frames of a movie share it."""
    place = pictures[0].place
    several = len({picture.source.path for picture in pictures}) > 1
    if (place.position and place.orientation) or (several and any(picture.place.position for picture in pictures)):
        return pictures
    notes.append(Note(NoteKind.ASSUMED, "Its position is not known: taken as axial, at the origin"))
    place = replace(place, position=(0.0, 0.0, 0.0), orientation=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
    if place.spacing is None:
        down = "" if place.ratio == 1 else f", and {place.ratio:.4g} mm down (Pixel Aspect Ratio)"
        notes.append(Note(NoteKind.ASSUMED, f"Its pixel spacing is not known: taken as 1 mm{down}"))
        place = replace(place, spacing=(place.ratio, 1.0))
    return [replace(picture, place=place) for picture in pictures]


def _assembled(
    planes: Stack, leading: _Leading, step: NDArray[np.float64], first: Dataset, notes: list[Note]
) -> Stacked:
    groups = leading.groups
    points = len(groups[0])
    ordered = [group[point] for point in range(points) for group in groups]
    there = [picture for picture in ordered if picture]
    one = there[0]
    array = PlaneArray(
        [StoredPlane(p.source, p.values, p.frame or 0) if p else StoredPlane(None, one.values) for p in ordered],
        (points, len(groups)) if points > 1 else (len(groups),),
        one.place.size,
        one.stored,
        dtype_of(one.stored, {picture.values for picture in there}),
        3 if one.rgb else 1,
    )
    if one.stored.photometric == "MONOCHROME1":
        notes.append(Note(NoteKind.LOST, "Low values are meant to be shown bright (MONOCHROME1)"))
    if one.source.is_moved and (high := one.source.high) is not None:
        bits = f"{high - one.stored.bits + 1} to {high}"
        notes.append(Note(NoteKind.ASSUMED, f"Its values are those in bits {bits}, as its High Bit says"))
    if where := measured_at(first):
        notes.append(Note(NoteKind.ASSUMED, f"Its distances are those {where}: taken as they are"))
    volume = Volume(
        array,
        affine=affine_of(planes, one.place, step, len(groups), notes),
        axes=(*((leading.axis,) if points > 1 else ()), "plane", "row", "column"),
        rgb=one.rgb,
        name=str(first.get("SeriesDescription") or ""),
        window=_window(there, notes),
        time_step=leading.seconds,
        notes=notes,
        origin=origin_of(ordered, first),
        lossy=next((picture.lossy for picture in there if picture.lossy), ()),
    )
    return Stacked(volume, ordered)


def origin_of(ordered: Sequence[Picture | None], first: Dataset) -> Origin:
    """Say where pictures are from; the folder is that of all of them.

    Parameters
    ----------
    ordered
        A picture of each plane, time point by time point; of masks, of which there may be several, one.
    first
        Header of one of them.
    """
    files = {os.fspath(picture.source.path) for picture in ordered if picture}
    frames = [0 if picture is None or picture.frame is None else picture.frame + 1 for picture in ordered]
    masks = any(picture and picture.segment for picture in ordered)
    return Origin(
        path=os.path.commonpath(files) if len(files) > 1 else files.pop(),
        study=text(first, "StudyInstanceUID"),
        series=text(first, "SeriesInstanceUID"),
        frame_of_reference=next((each.kind.space for each in ordered if each and each.kind.space), ""),
        instances=tuple(picture.uid if picture else "" for picture in ordered),
        frames=() if masks else tuple(frames),
        modality=text(first, "Modality"),
    )


def _check(planes: Stack) -> None:
    """Refuse what is not a regular grid."""
    if not planes.whole:
        what = f"From {planes.counts.min()} to {planes.counts.max()} pictures share a position"
        raise ReadError(what, "Complete its files, or take away those of incomplete time points")
    if not planes.straight:
        raise ReadError(why_uneven(planes), "Complete its files, or resample it with another program")


class _Leading(NamedTuple):
    """Pictures by position, in the order along an axis; what that is, and the seconds of its steps, if it is time."""

    axis: str
    groups: Groups
    seconds: float | None = None


def _leading(by_place: list[list[Picture]], notes: list[Note]) -> _Leading:
    """Bring the pictures that share a position into the order of what tells them apart: a setting, or time."""
    if max(map(len, by_place)) == 1:
        return _Leading("", [[*group] for group in by_place])
    if found := along_setting(by_place, notes):
        return _Leading(*found)
    keyword, groups = _in_time(by_place, notes)
    if keyword == "InstanceNumber" and (found := along_setting(by_place, notes, phases=True)):
        return _Leading(*found)
    moments = [[picture.moment for picture in group if picture] for group in groups]
    moments = [group for group in moments if len(group) == len(groups[0])]
    seconds = time_step(moments)
    axis = goes_along(groups, notes, is_timed=seconds is not None)
    if axis == "time" and seconds is None and (gaps := gaps_in_time(moments)) and gaps[0] > 0:
        what = f"Its time points are unevenly spaced, {gaps[0]:.4g} to {gaps[1]:.4g} s apart: its axis counts them"
        notes.append(Note(NoteKind.INFO, what))
    if keyword == "InstanceNumber":
        taken = "are taken as time points, in" if axis == "time" else "follow each other in"
        those = "frames" if by_place[0][0].frame is not None else "Instance Number"
        notes.append(Note(NoteKind.ASSUMED, f"Pictures at the same position {taken} the order of their {those}"))
    return _Leading(axis, groups, seconds if axis == "time" else None)


def _in_time(by_place: list[list[Picture]], notes: list[Note]) -> tuple[str, Groups]:
    """Bring pictures into the order of time; of which attribute, is told where all places have all."""
    if len({len(group) for group in by_place}) > 1:
        return "", fill_times(by_place, notes)
    found = order_in_time([[picture.moment for picture in group] for group in by_place])
    if found is None:
        raise ReadError(
            f"{len(by_place[0])} pictures share each position, and nothing tells which comes first",
            "Take away copies of the same files",
        )
    keyword, orders = found
    return keyword, [[group[i] for i in order] for group, order in zip(by_place, orders, strict=True)]


def affine_of(
    planes: Stack, place: Place, step: NDArray[np.float64], count: int, notes: list[Note]
) -> NDArray[np.float64]:
    """(plane, row, column, 1) → LPS mm, of so many planes; the thickness of a single one is its step."""
    rows, columns = place.spacing or (1.0, 1.0)
    matrix = np.eye(4)
    if count > 1:
        matrix[:3, 0] = step
    else:
        if not place.thickness:
            notes.append(Note(NoteKind.ASSUMED, "The thickness of its only plane is not known: taken as 1 mm"))
        matrix[:3, 0] = planes.normal * (place.thickness or 1.0)
    matrix[:3, 1], matrix[:3, 2] = planes.column * rows, planes.row * columns
    matrix[:3, 3] = planes.positions[0]
    return matrix


def _window(pictures: Sequence[Picture], notes: list[Note]) -> tuple[float, float] | None:
    """Return the window of all planes, or one that holds all of theirs."""
    windows = {picture.window for picture in pictures if picture.window}
    if len(windows) > 1:
        notes.append(Note(NoteKind.INFO, "Its planes have windows of their own: shown is one that holds them all"))
    return (min(low for low, _ in windows), max(high for _, high in windows)) if windows else None
