"""Which values of a series are those of a layer: exactly, or as near as what they are stored in allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dicom_writer.model.volume import Volume

_NOISE = 4 * np.finfo(np.float64).eps  # of the largest value: slope × stored + intercept is rounded, too
_TIE = 1e-9  # of a step: values half way between two steps
_SINGLE = 2.0**-6  # of half a step: 16 bits of steps rounded in single precision, where the layer has no more digits


@dataclass(frozen=True, slots=True)
class Expected:
    """How values are compared.

    Attributes
    ----------
    gain : float
        What the layer's values are multiplied by: 8-bit colors are fewer than those of other layers.
    allowed : float
        Largest difference, in the units of the series.
    judged : bool
        Whether a larger one is a fault: not in a series that says it is lossy.
    fill : float or None
        What replaces values of the layer that are not finite.
    rgb : bool
        Whether the last axis holds samples; the fourth, alpha, is no part of DICOM.
    notes : tuple of str
        All this in words.
    """

    gain: float
    allowed: float
    judged: bool
    fill: float | None
    rgb: bool
    notes: tuple[str, ...]

    def differences(self, here: NDArray[Any], there: NDArray[Any]) -> tuple[NDArray[np.bool_], float]:
        """Compare one plane.

        Parameters
        ----------
        here, there
            Of the layer and of the series: (rows, columns) or (rows, columns, samples).

        Returns
        -------
        numpy.ndarray, float
            Whether each pixel differs by more than is allowed, and the largest difference; infinite for NaN.
        """
        rounding = _SINGLE if here.dtype.kind == "f" and here.dtype.itemsize <= 4 else 0.0
        here, there = self.shown(here, there)
        apart = np.abs(here.astype(np.float64) - there.astype(np.float64))
        if self.allowed:
            limit = self.allowed * (1 + rounding) + _NOISE * np.maximum(np.abs(here), np.abs(there))
            wrong = ~(apart <= limit)  # NaN is wrong, too
        else:
            # As they are: double precision does not tell the largest 64-bit integers apart.
            wrong = here != there
        largest = np.where(np.isnan(apart), np.inf, apart).max(initial=0.0)
        return (wrong.any(axis=-1) if self.rgb else wrong), float(largest)

    def shown(self, here: NDArray[Any], there: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return values of both in the units of the series."""
        if self.rgb:
            here = here[..., :3]
        if self.gain != 1:
            here = here.astype(np.float64) * self.gain
        if self.fill is not None and here.dtype.kind == "f":
            here = np.where(np.isfinite(here), here.astype(np.float64), self.fill * self.gain)
        if here.dtype.kind == "b":
            here = here.astype(np.uint8)
        return here, there


def expected_of(volume: Volume, stored: np.dtype[Any], step: float, *, lossy: bool, fill: float | None) -> Expected:
    """Decide how a layer is compared with a series.

    Parameters
    ----------
    volume
        The layer.
    stored
        Type of the series' real values.
    step
        What one stored value is worth.
    lossy
        Whether the series says that it is.
    fill
        What replaces values that are not finite.
    """
    kind, notes = volume.dtype.kind, []
    gain, allowed = 1.0, 0.0
    if volume.rgb:
        if volume.dtype != np.uint8:
            gain = 255.0 if kind in "fb" else 255 / np.iinfo(volume.dtype).max
            allowed = 0.5 * (1 + _TIE)
            notes.append(f"Colors are compared as 8-bit ones (× {gain:.6g}), and may differ by 0.5")
        if volume.samples == 4:
            notes.append("Alpha is not compared")
    elif kind == "f" or stored.kind == "f" or step != 1:
        allowed = 0.5 * step * (1 + _TIE)
        notes.append(f"Values may differ by {0.5 * step:.6g}, half a step of Rescale Slope")
    if fill is not None and kind == "f":
        notes.append(f"Values that are not finite are compared as {fill:g}")
    if lossy:
        notes.append("The series says that it is lossy: differences are shown, and not judged")
    return Expected(gain, allowed, not lossy, fill, volume.rgb, tuple(notes))
