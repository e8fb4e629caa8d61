"""DICOM, by this package's own reader: of a file, the series it belongs to, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.errors import LayerError
from napari_dicom_writer.reading.files import as_they_are, read_header
from napari_dicom_writer.reading.series import read_series

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dicom_writer.model.volume import Volume


def read(path: Path) -> list[Volume]:
    """Read every series of a folder, or the one that a file belongs to, with the files beside it."""
    if path.is_dir():
        return read_series(path)
    folder, uid = identity(path)
    if not uid:
        raise LayerError("It is not a DICOM file of a series", "Name a DICOM image")
    return read_series(folder, series_uid=uid)


def identity(path: Path) -> tuple[Path, str]:
    """Return folder and Series Instance UID, which the files of a series have in common."""
    if path.is_dir():
        return path, ""
    with as_they_are():
        header = read_header(path, ["SOPInstanceUID", "SeriesInstanceUID"])
    return path.parent, str(header.dataset.get("SeriesInstanceUID") or "") if header is not None else ""
