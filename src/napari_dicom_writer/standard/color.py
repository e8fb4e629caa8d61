"""Colors as DICOM holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

# Linear sRGB to CIE XYZ of white D50, in which the CIELab of DICOM is given (PS3.3 C.10.7.1.1), by Bradford's method.
_TO_XYZ = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
_WHITE = np.array([0.96422, 1.0, 0.82521])


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
