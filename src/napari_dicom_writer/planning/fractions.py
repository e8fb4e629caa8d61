"""Which segments an image of probabilities holds, and how its fractions are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import Fix, Note, NoteKind, OptionsError, PixelError
from napari_dicom_writer.iods import AUTO, IMAGE, IODS, LABELS
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.segments import Labels
from napari_dicom_writer.model.slabs import finished_planes, read_ahead, slabs
from napari_dicom_writer.options.choices import SegmentationType
from napari_dicom_writer.plan.segments import STEPS, StoredFractions
from napari_dicom_writer.plan.stored_values import Method
from napari_dicom_writer.planning.labels import LabelUse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.options.layer import Wishes

_SEGMENTATION = "segmentation"
_BEYOND = 1e-5  # of the maximum: single precision sums probabilities to a little more than 1


def find_fractions(
    volume: Volume, channel: int | None, options: ExportOptions, tick: Callable[[int], None]
) -> LabelUse:
    """Find which channels hold anything, and on which planes; each slab is read once.

    Parameters
    ----------
    volume
        Of fractions of `fraction_maximum`.
    channel
        Which of its leading axes is that of the segments; None where there is one only.
    options
        `fraction_maximum` and `nan`.
    tick
        Called with its planes after each slab.

    Returns
    -------
    LabelUse
        Channel n is label n + 1.

    Raises
    ------
    PixelError
        Values outside 0 to the maximum, or not finite; colors; nothing but 0.
    """
    if volume.rgb:
        raise PixelError("It has colors, and a segmentation has fractions", "Save it as another object")
    planes: dict[tuple[tuple[int, ...], int], tuple[int, ...]] = {}
    for slab, values in read_ahead(volume, slabs(volume)):
        for at, (leading, plane) in zip(np.ndindex(slab.shape), slab.places(), strict=True):
            if _largest(values[at], options):
                planes[leading, plane] = (1 if channel is None else leading[channel] + 1,)
        tick(finished_planes(slab, volume))
    if not planes:
        raise PixelError("It holds no fraction above 0", "Deselect the layer")
    return LabelUse(tuple(sorted({label for (label,) in planes.values()})), planes)


def _largest(plane: NDArray[Any], options: ExportOptions) -> int:
    """Return the largest stored value of one plane, after checking all."""
    maximum, low, high = options.fraction_maximum, float(plane.min()), float(plane.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        if options.nan is None:
            raise PixelError("It holds values that are not finite", f"Say what replaces them: {mention('nan')}")
        finite = np.where(np.isfinite(plane), plane, options.nan)
        low, high = float(finite.min()), float(finite.max())
    if low < -_BEYOND * maximum or high > (1 + _BEYOND) * maximum:
        what = f"Its values run from {low:g} to {high:g}, and fractions from 0 to {maximum:g}"
        fix = Fix("fraction_maximum", None, "Set maximum…") if low >= 0 else None
        raise PixelError(what, f"Say which value is all of it: {mention('fraction_maximum')}", fix=fix)
    return round(max(0.0, high) / maximum * STEPS)


def plan_fractions(use: LabelUse, options: ExportOptions) -> tuple[StoredFractions, list[Note]]:
    """Store fractions in 255 steps, and say what is rounded."""
    maximum, count = options.fraction_maximum, len(use.labels)
    error = maximum / STEPS / 2
    labels = () if use.labels == tuple(range(1, count + 1)) else use.labels
    fill = options.nan if options.nan is None else min(max(options.nan, 0.0), maximum)
    text = f"Fractions are rounded to a {STEPS}th of {maximum:g}: off by up to {error:.2g}"
    stored = StoredFractions(
        Method.QUANTIZE, "|u1", labels=labels, fill=fill, largest_error=error * (1 + 1e-9), maximum=maximum
    )
    return stored, [Note(NoteKind.LOST, text)]


def taken_as_segments(volumes: Sequence[Volume | None], wishes: Wishes) -> list[Volume | None]:
    """Take images for labels, or for fractions of segments, where an object of labels is asked for; or the reverse.

    Parameters
    ----------
    volumes
        Of the export. Beside layers of labels, an image is one only if it says so for itself; and labels are plain
        values only if they say so.
    wishes
        `object` and `segmentation_type`.
    """
    no_labels = not any(volume is not None and volume.labels is not None for volume in volumes)
    found = []
    for index, volume in enumerate(volumes):
        says = wishes.says(index, "object")
        if volume is not None and volume.labels is None and (no_labels or says):
            volume = _taken(volume, wishes.of(index))
        elif volume is not None and volume.labels is not None and says:
            volume = _plain(volume, wishes.of(index))
        found.append(volume)
    return found


def _taken(volume: Volume, options: ExportOptions) -> Volume:
    layers = () if options.object == AUTO else IODS.row(options.object).layers
    if LABELS not in layers or IMAGE in layers:
        return volume
    fractions = options.object == _SEGMENTATION and options.segmentation_type is SegmentationType.FRACTIONAL
    what = "fractions of segments" if fractions else "labels"
    return _as(volume, Labels(fractions=fractions), f"Its values are taken as {what}")


def _plain(volume: Volume, options: ExportOptions) -> Volume:
    if options.object == AUTO or LABELS in IODS.row(options.object).layers:
        return volume
    return _as(volume, None, "Its labels are written as the values of an image, without names and colors")


def _as(volume: Volume, labels: Labels | None, text: str) -> Volume:
    result = volume.over(volume.array)
    result.labels = labels
    result.notes = (*volume.notes, Note(NoteKind.INFO if labels else NoteKind.LOST, text))
    return result


def check_whole(volume: Volume, options: ExportOptions) -> None:
    """Refuse to write labels as fractions."""
    if options.segmentation_type is SegmentationType.FRACTIONAL and not (volume.labels and volume.labels.fractions):
        remedy = f"Choose another {mention('segmentation_type')}, or save probabilities as an image layer"
        fix = Fix("segmentation_type", SegmentationType.AUTO, "Automatic")
        raise OptionsError("Its labels are whole, and no fractions", remedy, fix=fix)
