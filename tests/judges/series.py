"""Series as the package reads them, and edited as other vendors might have written them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pydicom

from napari_dicom_writer import read
from napari_dicom_writer.reading.series import read_series

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dicom_writer import Volume


def only(path: Path) -> Volume:
    (volume,) = read_series(path)
    return volume


def opened(path: Any) -> tuple[list[Any], list[str]]:
    """All layers of a path, and what is told of them."""
    told: list[str] = []
    return read(path, announce=told.append), told


def only_layer(path: Any) -> Any:
    """The one layer, of which nothing is told."""
    (layer,), told = opened(path)
    assert told == []
    return layer


def edit(path: Path, **attributes: object) -> None:
    """Change attributes of a file; None takes one away."""
    dataset = pydicom.dcmread(path)
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    dataset.save_as(path)
