"""The modules of the image level: General Acquisition, General Image, Image Plane, Image Pixel."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from pydicom.valuerep import format_number_as_ds

from napari_dicom_writer.iods.modules.common import PRODUCT
from napari_dicom_writer.model.geometry import patient_letters
from napari_dicom_writer.options.choices import SpacingAt, TimeLayout
from napari_dicom_writer.standard.decimals import decimal_string
from napari_dicom_writer.standard.text import moment_of
from napari_dicom_writer.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.standard.transfer_syntax import TransferSyntax


def general_acquisition_of(series: SeriesPlan, instance: InstancePlan) -> Attributes:
    """General Acquisition (C.7.10.1): when, as far as it is known; the number tells time points apart."""
    given, time = series.options.series, series.time
    date, clock = given.acquisition_date, given.acquisition_time
    start = moment_of(date, clock)
    offset = time.offset(instance.frames[0].time_index) if time else None
    if start and offset is not None:
        date, clock = _moved(start, offset)
    attributes: Attributes = {"AcquisitionDate": date} if date else {}
    attributes |= {"AcquisitionTime": clock} if clock else {}
    return attributes | ({"AcquisitionNumber": str(instance.frames[0].time_index + 1)} if time else {})


@lru_cache(16)  # all planes of a time point ask the same
def _moved(moment: datetime, seconds: float) -> tuple[str, str]:
    moment += timedelta(seconds=seconds)
    return moment.strftime("%Y%m%d"), moment.strftime("%H%M%S.%f")


def temporal_position(series: SeriesPlan, *, own: bool = False) -> Attributes:
    """How many time points, and how far apart (C.8.3.1): of the object's `own`, else where the user wants them told.

    In other objects they are a Standard Extended SOP Class (PS3.2 3.11.1).
    """
    time = series.time
    if time is None or time.points == 1 or not (own or series.options.time is TimeLayout.NUMBERED):
        return {}
    attributes: Attributes = {"NumberOfTemporalPositions": str(time.points)}
    if time.step:
        attributes["TemporalResolution"] = decimal_string(time.step * 1000)
    return attributes


def temporal_position_of(series: SeriesPlan, instance: InstancePlan, *, own: bool = False) -> Attributes:
    """Temporal position (C.8.3.1), as for `temporal_position`."""
    told = temporal_position(series, own=own)
    return {"TemporalPositionIdentifier": str(instance.frame.time_index + 1)} if told else {}


def general_image(series: SeriesPlan, *image_type: str) -> Attributes:
    """General Image (C.7.6.1) of an image computed in napari."""
    attributes: Attributes = {
        "ImageType": list(image_type),
        **({} if series.time and series.time.step is not None else _content(series.study.created, 0.0)),
        **lossy_attributes(series.options.transfer_syntax, series.lossy),
        "DerivationDescription": f"Written from an image layer by {PRODUCT} {__version__}",
    }
    if series.comment:
        attributes["ImageComments"] = series.comment
    return attributes


def patient_orientation(series: SeriesPlan) -> Attributes:
    """Patient Orientation (C.7.6.1.1.1), for IODs without a required Image Plane; unknown of projections."""
    if series.projected:
        return {"PatientOrientation": ""}
    grid = series.grid
    return {"PatientOrientation": [patient_letters(grid.row_cosines), patient_letters(grid.column_cosines)]}


def general_image_of(series: SeriesPlan, instance: InstancePlan) -> Attributes:
    """Instance Number, and the content time of time points (C.7.6.1)."""
    attributes: Attributes = {"InstanceNumber": str(instance.number)}
    before = series.time.before_last(instance.frames[-1].time_index) if series.time else None
    return attributes if before is None else attributes | _content(series.study.created, before)


def _content(created: datetime, before: float) -> Attributes:
    """Content Date and Time: the pixels are made now.

    Of images that are related in time, content times tell how (type 2C): the last one is now.
    """
    date, clock = _moved(created, -before)
    return {"ContentDate": date, "ContentTime": clock}


_SPACING = {
    SpacingAt.PATIENT: "PixelSpacing",
    SpacingAt.DETECTOR: "ImagerPixelSpacing",
    SpacingAt.FILM: "NominalScannedPixelSpacing",
}


def pixel_spacing(series: SeriesPlan) -> Attributes:
    """Distances of rows and columns, by the attribute that says where they are measured (10.7.1, C.8.6.2).

    At the detector things look larger than they are; without a calibration nobody knows how much. In a Secondary
    Capture, Imager Pixel Spacing is a Standard Extended SOP Class (PS3.2 3.11.1).
    """
    return {_SPACING[series.options.spacing_at]: list(series.grid.pixel_spacing)}


def image_plane(series: SeriesPlan) -> Attributes:
    """Image Plane (C.7.6.2), but for the position. The thickness of a single plane is unknown: empty, type 2.

    Spacing Between Slices is in every object with planes: vtk-dicom takes gaps of a micrometer for 1 mm, and
    Bio-Formats knows no distance at all, where it is missing.
    """
    attributes: Attributes = {
        **pixel_spacing(series),
        "ImageOrientationPatient": list(series.grid.orientation),
        "SliceThickness": series.grid.spacing_between_planes,
    }
    if series.grid.spacing_between_planes:
        attributes["SpacingBetweenSlices"] = series.grid.spacing_between_planes
    return attributes


def image_plane_of(instance: InstancePlan) -> Attributes:
    """Position of one plane (C.7.6.2)."""
    return {"ImagePositionPatient": "\\".join(instance.frame.position), "SliceLocation": instance.frame.location}


def image_pixel(series: SeriesPlan) -> Attributes:
    """Image Pixel (C.7.6.3) without the pixels."""
    stored = series.stored
    attributes: Attributes = {
        "SamplesPerPixel": stored.samples,
        "PhotometricInterpretation": series.options.transfer_syntax.photometric_interpretation(stored.samples),
        "Rows": series.rows,
        "Columns": series.columns,
        "BitsAllocated": stored.bits,
        "BitsStored": stored.bits,
        "HighBit": stored.bits - 1,
        "PixelRepresentation": int(stored.signed),
    }
    if stored.samples == 3:
        attributes["PlanarConfiguration"] = 0
    return attributes


LOSSY_RATIO = "LossyImageCompressionRatio"
"""The one lossy attribute that is each frame's own."""


def compression_ratio(native: int, codestream: int, before: Sequence[tuple[str, float]] = ()) -> str:
    """Lossy Image Compression Ratio (0028,2112): native bytes over those of the fragment, with its padding.

    What the source lost `before` comes first, as in Lossy Image Compression Method, if all of it is known.

    Examples
    --------
    >>> compression_ratio(524288, 52429)
    '9.99977'
    """
    own = format_number_as_ds(float(f"{native / (codestream + codestream % 2):.6g}"))
    return "\\".join([*known_ratios(before), own])


def known_ratios(before: Sequence[tuple[str, float]]) -> list[str]:
    """Return the ratios of what was lost before, as DS; none if one method or ratio of it is not known."""
    return [decimal_string(ratio) for _, ratio in before] if all(method and ratio for method, ratio in before) else []


def lossy_attributes(syntax: TransferSyntax, before: Sequence[tuple[str, float]] = ()) -> Attributes:
    """Give what the header says of lossy compression (PS3.3 C.7.6.1.1.5), but for the ratio of each frame.

    What once lost something says so forever: `before` are method and ratio of each time. Of sources that say nothing it
    is not known, and nothing is said.
    """
    if syntax.lossless and not before:
        return {}
    ratios = known_ratios(before)
    # A method without a ratio may be said alone; beside a ratio of its own, each needs one.
    earlier = [method for method, _ in before] if ratios or (syntax.lossless and all(m for m, _ in before)) else []
    attributes: Attributes = {"LossyImageCompression": "01"}
    if methods := [*earlier, *([] if syntax.lossless else [syntax.row.lossy_method])]:
        attributes["LossyImageCompressionMethod"] = methods
    if syntax.lossless and ratios:
        attributes[LOSSY_RATIO] = ratios
    return attributes
