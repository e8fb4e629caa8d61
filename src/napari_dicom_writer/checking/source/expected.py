"""Which values of a series are those of a layer: exactly, or as near as what they are stored in allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.options.choices import Modality, ValuePolicy
from napari_dicom_writer.standard.decimals import decimal_string
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dicom_writer.model.value_range import ValueRange
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.options.export import ExportOptions

_NOISE = 4 * np.finfo(np.float64).eps  # of the largest value: slope × stored + intercept is rounded, too
_TIE = 1e-9  # of a step: values half way between two steps
_SLOPE_DIGITS = 1e-3  # of a step: a slope is written in five digits or more, and rounded up
_INTERCEPT = 1e-9  # of the largest value: an intercept has ten digits
_TOP = 65535
_WHITE = 1 + 1e-5  # of float colors, rounding noise included
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
        Whether a larger one is a fault: not where the export was asked for a loss without bound.
    fill : float or None
        What replaces values of the layer that are not finite.
    lossy : bool
        Whether the export was asked for loss.
    rgb : bool
        Whether the last axis holds samples; the fourth, alpha, is not part of DICOM.
    notes : tuple of str
        All this in words.
    """

    gain: float
    allowed: float
    judged: bool
    lossy: bool
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


def needs_range(volume: Volume) -> bool:
    """Whether the values of a layer must be known before it can be said how they may be stored."""
    return volume.dtype != np.uint8 if volume.rgb else volume.dtype.kind == "f" or volume.dtype.itemsize > 2


def expected_of(volume: Volume, found: ValueRange | None, options: ExportOptions) -> Expected:
    """Decide how a layer is compared with a series, by what it holds and what its export was asked for.

    The series is not asked: one that was stored too coarsely would excuse itself.

    Parameters
    ----------
    volume
        The layer.
    found
        The range of those values of it that are stored in the same steps; None where `needs_range` says so.
    options
        `values`, `nan`, `modality`, `transfer_syntax`, `lossy_error`.
    """
    notes: list[str] = []
    gain, allowed, step = 1.0, 0.0, 1.0
    fill = options.nan
    if volume.rgb:
        gain = _gain(volume.dtype, found)
        if volume.dtype != np.uint8:
            allowed = 0.5 * (1 + _TIE)
            notes.append(f"Colors are compared as 8-bit ones (× {gain:.6g}), and may differ by 0.5")
        if volume.samples == 4:
            notes.append("Alpha is not compared")
    elif found is not None:
        if fill is not None and (found.nan or found.infinite):
            found = found.with_fill(fill)
        step = _step(found, options)
        allowed = 0.5 * step * (1 + _SLOPE_DIGITS) if step != 1 else 0.0
        if allowed:
            notes.append(f"Values may differ by {allowed:.6g}, half a step of 16 bits over the range of the layer")
    if fill is not None and volume.dtype.kind == "f":
        notes.append(f"Values that are not finite are compared as {fill:g}")
    syntax = options.transfer_syntax
    if syntax is TransferSyntax.JPEG_LS_LOSSY:
        allowed += options.lossy_error * step
        notes.append(f"JPEG-LS may have changed values by {options.lossy_error * step:.6g} more")
    judged = syntax.lossless or syntax is TransferSyntax.JPEG_LS_LOSSY
    if not judged:
        notes.append("Compressed with a loss that has no bound: differences are shown, and not judged")
    return Expected(gain, allowed, judged, not syntax.lossless, fill, volume.rgb, tuple(notes))


def _step(found: ValueRange, options: ExportOptions) -> float:
    """Return the largest step in which 16 bits hold these values; 1 where they hold them exactly."""
    low, high = found.low, found.high
    if low > high or options.values is ValuePolicy.EXACT:
        return 1.0
    if found.integral and (0 <= low <= high <= _TOP or -(2**15) <= low <= high < 2**15):
        return 1.0
    slope_only = options.modality is Modality.PT
    if found.integral and high - low <= _TOP and not slope_only and decimal_string(int(low)) == str(int(low)):
        return 1.0
    largest = max(abs(float(low)), abs(float(high)))
    # With an intercept, which has ten digits, or, as in PET, without.
    return max(
        (float(high) - float(low) + _INTERCEPT * largest) / (_TOP - 1), largest / (2**15 - 1 if low < 0 else _TOP)
    )


def _gain(dtype: np.dtype[Any], found: ValueRange | None) -> float:
    """Return what colors are multiplied by to be 8-bit ones."""
    if found is None or dtype == np.uint8:
        return 1.0
    if dtype.kind == "b":
        return 255.0
    if found.integral and found.low >= 0 and found.high <= 255 and (dtype.kind in "iu" or found.high > _WHITE):
        return 1.0
    return 255.0 if dtype.kind == "f" else 255 / float(np.iinfo(dtype).max)
