"""Colors as DICOM holds them."""

from __future__ import annotations

import numpy as np

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
