"""Frames and the instances that hold them: what is written, plane by plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from napari_dicom_writer.plan.plan import ExportPlan


class FramePlan(NamedTuple):
    """One frame: a plane of the layer, or what one segment or channel takes of it. There may be a million of them.

    Attributes
    ----------
    leading : tuple of int
        Where its pixels are: index along the volume's leading axes.
    plane : int
        Where its pixels are: index along the planes.
    time_index : int
        Time point along the layer's time axis, from 0.
    position : tuple of str
        ImagePositionPatient.
    location : str
        SliceLocation: along the normal.
    part : int or None
        Which segment (Segment Number) or channel (from 1) it shows; None where it shows all there is. Several frames
        may show parts of one plane.
    member : int
        Which layer it is of, among those of its series.
    """

    leading: tuple[int, ...]
    plane: int
    time_index: int
    position: tuple[str, str, str]
    location: str
    part: int | None = None
    member: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of an instance that no file holds whole one file of a concatenation is (PS3.3 C.7.6.16).

    Attributes
    ----------
    uid : str
        Concatenation UID, of all its parts.
    whole : str
        SOP Instance UID that the whole would have.
    number, total : int
        Which part of how many, from 1.
    offset : int
        How many frames stand in the parts before it.
    frames : tuple of FramePlan
        Those of the whole, by which all parts count their dimensions.
    """

    uid: str
    whole: str
    number: int
    total: int
    offset: int
    frames: tuple[FramePlan, ...]


class InstancePlan(NamedTuple):
    """One instance: a file.

    Attributes
    ----------
    uid : str
        SOP Instance UID, fixed here so that writing it again gives the same file.
    number : int
        Instance Number, from 1, rising along row × column, time point by time point.
    frames : tuple of FramePlan
        In the order of the file, which need not be the order in which planes are read. A single-frame instance is the
        case of one.
    part : Part or None
        Of a concatenation, whose parts share their Instance Number.
    """

    uid: str
    number: int
    frames: tuple[FramePlan, ...]
    part: Part | None = None

    @property
    def frame(self) -> FramePlan:
        """The frame of a single-frame instance."""
        (only,) = self.frames
        return only

    @property
    def filename(self) -> str:
        """Name of its file in the series' folder."""
        part = f"-{self.part.number:03d}" if self.part else ""
        return f"{self.number:05d}{part}.dcm"


class Place(NamedTuple):
    """Where a plane goes: which series, which instance, which of its frames (from 0)."""

    series: int
    instance: InstancePlan
    at: int

    @property
    def frame(self) -> FramePlan:
        """The frame."""
        return self.instance.frames[self.at]


PlanePlaces = dict[int, list[Place]]
"""The frames that show one plane, in the order of instances, by the series they are in."""


def frame_places(plan: ExportPlan, volume_index: int) -> dict[tuple[tuple[int, ...], int], PlanePlaces]:
    """Map (leading index, plane) of a volume to the frames that show it."""
    places: dict[tuple[tuple[int, ...], int], PlanePlaces] = {}
    for number, series in enumerate(plan.series):
        members = {member for member, one in enumerate(series.layers) if one.volume_index == volume_index}
        for instance in series.instances if members else ():
            for at, frame in enumerate(instance.frames):
                if frame.member in members:
                    shown = places.setdefault((frame.leading, frame.plane), {})
                    shown.setdefault(number, []).append(Place(number, instance, at))
    return places
