"""The modules of the image level: General Acquisition, General Image, Image Plane, Image Pixel."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from pydicom.valuerep import format_number_as_ds

from napari_dicom_writer.iods.modules.common import PRODUCT
from napari_dicom_writer.model.geometry import patient_letters
from napari_dicom_writer.standard.text import moment_of
from napari_dicom_writer.version import __version__

if TYPE_CHECKING:
    from datetime import datetime

    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.standard.transfer_syntax import TransferSyntax


def general_acquisition_of(series: SeriesPlan, instance: InstancePlan) -> Attributes:
    """General Acquisition (C.7.10.1): when, as far as it is known; the number tells time points apart.

    Times count from the moment of the acquisition, where that is known, else from that of the export.
    """
    date, clock = series.options.series.acquisition_date, series.options.series.acquisition_time
    attributes: Attributes = {"AcquisitionDate": date} if date else {}
    attributes |= {"AcquisitionTime": clock} if clock else {}
    if series.time is None:
        return attributes
    time_index = instance.frames[0].time_index
    attributes["AcquisitionNumber"] = str(time_index + 1)
    offset = series.time.offset(time_index)
    return attributes if offset is None else attributes | _acquired(date, clock, series.study.created, offset)


@lru_cache(16)  # all planes of a time point ask the same
def _acquired(date: str, clock: str, exported: datetime, offset: float) -> Attributes:
    moment = (moment_of(date, clock) or exported) + timedelta(seconds=offset)
    return {"AcquisitionDate": moment.strftime("%Y%m%d"), "AcquisitionTime": moment.strftime("%H%M%S.%f")}


def general_image(series: SeriesPlan, *image_type: str) -> Attributes:
    """General Image (C.7.6.1) of an image computed in napari."""
    attributes: Attributes = {
        "ImageType": list(image_type),
        "ContentDate": series.study.created.strftime("%Y%m%d"),
        "ContentTime": series.study.created.strftime("%H%M%S.%f"),
        "BurnedInAnnotation": "NO",
        **lossy_attributes(series.options.transfer_syntax),
        "DerivationDescription": f"Written from an image layer by {PRODUCT} {__version__}",
    }
    if series.comment:
        attributes["ImageComments"] = series.comment
    return attributes


def patient_orientation(series: SeriesPlan) -> Attributes:
    """Patient Orientation (C.7.6.1.1.1), for IODs that do not require the Image Plane module."""
    grid = series.grid
    return {"PatientOrientation": [patient_letters(grid.row_cosines), patient_letters(grid.column_cosines)]}


def general_image_of(instance: InstancePlan) -> Attributes:
    """Instance Number (C.7.6.1)."""
    return {"InstanceNumber": str(instance.number)}


def image_plane(series: SeriesPlan) -> Attributes:
    """Image Plane (C.7.6.2), but for the position. The thickness of a single plane is unknown: empty, type 2.

    Spacing Between Slices is in every object with planes: vtk-dicom takes gaps of a micrometer for 1 mm, and
    Bio-Formats knows no distance at all, where it is missing.
    """
    attributes: Attributes = {
        "PixelSpacing": list(series.grid.pixel_spacing),
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


def compression_ratio(native: int, codestream: int) -> str:
    """Lossy Image Compression Ratio (0028,2112): native bytes over those of the fragment, with its padding.

    Examples
    --------
    >>> compression_ratio(524288, 52429)
    '9.99977'
    """
    return format_number_as_ds(float(f"{native / (codestream + codestream % 2):.6g}"))


def lossy_attributes(syntax: TransferSyntax) -> dict[str, str]:
    """Give what the header says of lossy compression (PS3.3 C.7.6.1.1.5), but for the ratio, which is each frame's.

    Images that were never compressed with loss say ``00``: this writer sees stored values, and they are new.
    """
    if syntax.lossless:
        return {"LossyImageCompression": "00"}
    return {"LossyImageCompression": "01", "LossyImageCompressionMethod": syntax.row.lossy_method}
