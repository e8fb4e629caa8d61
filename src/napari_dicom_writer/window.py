"""From display limits to a window (VOI LUT module, PS3.3 C.11.2)."""

from __future__ import annotations

from dataclasses import dataclass

from napari_dicom_writer.pixels import Method, ModalityLUT, PixelRules, StoredValues
from napari_dicom_writer.text import decimal_string

_HUGE = 1e300  # beyond, a DS would read as infinite


@dataclass(frozen=True, slots=True)
class Window:
    """Which values to display (VOI LUT module, PS3.3 C.11.2)."""

    center: str
    width: str
    exact: bool = False

    @property
    def function(self) -> str:
        """VOI LUT Function."""
        return "LINEAR_EXACT" if self.exact else "LINEAR"


def plan_window(limits: tuple[float, float] | None, stored: StoredValues, rules: PixelRules) -> Window | None:
    """Turn display limits (real values) into a window.

    LINEAR for whole numbers: width = high - low + 1 (PS3.3 C.11.2.1.2.1). LINEAR_EXACT otherwise: width = high - low.
    Where the IOD has no Modality LUT the window applies to stored values.

    Returns
    -------
    Window or None
        None for colours, and for limits that are not given, beyond 1e300, or upside down.
    """
    if limits is None or stored.samples > 1:
        return None
    try:
        low, high = (float(limit) for limit in limits)
    except (TypeError, ValueError, OverflowError):
        return None
    if not (-_HUGE < low <= high < _HUGE):  # NaN included
        return None
    quantised = stored.method is Method.QUANTISE
    if rules.lut is ModalityLUT.REAL_WORLD and not stored.is_identity:
        low, high = ((limit - float(stored.intercept)) / float(stored.slope) for limit in (low, high))
        quantised = False
    if quantised and high > low:
        return Window(decimal_string((low + high) / 2), decimal_string(high - low), exact=True)
    return Window(decimal_string((low + high + 1) / 2), decimal_string(high - low + 1))
