"""A series as viewers see it: one description, that a plan and the survey of a folder both fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydicom.multival import MultiValue
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    HTJ2KLossless,
    SecondaryCaptureImageStorage,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydicom.dataset import Dataset

# Of these a viewer needs to know only whether they hold a value.
_NEEDED = ("AcquisitionDate", "AcquisitionTime", "RepetitionTime", "EchoTime", "SpacingBetweenSlices")
_TIME_TAGS = ("TemporalPositionIdentifier", "DiffusionBValue", "TriggerTime", "EchoTime", "FrameReferenceTime")


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """A series of planes whose positions are known.

    Attributes
    ----------
    sop_class, syntax : str
        UIDs of SOP Class and transfer syntax.
    modality, photometric : str
        Modality and Photometric Interpretation.
    multiframe : bool
        Whether its instances hold several frames.
    bits : int
        Bits Allocated.
    signed : bool
        Pixel Representation.
    rescaled, mapped : bool
        Whether the Modality LUT changes the values; whether a Real World Value Mapping does, which few programs know.
    concatenated : bool
        Whether a multi-frame instance is cut into several files.
    references : bool
        Whether it names images of its study.
    voi_function : str
        VOI LUT Function.
    known : frozenset of str
        Keywords of those attributes that hold a value, of the few that some program needs.
    planes, rows, columns : int
        Planes are different positions.
    time_points : int
        How many instances share each position.
    told_apart : bool
        Whether a tag that OHIF knows tells the time points apart, see `times_told_apart`.
    even : bool
        Whether positions are evenly spaced along the normal, and the stack is not sheared.
    spacing : tuple of float
        Between planes, rows and columns, mm; 0 between the planes of a single one.
    upright : float
        Share of the distance between planes that lies along the patient's z axis: 1 in an axial series.
    furthest : float
        Largest coordinate of a voxel, mm.
    """

    sop_class: str
    syntax: str
    modality: str
    photometric: str
    multiframe: bool
    bits: int
    signed: bool
    rescaled: bool
    mapped: bool
    concatenated: bool
    references: bool
    voi_function: str
    known: frozenset[str]
    planes: int
    rows: int
    columns: int
    time_points: int
    told_apart: bool
    even: bool
    spacing: tuple[float, float, float]
    upright: float
    furthest: float

    @property
    def secondary_capture(self) -> bool:
        """Whether it is a Secondary Capture."""
        return self.sop_class == SecondaryCaptureImageStorage

    @property
    def color(self) -> bool:
        """Whether it has colors."""
        return not self.photometric.startswith("MONOCHROME")

    @property
    def deflated(self) -> bool:
        """Whether the whole data set is deflated."""
        return self.syntax == DeflatedExplicitVRLittleEndian

    @property
    def compressed(self) -> bool:
        """Whether frames are compressed."""
        return UID(self.syntax).is_encapsulated

    @property
    def htj2k(self) -> bool:
        """Whether frames are High-Throughput JPEG 2000, which is the youngest."""
        return self.syntax == HTJ2KLossless


def describe(
    header: Dataset,
    syntax: str,
    *,
    planes: int,
    time_points: int,
    told_apart: bool,
    even: bool,
    spacing: tuple[float, float, float],
    upright: float,
    furthest: float,
) -> SeriesFacts:
    """Describe a series by the header of one of its instances, and its geometry."""
    shared = header.get("SharedFunctionalGroupsSequence") or ()
    rescales = [header, *(shared[0].get("PixelValueTransformationSequence") or () if shared else ())]
    return SeriesFacts(
        sop_class=str(header.get("SOPClassUID") or ""),
        syntax=str(syntax),
        modality=str(header.get("Modality") or ""),
        photometric=str(header.get("PhotometricInterpretation") or "MONOCHROME2"),
        multiframe=int(header.get("NumberOfFrames") or 1) > 1,
        bits=int(header.get("BitsAllocated") or 0),
        signed=header.get("PixelRepresentation") == 1,
        rescaled=any(
            (number(said, "RescaleSlope") or 1.0, number(said, "RescaleIntercept")) != (1.0, 0.0) for said in rescales
        ),
        mapped="RealWorldValueMappingSequence" in header,
        concatenated="ConcatenationUID" in header,
        references="ReferencedSeriesSequence" in header,
        voi_function=str(header.get("VOILUTFunction") or ""),
        known=frozenset(keyword for keyword in _NEEDED if header.get(keyword) not in (None, "")),
        planes=planes,
        rows=int(header.get("Rows") or 0),
        columns=int(header.get("Columns") or 0),
        time_points=time_points,
        told_apart=told_apart,
        even=even,
        spacing=spacing,
        upright=upright,
        furthest=furthest,
    )


def times_told_apart(places: Iterable[Sequence[Mapping[str, Any] | Dataset]]) -> bool:
    """Whether a tag that OHIF knows tells pictures at one position apart, in the same way at all positions.

    Parameters
    ----------
    places
        Headers of the instances at each position.
    """
    groups = list(places)
    return any(_tells_apart(tag, groups) for tag in _TIME_TAGS)


def _tells_apart(tag: str, places: Iterable[Sequence[Mapping[str, Any] | Dataset]]) -> bool:
    values = [[number(header, tag) for header in headers] for headers in places]
    return all(len(set(v)) == len(v) and set(v) == set(values[0]) for v in values)


def number(header: Mapping[str, Any] | Dataset, tag: str) -> float:
    """First of one or several numbers; what is none is 0."""
    try:
        value = header.get(tag)
        return float((value[0] if isinstance(value, MultiValue) else value) or 0)
    except ValueError:
        return 0.0
