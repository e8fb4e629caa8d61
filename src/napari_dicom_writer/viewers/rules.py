"""Which software opens a series as a volume: rules from measured behavior, each held by a test with that software.

OHIF is a web page; its rules are those it publishes (`isDisplaySetReconstructable` of 3.13.2 to 3.14.0-beta.6), held by
a test that works them out anew from the tags of the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydicom.multival import MultiValue

from napari_dicom_writer.model.geometry import MAX_DISPLACEMENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydicom.dataset import Dataset

_PUBLISHED = "by its published rule"
_TIME_TAGS = ("TemporalPositionIdentifier", "DiffusionBValue", "TriggerTime", "EchoTime", "FrameReferenceTime")
_PICTURES = ("CR", "DX", "MG")  # modalities of which OHIF shows each picture by itself
_TEXTURE = 2048  # side of a volume that nearly every graphics card takes in a web page
_ONE_PLACE = 0.01  # mm: OHIF takes what is nearer for one place, whatever its pixel spacing


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one program makes of a series.

    Attributes
    ----------
    software : str
    opens : bool
        Whether it shows one volume with every voxel in its place.
    why : str
        What it does instead, or needs; empty when there is nothing to say.
    """

    software: str
    opens: bool
    why: str = ""

    def __str__(self) -> str:
        return f"{self.software}: {'yes' if self.opens else 'no'}{f' ({self.why})' if self.why else ''}"


def opens_as_volume(
    *,
    planes: int,
    rows: int,
    columns: int,
    time_points: int,
    evenly_spaced: bool,
    deflated: bool = False,
    single_precision_error: float = 0.0,
    modality: str = "OT",
    photometric: str = "MONOCHROME2",
    length: float = float("inf"),
    told_apart: bool = False,
) -> tuple[Verdict, ...]:
    """Say which software opens a series of single-frame instances as a volume.

    Parameters
    ----------
    planes
        Number of different positions.
    rows, columns
        Of each plane.
    time_points
        How many instances share each position.
    evenly_spaced
        Whether positions are evenly spaced along the normal, and the stack is not sheared.
    deflated
        Whether the transfer syntax is Deflated.
    single_precision_error
        How many voxels off a position is in single precision, in which dcm2niix and OHIF compute: much for microscopy
        far from the origin.
    modality
        As written.
    photometric
        Photometric Interpretation, as written: it depends on the transfer syntax, too.
    length
        From the first position to the last, mm.
    told_apart
        Whether a tag that OHIF knows tells the time points apart, see `times_told_apart`.
    """
    off = single_precision_error > MAX_DISPLACEMENT
    imprecise = f"computes in single precision: voxels up to {single_precision_error:.2g} off" if off else ""
    why_not = _why_not_in_ohif(
        planes, max(planes, rows, columns), time_points, modality, photometric, length, told_apart=told_apart
    )
    why_in_ohif = "as 4-D" if time_points > 1 else "brightens colors" if photometric == "RGB" else _PUBLISHED
    ohif = Verdict("OHIF", opens=not (why_not or off), why=why_not or imprecise or why_in_ohif)
    if deflated:
        off, imprecise = True, "does not read deflated files"
    elif min(rows, columns) == 1:
        off, imprecise = True, "does not take planes of one row or column"
    if not evenly_spaced:
        return (
            Verdict("SimpleITK", opens=False, why="averages the gaps silently"),
            Verdict("highdicom", opens=False, why="refuses uneven planes"),
            Verdict("dcm2niix", opens=False, why="writes an extra, resampled file"),
            Verdict("OHIF", opens=False, why="averages the gaps, and refuses wide ones"),
        )
    if time_points > 1:
        return (
            Verdict("SimpleITK", opens=False, why="one long stack of all time points; use one series per time point"),
            Verdict("highdicom", opens=False, why="refuses several time points in a series"),
            Verdict("dcm2niix", opens=not off, why=imprecise or "as 4-D"),
            ohif,
        )
    why = "as a single plane" if planes == 1 else ""
    as_rows = rows == 1 and planes > 1
    return (
        Verdict("SimpleITK", opens=not as_rows, why="takes planes of one row for rows" if as_rows else why),
        Verdict("highdicom", opens=True, why=why),
        Verdict("dcm2niix", opens=not off, why=imprecise or why),
        ohif,
    )


def _why_not_in_ohif(
    planes: int, largest: int, time_points: int, modality: str, photometric: str, length: float, *, told_apart: bool
) -> str:
    """Say why OHIF makes no volume of evenly spaced planes; empty if it does."""
    if planes == 1:
        return "shows a single plane as a picture"
    if modality in _PICTURES:
        return f"shows each picture of {modality} by itself"
    if time_points > 1 and not told_apart:
        return "no tag that it knows tells the time points apart; use one series per time point"
    if length < _ONE_PLACE:
        return f"from version 3.14 takes planes within {_ONE_PLACE} mm for one"
    if largest > _TEXTURE:
        return f"more than {_TEXTURE} planes, rows or columns are too many for most graphics cards"
    if photometric != "RGB" and not photometric.startswith("MONOCHROME"):
        return f"makes no volume of {photometric} colors"
    return ""


def times_told_apart(headers: Iterable[Dataset]) -> bool:
    """Whether a tag that OHIF knows tells pictures at one position apart, in the same way at all positions.

    Parameters
    ----------
    headers
        Of a series, each with its Image Position (Patient).
    """
    places: dict[tuple[float, ...], list[Dataset]] = {}
    for header in headers:
        places.setdefault(tuple(map(float, header.ImagePositionPatient)), []).append(header)
    return any(_tells_apart(tag, places.values()) for tag in _TIME_TAGS)


def _tells_apart(tag: str, places: Iterable[list[Dataset]]) -> bool:
    values = [[_number(header, tag) for header in headers] for headers in places]
    return all(len(set(v)) == len(v) and set(v) == set(values[0]) for v in values)


def _number(header: Dataset, tag: str) -> float:
    """First of one or several numbers; what is none is 0 in OHIF."""
    try:
        value = header.get(tag)
        return float((value[0] if isinstance(value, MultiValue) else value) or 0)
    except ValueError:
        return 0.0


def single_precision_error(largest_coordinate: float, smallest_spacing: float) -> float:
    """Return how many voxels off single precision places a voxel."""
    return largest_coordinate * 2**-23 / smallest_spacing


def summary(verdicts: tuple[Verdict, ...]) -> str:
    """Name the software that opens the series, in one line."""
    return ", ".join(v.software for v in verdicts if v.opens) or "none that was tested"
