"""What is kept of one frame's header to make a volume of many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pydicom.tag import Tag

from napari_dicom_writer.reading.frame_vectors import ASSUMED, PART
from napari_dicom_writer.reading.real_values import (
    PIXEL_TAGS,
    StoredType,
    ValueMap,
    is_unmapped,
    unit_of,
    value_map_of,
    window_of,
)
from napari_dicom_writer.reading.settings import SETTING_TAGS, settings_of
from napari_dicom_writer.reading.shared import shared
from napari_dicom_writer.reading.stacking import PLACE_TAGS, Place, place_of
from napari_dicom_writer.reading.tables import Table
from napari_dicom_writer.reading.time_axis import NO_MOMENT, TIME_TAGS, Moment, moment_of
from napari_dicom_writer.reading.vendors import diffusion_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydicom.dataset import Dataset

    from napari_dicom_writer.reading.decoding.source import PixelSource
    from napari_dicom_writer.reading.tables import Values

PICTURE_TAGS = [
    *PLACE_TAGS,
    *PIXEL_TAGS,
    *TIME_TAGS,
    *SETTING_TAGS,
    *"FrameOfReferenceUID Units RescaleType DoseSummationType ImageType ComplexImageComponent".split(),
    "DiffusionDirectionality",
]
"""Keywords of the attributes that `picture_of` reads."""

OVERLAY_TAGS = frozenset(Tag(group, 0x0010) for group in range(0x6000, 0x6020, 2))
"""Overlay Rows of the groups that there may be; overlays themselves are read by `overlays`."""

_UNMAPPED = "Its Real World Value Mapping is a table, or one of several, and not applied"
_T = TypeVar("_T")
_KEYWORDS = {int(Tag(keyword)): keyword for keyword in PICTURE_TAGS}
_LENIENT = {
    *TIME_TAGS,
    *SETTING_TAGS,
    *"SliceLocation Units RescaleType DoseSummationType ComplexImageComponent WindowCenter WindowWidth".split(),
    "DiffusionDirectionality",
}
_COMPONENTS = {
    name: full for full in ("magnitude", "phase", "real", "imaginary") for name in (full[0].upper(), full.upper())
}


@dataclass(frozen=True, slots=True)
class Picture:
    """What is kept of one frame; most instances have one.

    Attributes
    ----------
    uid : str
        SOP Instance UID.
    source : PixelSource
    place : Place
    stored : StoredType
    values : ValueMap or Table
    window : tuple of float or None
        Least and greatest real value displayed.
    moment : Moment
    kind : Kind
        What tells images apart that are not of one volume.
    frame : int or None
        Which of its instance's frames it is, from 0; None in one that has no frames to be told apart.
    assumed : str
        What was assumed to place it.
    segment : int
        Number of the segment of which it is a mask; 0 of any other picture.
    overlays : tuple of int
        Groups of the overlays of its instance: graphics drawn on top (PS3.3 C.9.2).
    unit : str
        Of its values, by the mapping that made them; empty where none is said.
    lossy : tuple of (str, float)
        Method and ratio of each lossy compression of its instance, as of `lossy_before`.
    """

    uid: str
    source: PixelSource
    place: Place
    stored: StoredType
    values: Values
    window: tuple[float, float] | None
    moment: Moment
    kind: Kind
    frame: int | None = None
    assumed: str = ""
    segment: int = 0
    overlays: tuple[int, ...] = ()
    unit: str = ""
    lossy: tuple[tuple[str, float], ...] = ()

    @property
    def rgb(self) -> bool:
        """Whether it has colors: of its own, or of a palette."""
        return self.stored.samples == 3 or (isinstance(self.values, Table) and self.values.samples == 3)

    @property
    def dose(self) -> str:
        """Which dose it is of, if of any: each instance of several frames is one; single planes of a kind are one."""
        return self.kind.dose and f"{self.kind.dose} {self.uid if self.frame is not None else ''}"

    def as_stored(self) -> Picture:
        """Return the same with its values as they are stored, whatever they mean."""
        window = None
        if self.window and isinstance(self.values, ValueMap):
            low, high = sorted((end - self.values.intercept) / self.values.slope for end in self.window)
            window = (low, high)
        return replace(self, values=ValueMap(), window=window, unit="")


class Kind(NamedTuple):
    """What tells images apart that are not of one volume, in words; empty where nothing is said.

    `space` is the UID of the frame of reference.
    """

    space: str
    quantity: str
    dose: str
    localizer: str
    component: str
    settings: tuple[str, ...]
    image_type: str
    part: str


def said_of(header: Dataset) -> dict[str, Any]:
    """Return what a header says of `PICTURE_TAGS`, read once; times and kinds that make no sense are left out.

    Raises
    ------
    Exception
        Whatever the parser raises for a value of another attribute: without it, values or places would be wrong.
    """
    said = {}
    for tag in header.keys():  # noqa: SIM118 - a data set itself takes much longer to give them
        if keyword := _KEYWORDS.get(tag):
            try:
                said[keyword] = header[tag].value
            except Exception:
                if keyword not in _LENIENT:
                    raise
    if "DiffusionBValue" not in said:
        said |= diffusion_of(header)
    return said


def picture_of(
    uid: str,
    source: PixelSource,
    stored: StoredType,
    said: Mapping[str, Any],
    table: Table | None,
    frame: int | None = None,
    *,
    overlays: tuple[int, ...] = (),
    lossy: tuple[tuple[str, float], ...] = (),
) -> Picture:
    """Read what is kept of an instance, or of what is said of one of its frames; a table says what its values mean.

    Raises
    ------
    ReadError
        If its values cannot be told.
    Exception
        Whatever nonsense makes the parser raise.
    """
    values = ValueMap() if table or stored.samples > 1 else value_map_of(said)
    has_colors = stored.samples > 1 or (table is not None and table.samples > 1)
    return Picture(
        uid=uid,
        source=source,
        place=place_of(said),
        stored=shared(stored),
        values=table or shared(values),
        window=None if has_colors else shared(_or(None, lambda: window_of(said, values))),
        moment=_or(NO_MOMENT, lambda: moment_of(said)),
        kind=shared(_kind(said)),
        frame=frame,
        assumed="; ".join(filter(None, (said.get(ASSUMED), _UNMAPPED if is_unmapped(said) else ""))),
        segment=int(said.get("ReferencedSegmentNumber") or 0),
        overlays=overlays,
        unit=unit_of(said),
        lossy=lossy,
    )


def _or(other: _T, read: Callable[[], _T]) -> _T:
    """Read what tells no place and no value; where it makes no sense, it tells nothing."""
    try:
        return read()
    except (TypeError, ValueError):
        return other


def _kind(said: Mapping[str, Any]) -> Kind:
    kinds, quantity = said.get("ImageType") or (), str(said.get("Units") or said.get("RescaleType") or "")
    dose = str(said.get("DoseSummationType") or "")
    trace = "isotropic" if said.get("DiffusionDirectionality") == "ISOTROPIC" else ""  # it is of no direction
    named = [said.get("ComplexImageComponent") or "", *kinds[2:]]
    return Kind(
        space=str(said.get("FrameOfReferenceUID") or ""),
        quantity="" if quantity in ("US", "HU") else quantity,  # unspecified, and what a CT need not say
        dose=f"{dose.lower()} dose".strip() if "DoseGridScaling" in said else "",
        localizer="localizer" if "LOCALIZER" in kinds else "",
        component=next((_COMPONENTS[name] for name in named if name in _COMPONENTS), ""),
        settings=settings_of(said),
        image_type="\\".join(map(str, kinds)),
        part=", ".join(filter(None, (said.get(PART), trace))),
    )
