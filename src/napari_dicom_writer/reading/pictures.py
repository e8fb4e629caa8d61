"""The single-frame images of a folder, series by series: what is kept of each header to make a volume of them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import ExportError, ReadError, Refusals
from napari_dicom_writer.reading.decoding.source import PixelSource, pixel_source
from napari_dicom_writer.reading.files import as_they_are
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
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

    from napari_dicom_writer.reading.catalogue import Catalogue, Entry

_SERIES_TAGS = (
    "SpecificCharacterSet SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID SeriesNumber "
    "SeriesDescription SliceThickness ImageType EchoTime DiffusionBValue"
).split()
_TAGS = [*_SERIES_TAGS, *PLACE_TAGS, *PIXEL_TAGS, *TIME_TAGS]


@dataclass(frozen=True, slots=True)
class Picture:
    """What is kept of the header of one instance.

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
    kind : tuple of str
        What tells images apart that are not of one volume: whether it is a localizer, echo time, b-value.
    """

    uid: str
    source: PixelSource
    place: Place
    stored: StoredType
    values: ValueMap
    window: tuple[float, float] | None
    moment: Moment
    kind: tuple[str, str, str]


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
            with self.refusals.collect(self.where):
                self.pictures.append(_picture(entry))


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


def _picture(entry: Entry) -> Picture:
    header = entry.header.dataset
    with understood():
        stored = stored_type_of(header)
        values = ValueMap() if stored.samples > 1 else value_map_of(header)
        return Picture(
            uid=str(header.get("SOPInstanceUID") or ""),
            source=pixel_source(
                entry.path, header, header.file_meta.get("TransferSyntaxUID", ""), entry.header.pixels_at
            ),
            place=place_of(header),
            stored=stored,
            values=values,
            window=None if stored.samples > 1 else window_of(header, values),
            moment=moment_of(header),
            kind=_kind(header),
        )


def _kind(header: Dataset) -> tuple[str, str, str]:
    localizer = "localizer" if "LOCALIZER" in (header.get("ImageType") or ()) else ""
    echo, diffusion = header.get("EchoTime"), header.get("DiffusionBValue")
    return (
        localizer,
        "" if echo is None else f"echo {float(echo):g} ms",
        "" if diffusion is None else f"b {float(diffusion):g} s/mm²",
    )
