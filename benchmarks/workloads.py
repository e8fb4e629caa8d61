"""The series that every contender writes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer import ExportOptions, Modality, VerifyLevel, Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPACING = (2.5, 0.7, 0.7)
"""Of all of them: distance between planes, rows and columns in mm."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What is to be written.

    Attributes
    ----------
    shape : tuple of int
        (planes, rows, columns), after time where there are four, before samples where `rgb`.
    dtype : str
        Of the array in memory.
    modality : Modality
        Decides the object.
    name : str
        For the command line.
    goals : tuple of float or None
        At most how many times the raw write an export may take: verify off, and verify full.
    """

    shape: tuple[int, ...]
    dtype: str
    modality: Modality
    rgb: bool = False
    name: str = ""
    goals: tuple[float, float] | None = None

    def __str__(self) -> str:
        return f"{'×'.join(map(str, self.shape))} {'RGB ' if self.rgb else ''}{self.dtype}"

    @property
    def instances(self) -> int:
        """Number of files."""
        return int(np.prod(self.shape[:-2]))

    @property
    def planes(self) -> int:
        """Number of positions."""
        return self.shape[-3]

    def make(self) -> NDArray[Any]:
        """Fill an array with noise, so that every page of it is in memory."""
        random = np.random.default_rng(0)
        shape = (*self.shape, 3) if self.rgb else self.shape
        if self.dtype == "float32":
            return random.random(shape, np.float32) * 2 - 0.5
        high = 255 if self.dtype == "uint8" else 4000
        low = -1000 if self.dtype == "int16" else 0
        return random.integers(low, high, shape, dtype=self.dtype)

    def volume(self, array: NDArray[Any]) -> Volume:
        """Give the array its place."""
        axes = ("time", "plane", "row", "column")[-len(self.shape) :]
        return Volume(
            array, spacing=SPACING, axes=axes, rgb=self.rgb, name="scan", time_step=2.0 if "time" in axes else None
        )

    def options(self, verify: VerifyLevel) -> ExportOptions:
        """Return the options to export it with."""
        return ExportOptions(modality=self.modality, verify=verify)


WORKLOADS = (
    Workload((400, 512, 512), "int16", Modality.CT, name="ct", goals=(1.25, 2.3)),
    Workload((180, 256, 256), "uint16", Modality.MR, name="mr"),
    Workload((2000, 128, 128), "uint8", Modality.OT, name="bytes", goals=(2.2, 4.5)),
    Workload((100, 1024, 1024), "uint8", Modality.OT, rgb=True, name="rgb", goals=(1.2, 2.0)),
    Workload((100, 40, 128, 128), "int16", Modality.MR, name="dynamic", goals=(2.2, 4.5)),
    Workload((200, 512, 512), "float32", Modality.CT, name="floats", goals=(2.5, 4.0)),
)
_QUICK = ((40, 512, 512), (40, 256, 256), (100, 128, 128), (8, 1024, 1024), (5, 20, 128, 128), (20, 512, 512))
QUICK_WORKLOADS = tuple(replace(work, shape=shape) for work, shape in zip(WORKLOADS, _QUICK, strict=True))
