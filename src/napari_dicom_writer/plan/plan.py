"""Every decision of an export, taken, and nothing written: frozen, picklable, without pixels.

The preview of the dock widget, ``--dry-run`` and the report all show these objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydicom.uid import ImplicitVRLittleEndian

from napari_dicom_writer.model.geometry import patient_letters
from napari_dicom_writer.options.choices import SpacingAt
from napari_dicom_writer.plan.segments import StoredContours
from napari_dicom_writer.plan.wording import describe, where
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

if TYPE_CHECKING:
    from datetime import datetime

    from pydicom.uid import UID

    from napari_dicom_writer.errors import Note
    from napari_dicom_writer.model.verdict import Verdict
    from napari_dicom_writer.options.choices import VerifyLevel
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.grid import Grid
    from napari_dicom_writer.plan.segments import SegmentPlan, SourcePlan
    from napari_dicom_writer.plan.stored_values import StoredValues, Window

# What a header takes, for the estimate of bytes; measured 1.4 to 1.9 kB.
_HEADER_BYTES = 1700
# What the outlines of a region take on a plane; measured 3 kB.
_CONTOUR_BYTES = 3000


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """What all series of an export share: identity and moment.

    Attributes
    ----------
    timezone : str
        Offset of this machine from UTC; empty where dates and times come from elsewhere, too.
    """

    uid: str
    frame_of_reference_uid: str
    id: str
    patient_name: str
    patient_id: str
    date: str
    time: str
    created: datetime
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class TimePlan:
    """The time points in a series.

    Attributes
    ----------
    points : int
        How many time points the series holds; 1 where each has a series of its own.
    step : float or None
        Seconds between them, if known.
    start : float
        Seconds from wherever the layer counts from to the first of its points.
    length : int
        How many the layer holds.
    """

    points: int
    step: float | None
    start: float = 0.0
    length: int = 1

    def offset(self, index: int) -> float | None:
        """Seconds from wherever the layer counts from to a time point, if known."""
        return None if self.step is None else self.start + index * self.step

    def before_last(self, index: int) -> float | None:
        """Seconds from a time point to the last of the layer, if known."""
        return None if self.step is None else (self.length - 1 - index) * self.step


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """One series, decided to the last tag.

    Attributes
    ----------
    iod : str
        Key into the table of IODs.
    title : str
        What people call that object, with the modality where that says more, such as ``Secondary Capture, US``.
    modality : str
        What made the images, as written.
    layer : str
        Name of the layer it comes from.
    volume_index : int
        Position of that layer among the exported ones; of several layers, of the first.
    axes : str
        What the axes of its array were taken as, with their sizes.
    opens_in : tuple of Verdict
        Which software opens the series as a volume.
    lossy : tuple of (str, float)
        How lossy compression has altered the source before: method and ratio of each time.
    segments : tuple of SegmentPlan
        Of a segmentation.
    shown_with : SourcePlan or None
        The image of the same export that a map names, for viewers that show it with one only.
    source : SourcePlan or None
        The image that a segmentation belongs to.
    members : tuple of SeriesPlan
        Of a series of several layers, what each of them would be alone.
    """

    iod: str
    title: str
    modality: str
    layer: str
    volume_index: int
    axes: str
    uid: str
    number: int
    description: str
    comment: str
    options: ExportOptions
    study: StudyPlan
    grid: Grid
    planes: int
    rows: int
    columns: int
    stored: StoredValues
    window: Window | None
    time: TimePlan | None
    instances: tuple[InstancePlan, ...]
    opens_in: tuple[Verdict, ...]
    notes: tuple[Note, ...]
    lossy: tuple[tuple[str, float], ...] = ()
    segments: tuple[SegmentPlan, ...] = ()
    source: SourcePlan | None = None
    shown_with: SourcePlan | None = None
    members: tuple[SeriesPlan, ...] = ()

    @property
    def layers(self) -> tuple[SeriesPlan, ...]:
        """What each of its layers is, or would be alone."""
        return self.members or (self,)

    @property
    def encoding(self) -> UID:
        """Transfer Syntax UID: of contours longer than 64 KiB one with implicit VRs (PS3.5 A.1)."""
        long = isinstance(self.stored, StoredContours) and self.stored.long
        return ImplicitVRLittleEndian if long else self.options.transfer_syntax.uid

    @property
    def frame_bits(self) -> int:
        """Size of the stored values of one frame, in bits: masks have one a pixel, without a gap between frames."""
        return self.rows * self.columns * self.stored.samples * self.stored.bits

    @property
    def frame_bytes(self) -> int:
        """Size of the stored values of one frame, uncompressed and not padded."""
        return self.frame_bits // 8

    def pixel_bytes(self, instance: InstancePlan) -> int:
        """Length of an instance's Pixel Data, uncompressed and padded to an even one."""
        size = -(-len(instance.frames) * self.frame_bits // 8)
        return size + size % 2

    @property
    def frames(self) -> int:
        """Number of frames in all instances."""
        return sum(len(instance.frames) for instance in self.instances)

    @property
    def bytes(self) -> int:
        """Estimated size on disk."""
        contours = 0 if self.stored.bits else _CONTOUR_BYTES * self.frames
        return sum(self.pixel_bytes(instance) + _HEADER_BYTES for instance in self.instances) + contours

    @property
    def directions(self) -> str:
        """Where columns, rows and planes run, in patient letters, such as ``L, P, H``."""
        grid = self.grid
        return ", ".join(patient_letters(v) for v in (grid.row_cosines, grid.column_cosines, grid.normal))

    @property
    def spacing(self) -> tuple[float | None, float, float]:
        """Distance between planes (None for a single one), rows and columns, in mm."""
        between = self.grid.spacing_between_planes
        row, column = map(float, self.grid.pixel_spacing)
        return (float(between) if between else None, row, column)

    @property
    def projected(self) -> bool:
        """Whether its pictures lie nowhere in the patient, for their distances are measured elsewhere."""
        return self.options.spacing_at is not SpacingAt.PATIENT

    @property
    def time_points(self) -> int:
        """How many frames share each position."""
        return self.time.points if self.time else 1


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """Everything that will be written.

    Attributes
    ----------
    study : StudyPlan
    series : tuple of SeriesPlan
    workers : int
        Threads that encode and write.
    """

    study: StudyPlan
    series: tuple[SeriesPlan, ...]
    workers: int = 1

    @property
    def verify(self) -> VerifyLevel:
        """How much is read back: the same of all series."""
        return self.series[0].options.verify

    @property
    def instances(self) -> int:
        """Number of instances."""
        return sum(len(series.instances) for series in self.series)

    @property
    def frames(self) -> int:
        """Number of frames in all instances."""
        return sum(series.frames for series in self.series)

    @property
    def bytes(self) -> int:
        """Estimated size on disk."""
        return sum(series.bytes for series in self.series)

    @property
    def compressed(self) -> bool:
        """Whether `bytes` is only the most it can be."""
        return any(series.options.transfer_syntax is not TransferSyntax.EXPLICIT_LE for series in self.series)

    @property
    def axes(self) -> dict[str, str]:
        """What the axes of each layer were taken as, by the words for the layer."""
        return {where(one.volume_index, one.layer): one.axes for series in self.series for one in series.layers}

    def of_layer(self, volume_index: int) -> list[SeriesPlan]:
        """What a layer becomes: its series, or its part of one."""
        return [one for series in self.series for one in series.layers if one.volume_index == volume_index]

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is assumed or lost, each once."""
        return tuple(dict.fromkeys(note for series in self.series for note in series.notes))

    def __str__(self) -> str:
        lines = [describe(series) for series in self.series]
        lines += [f"  axes of {name}: {axes}" for name, axes in self.axes.items()]
        lines += [f"  {note.kind}: {note}" for note in self.notes]
        return "\n".join(lines)
