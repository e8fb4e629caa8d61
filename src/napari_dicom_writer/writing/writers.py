"""Which writer a series has: by how its object holds frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.iods import IODS
from napari_dicom_writer.writing.multiframe import MultiFrameWriter
from napari_dicom_writer.writing.single_frame import SingleFrameWriter
from napari_dicom_writer.writing.structure_sets import StructureSetWriter

if TYPE_CHECKING:
    from napari_dicom_writer.options.choices import VerifyLevel
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.writing.series_writer import SeriesWriter


def writer_of(series: SeriesPlan, folder: str, level: VerifyLevel) -> SeriesWriter:
    """Make the writer of a series; parameters as of `SeriesWriter`."""
    iod = IODS[series.iod]
    if iod.contours:
        return StructureSetWriter(series, folder, level)
    return (MultiFrameWriter if iod.multiframe else SingleFrameWriter)(series, folder, level)
