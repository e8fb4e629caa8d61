"""The IODs the writer can produce, one file each; this table is the one place that lists them.

A new IOD is one file and one row here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.iods import ct, mr, pet, sc
from napari_dicom_writer.options.choices import Modality

if TYPE_CHECKING:
    from napari_dicom_writer.iods._base import IOD
    from napari_dicom_writer.options.export import ExportOptions

IODS: dict[str, IOD] = {iod.key: iod for iod in (sc.SecondaryCapture(), ct.CTImage(), mr.MRImage(), pet.PETImage())}

_BY_MODALITY = {Modality.OT: "sc", Modality.CT: "ct", Modality.MR: "mr", Modality.PT: "pet"}


def choose(options: ExportOptions) -> IOD:
    """Return the IOD the options ask for."""
    return IODS[_BY_MODALITY[options.modality]]
