"""Where the dots of the phantom's letters are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_dicom_writer.demo.phantom import Glyph


def dots(glyph: Glyph) -> np.ndarray:
    """Return the center of every dot, (7, 5, 3), LPS mm."""
    down, right = np.mgrid[-3:4, -2:3] * glyph.dot
    return np.asarray(glyph.center + right[..., None] * np.array(glyph.right) - down[..., None] * np.array(glyph.up))
