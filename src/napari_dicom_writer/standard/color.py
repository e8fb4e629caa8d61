"""Colors as DICOM holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

# Linear sRGB to CIE XYZ of white D65. The standard asks for D50 (PS3.3 C.10.7.1.1, ICC), but all that read or write
# CIELab take D65 (DCMTK and so dcmqi and 3D Slicer, dcmjs and so OHIF, Weasis, highdicom): a blue in D50 has a red of
# -349 there.
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _TO_XYZ.sum(axis=1)


def cielab(color: tuple[int, int, int]) -> list[int]:
    """Return a color as three 16-bit numbers: L* of 0..100, a* and b* of -128..127 (PS3.3 C.10.7.1.1).

    Parameters
    ----------
    color
        Red, green and blue, 0 to 255, in sRGB.

    Examples
    --------
    >>> cielab((255, 255, 255)), cielab((0, 0, 0))
    ([65535, 32896, 32896], [0, 32896, 32896])
    """
    rgb = np.array(color) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    ratio = _TO_XYZ @ linear / _WHITE
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    lab = np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])
    scaled = np.array([lab[0] / 100, (lab[1] + 128) / 255, (lab[2] + 128) / 255]) * 65535
    return [int(value) for value in np.clip(np.rint(scaled), 0, 65535)]


def srgb(lab: Sequence[float]) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255, of three 16-bit numbers: the inverse of `cielab`.

    Examples
    --------
    >>> srgb(cielab((255, 128, 3)))
    (255, 128, 3)
    """
    lightness, a, b = lab[0] / 65535 * 100, lab[1] / 65535 * 255 - 128, lab[2] / 65535 * 255 - 128
    y = (lightness + 16) / 116
    f = np.array([y + a / 500, y, y - b / 200])
    ratio = np.where(f**3 > 216 / 24389, f**3, (116 * f - 16) * 27 / 24389)
    linear = np.clip(np.linalg.solve(_TO_XYZ, ratio * _WHITE), 0, 1)
    red, green, blue = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return round(255 * float(red)), round(255 * float(green)), round(255 * float(blue))
