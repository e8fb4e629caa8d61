"""Which software opens a series as a volume: measured, one file a program (or a family that reads alike).

A new program is one file and one row in the table here. Where it runs beside the tests, they hold its verdicts against
it; of the others, the tests hold what was measured, in the versions that the rows name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.viewers import (
    amide,
    daikon,
    dcm2niix,
    dwv,
    gdcm,
    highdicom,
    imagej,
    mrtrix,
    nibabel,
    ohif,
    paraview,
    plastimatch,
    simpleitk,
    vtk_dicom,
)
from napari_dicom_writer.viewers.multiframe import opens_multiframe

if TYPE_CHECKING:
    from napari_dicom_writer.model.verdict import Verdict
    from napari_dicom_writer.viewers._base import Viewer
    from napari_dicom_writer.viewers.seen import SeriesFacts

VIEWERS: tuple[Viewer, ...] = (
    simpleitk.SIMPLEITK,
    highdicom.HIGHDICOM,
    dcm2niix.DCM2NIIX,
    ohif.OHIF,
    ohif.PICTURES,
    dcm2niix.NIIVUE,
    dwv.DWV,
    daikon.DAIKON,
    amide.AMIDE,
    imagej.IMAGEJ,
    imagej.BIO_FORMATS,
    simpleitk.MONAI,
    simpleitk.TORCHIO,
    simpleitk.BEFORE,
    gdcm.GDCM,
    gdcm.INVESALIUS,
    nibabel.NIBABEL,
    nibabel.DICOM2NIFTI,
    plastimatch.PLASTIMATCH,
    vtk_dicom.VTK_DICOM,
    mrtrix.MRTRIX,
    paraview.PARAVIEW,
)


def opens_in(seen: SeriesFacts) -> tuple[Verdict, ...]:
    """Say what each program makes of a series; of multi-frame objects, what was measured with them."""
    if (found := opens_multiframe(seen)) is not None:
        return found
    return () if seen.multiframe else tuple(viewer.judge(seen) for viewer in VIEWERS)
