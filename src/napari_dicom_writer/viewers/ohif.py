"""OHIF, a viewer in the web browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.multival import MultiValue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydicom.dataset import Dataset


PUBLISHED = "by its published rule"


_TIME_TAGS = ("TemporalPositionIdentifier", "DiffusionBValue", "TriggerTime", "EchoTime", "FrameReferenceTime")


_PICTURES = ("CR", "DX", "MG")  # modalities of which OHIF shows each picture by itself


_TEXTURE = 2048  # side of a volume that nearly every graphics card takes in a web page


_ONE_PLACE = 0.01  # mm: OHIF takes what is nearer for one place, whatever its pixel spacing


def why_not(
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
