"""From display limits to a window (VOI LUT module, PS3.3 C.11.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.plan.stored_values import StoredValues, Window
from napari_dicom_writer.planning.display_range import display_range
from napari_dicom_writer.standard.decimals import decimal_string

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.model.value_range import ValueRange
    from napari_dicom_writer.model.volume import Volume

_HUGE = 1e300  # beyond, a DS would read as infinite


def plan_window(limits: tuple[float, float], stored: StoredValues) -> Window:
    """Turn display limits (real values) into a window: width = high - low + 1, center = (low + high + 1) / 2.

    Without a Modality LUT the window applies to stored values.
    """
    low, high = limits
    if stored.mapped:
        low, high = ((limit - float(stored.intercept)) / float(stored.slope) for limit in (low, high))
    return Window(decimal_string((low + high + 1) / 2), decimal_string(high - low + 1))


def plan_limits(
    volume: Volume, leading: Sequence[range], found: ValueRange | None
) -> tuple[tuple[float, float], list[Note]]:
    """Find what to display of one series: its contrast limits, else the range of its values.

    Parameters
    ----------
    volume
        Gray.
    leading
        Which part of each leading axis the window is for.
    found
        The range of the values, where it is known already.

    Returns
    -------
    (low, high), list of Note
        In real values.
    """
    limits = _usable(volume.window)
    if limits:
        return limits, []
    notes = []
    if volume.window is not None:
        low, high = volume.window
        text = f"Display limits {low} to {high} make no window: the range of the values is displayed instead"
        notes.append(Note(NoteKind.LOST, text))
    found, whole = (found, True) if found else display_range(volume, leading)
    if not whole:
        text = f"Displayed from {found.low:g} to {found.high:g}, the range of a sample of its values"
        notes.append(Note(NoteKind.ASSUMED, text, hint="its contrast limits say what to display"))
    # Nothing but NaN, of a map, has no range.
    return (float(found.low), float(found.high)) if found.low <= found.high else (0.0, 0.0), notes


def _usable(limits: tuple[float, float] | None) -> tuple[float, float] | None:
    """Return limits as numbers; None for those that are not given, beyond 1e300, or upside down."""
    try:
        low, high = (float(limit) for limit in limits or ())
    except (TypeError, ValueError, OverflowError):
        return None
    return (low, high) if -_HUGE < low <= high < _HUGE else None  # NaN compares false
