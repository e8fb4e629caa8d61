"""The table of formats whose geometry this package reads itself. To add one: a file in this room, and a row here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.inputs._base import Format
from napari_dicom_writer.reading.catalogue import holds_dicom

if TYPE_CHECKING:
    from pathlib import Path


def _is_zarr(path: Path) -> bool:
    return any((path / name).is_file() for name in ("zarr.json", ".zgroup", ".zarray"))


FORMATS = (
    Format("OME-Zarr", "ome_zarr", library="zarr", accepts=_is_zarr),
    Format("NIfTI", "nifti", (".nii", ".nii.gz", ".hdr", ".hdr.gz", ".img", ".img.gz"), "nibabel"),
    Format("MetaImage", "meta_image", (".mha", ".mhd"), "SimpleITK"),
    Format("NRRD", "nrrd_file", (".nrrd", ".nhdr"), "pynrrd"),
    Format("TIFF", "tiff", (".tif", ".tiff", ".btf", ".tf8"), "tifffile"),
    Format("NumPy", "numpy_file", (".npy", ".npz")),
    Format("Picture", "picture", (".png", ".jpg", ".jpeg", ".jpe"), "pillow"),
    Format("DICOM", "dicom", (".dcm", ".dicom"), accepts=holds_dicom),
)


def format_of(path: Path) -> Format | None:
    """Tell the format of a file or folder; None for what napari's readers may know."""
    by_content = next((row for row in FORMATS if row.accepts and row.accepts(path)), None)
    if by_content or path.is_dir():
        return by_content
    return next((row for row in FORMATS if path.name.lower().endswith(row.suffixes)), None)
