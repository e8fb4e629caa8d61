"""An image series that exists already, which a result may belong to: its grid, and the instance of each plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class ImageSeries:
    """What is known of a series before any pixel is read.

    Attributes
    ----------
    name : str
        What messages call it, such as ``series 4``; nothing of the patient.
    file : Path
        Of one of its instances.
    uid, sop_class_uid : str
    affine : numpy.ndarray
        4×4: (plane, row, column, 1) → LPS mm.
    shape : (int, int, int)
        (planes, rows, columns).
    instances : tuple of str
        All SOP Instance UIDs.
    planes : dict
        (time point, plane) → SOP Instance UID, and frame number from 1 of a multi-frame instance, else 0.
    space : str
        Frame of Reference UID; empty where it has none.
    lossy : tuple of (str, float)
        How lossy compression has altered it, as of a `Volume`.
    """

    name: str
    file: Path
    uid: str
    sop_class_uid: str
    affine: NDArray[np.float64]
    shape: tuple[int, int, int]
    instances: tuple[str, ...]
    planes: dict[tuple[int, int], tuple[str, int]]
    space: str = ""
    lossy: tuple[tuple[str, float], ...] = ()
