"""The pictures of a folder, series by series: what is kept of each frame's header to make a volume of them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pydicom.uid import DeflatedExplicitVRLittleEndian

from napari_dicom_writer.errors import ExportError, ReadError, Refusals
from napari_dicom_writer.reading.decoding.codestreams import is_native
from napari_dicom_writer.reading.decoding.source import NUMBERS, PixelSource, pixel_source
from napari_dicom_writer.reading.files import as_they_are
from napari_dicom_writer.reading.frame_vectors import ASSUMED, PART
from napari_dicom_writer.reading.frames import FRAME_TAGS, frames_of, is_multiframe
from napari_dicom_writer.reading.real_values import (
    PIXEL_TAGS,
    StoredType,
    ValueMap,
    stored_type_of,
    value_map_of,
    window_of,
)
from napari_dicom_writer.reading.stacking import PLACE_TAGS, Place, place_of
from napari_dicom_writer.reading.time_axis import TIME_TAGS, Moment, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydicom.dataset import Dataset

    from napari_dicom_writer.reading.catalogue import Catalogue, Entry

_SERIES_TAGS = (
    "SpecificCharacterSet SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID "
    "SeriesNumber SeriesDescription SliceThickness"
).split()
_KIND_TAGS = "ImageType EchoTime DiffusionBValue ComplexImageComponent".split()
_OF_FRAMES = [*PLACE_TAGS, *PIXEL_TAGS, *TIME_TAGS, *_KIND_TAGS]
_TAGS = [*_SERIES_TAGS, *_OF_FRAMES, *FRAME_TAGS]
_LEAST_FRAME = 8  # bytes: the head of an item
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
    values : ValueMap
    window : tuple of float or None
        Least and greatest real value displayed.
    moment : Moment
    kind : Kind
        What tells images apart that are not of one volume.
    frame : int or None
        Which of its instance's frames it is, from 0; None in one that has no frames to be told apart.
    assumed : str
        What was assumed to place it.
    """

    uid: str
    source: PixelSource
    place: Place
    stored: StoredType
    values: ValueMap
    window: tuple[float, float] | None
    moment: Moment
    kind: Kind
    frame: int | None = None
    assumed: str = ""


class Kind(NamedTuple):
    """What tells images apart that are not of one volume, in words; empty where nothing is said."""

    localizer: str
    component: str
    echo: str
    diffusion: str
    part: str


@dataclass(slots=True)
class Series:
    """The instances of one series.

    Attributes
    ----------
    uid : str
        Series Instance UID.
    first : Dataset
        Header of the first of them.
    pictures : list of Picture
    blank : int
        Instances without pixels.
    refusals : Refusals
        Why one of its pictures, the first such one, cannot be read.
    """

    uid: str
    first: Dataset
    pictures: list[Picture] = field(default_factory=list)
    blank: int = 0
    refusals: Refusals = field(default_factory=Refusals)

    @property
    def number(self) -> str:
        """Series Number; empty where it is not known."""
        try:
            return str(self.first.get("SeriesNumber") or "")
        except Exception:  # noqa: BLE001 - whatever a wrong value makes the parser raise
            return ""

    @property
    def where(self) -> str:
        """The series in words."""
        return f"series {self.number}".strip()

    def add(self, entry: Entry) -> None:
        """Take in an instance."""
        if "Rows" not in entry.header.dataset:
            self.blank += 1
        elif not self.refusals:  # one reason is enough
            with self.refusals.collect():
                self.pictures += _pictures(entry)


def series_in(found: Catalogue, series_uid: str | None = None) -> list[Series]:
    """Read the headers of all files.

    Parameters
    ----------
    found
        Where they are; what is damaged is told by it afterwards.
    series_uid
        Of the only series to read; all, if None.

    Returns
    -------
    list of Series
        Those that have pictures, by series number, then UID.

    Raises
    ------
    ReadError
        If there is none.
    """
    series: dict[str, Series] = {}
    with as_they_are():
        for entry in found.entries(_TAGS):
            uid = str(entry.header.dataset.SeriesInstanceUID)
            if series_uid in (None, uid):
                series.setdefault(uid, Series(uid, entry.header.dataset)).add(entry)
    if not series and not found.damaged:
        what = "no DICOM series" if series_uid is None else "no series with this UID"
        raise ReadError(f"There is {what} there", "Name a folder with DICOM files")
    pictures = [each for each in series.values() if each.pictures or each.refusals]
    if not pictures and not found.damaged:
        raise ReadError("The DICOM files there hold no pictures", "Name a folder with images")
    return sorted(pictures, key=lambda each: (_sortable(each.number), each.uid))


def _sortable(number: str) -> float:
    try:
        return float(number)
    except ValueError:
        return float("inf")


@contextmanager
def understood() -> Iterator[None]:
    """Refuse what makes the parser fail: it raises whatever it likes when a value is asked for."""
    try:
        yield
    except ExportError:
        raise
    except Exception as error:
        # The values themselves may be anything: they stay out of the message.
        raise ReadError("Its attributes cannot be understood", "Ask its maker for a repaired file") from error


def _pictures(entry: Entry) -> list[Picture]:
    header = entry.header.dataset
    with understood():
        stored = stored_type_of(header)
        source = pixel_source(entry.path, header, header.file_meta.get("TransferSyntaxUID", ""), entry.header.pixels_at)
        uid = str(header.get("SOPInstanceUID") or "")
        if not is_multiframe(header):
            return [_picture(uid, source, stored, header, None)]
        frames = frames_of(header, _OF_FRAMES, _most_frames(source))
        if "PerFrameFunctionalGroupsSequence" in header:  # the header of a series is kept, and they are large
            del header.PerFrameFunctionalGroupsSequence
        return [_picture(uid, source, stored, frame, number) for number, frame in enumerate(frames)]


def _most_frames(source: PixelSource) -> int:
    """How many frames a file of this size can hold; a header may say any number."""
    rows, columns, samples, bits = (source.options[key] for key in NUMBERS[:4])
    plain = is_native(source.syntax) and source.syntax != DeflatedExplicitVRLittleEndian
    return source.stamp[0] * 8 // (rows * columns * samples * bits if plain else _LEAST_FRAME * 8)


def _picture(
    uid: str, source: PixelSource, stored: StoredType, said: Dataset | Mapping[str, Any], frame: int | None
) -> Picture:
    values = ValueMap() if stored.samples > 1 else value_map_of(said)
    return Picture(
        uid=uid,
        source=source,
        place=place_of(said),
        stored=stored,
        values=values,
        window=None if stored.samples > 1 else window_of(said, values),
        moment=moment_of(said),
        kind=_kind(said),
        frame=frame,
        assumed=said.get(ASSUMED) or "" if frame is not None else "",
    )


def _kind(said: Dataset | Mapping[str, Any]) -> Kind:
    kinds = said.get("ImageType") or ()
    echo, diffusion = said.get("EchoTime"), said.get("DiffusionBValue")
    named = [said.get("ComplexImageComponent") or "", *kinds[2:]]
    return Kind(
        localizer="localizer" if "LOCALIZER" in kinds else "",
        component=next((_COMPONENTS[name] for name in named if name in _COMPONENTS), ""),
        echo="" if echo is None else f"echo {float(echo):g} ms",
        diffusion="" if diffusion is None else f"b {float(diffusion):g} s/mm²",
        part=said.get(PART) or "" if isinstance(said, dict) else "",
    )
