"""Series of single planes: read by the package, and edited as other vendors might have written them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pydicom

from napari_dicom_writer.reading.series import read_series

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dicom_writer import Volume


def only(path: Path) -> Volume:
    (volume,) = read_series(path)
    return volume


def edit(path: Path, **attributes: object) -> None:
    """Change attributes of a file; None takes one away."""
    dataset = pydicom.dcmread(path)
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    dataset.save_as(path)
