"""Series of a few small planes made by hand, each of one value, and what is opened of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.uid import generate_uid

from judges.frames import instance
from judges.series import opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MR = "1.2.840.10008.5.1.4.1.1.4"
AXIAL = [1, 0, 0, 0, 1, 0]
SHAPE = (3, 4)


def series(
    folder: Path,
    count: int = 4,
    plane: Callable[[int], float] = lambda number: number,
    each: Callable[[int], dict[str, Any]] = lambda number: {},
    **attributes: Any,
) -> Path:
    """Axial planes of one value each, their number, 2 mm apart; `plane` says where they lie, `each` what they say."""
    shared = {
        "SeriesInstanceUID": generate_uid(),
        "StudyInstanceUID": generate_uid(),
        "FrameOfReferenceUID": generate_uid(),
        "SeriesDescription": "s",
        "ImageOrientationPatient": AXIAL,
        "PixelSpacing": [1, 1],
        "SliceThickness": 2,
        "NumberOfFrames": None,
    }
    for number in range(count):
        own = {"ImagePositionPatient": [0, 0, 2 * plane(number)], "InstanceNumber": number + 1}
        values = np.full((1, *SHAPE), number, np.uint16)
        instance(folder / f"{number}.dcm", values, MR, **{**shared, **own, **attributes, **each(number)})
    return folder


def shown(path: Any) -> tuple[dict[str, Any], list[str]]:
    """By name, the value of each plane; and what is told."""
    layers, told = opened(path)
    return {attributes["name"]: np.asarray(data)[..., 0, 0].tolist() for data, attributes, _ in layers}, told
