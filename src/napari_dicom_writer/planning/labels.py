"""Which labels a label map holds, and on which planes: found in one pass, each chunk read once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import Note, NoteKind, PixelError
from napari_dicom_writer.listed import listed
from napari_dicom_writer.model.label_runs import some_of_each, unique
from napari_dicom_writer.model.slabs import finished_planes, read_ahead, slabs
from napari_dicom_writer.planning.contour_lengths import has_longer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.model.volume import Volume

MOST_LABELS = 65535
"""Segment Number is US (PS3.3 C.8.20.4), and 0 is the background."""
_NAMED = 5  # labels that a note lists


@dataclass(frozen=True, slots=True)
class LabelUse:
    """Which labels a label map holds.

    Attributes
    ----------
    labels : tuple of int
        All of them, ascending, without the background 0.
    planes : dict
        (leading index, plane) → the labels on that plane, ascending; planes that hold background only are left out.
    long : bool
        Whether a contour is too long for an element with an explicit VR, where that was looked for.
    """

    labels: tuple[int, ...]
    planes: dict[tuple[tuple[int, ...], int], tuple[int, ...]]
    long: bool = False

    def spans(self) -> dict[int, tuple[int, int]]:
        """Return first and last plane of each label, ascending."""
        spans: dict[int, tuple[int, int]] = {}
        for (_, plane), labels in self.planes.items():
            for label in labels:
                first, last = spans.get(label, (plane, plane))
                spans[label] = min(first, plane), max(last, plane)
        return {label: spans.get(label, (0, 0)) for label in self.labels}

    def along(self, fixed: Sequence[int | None]) -> LabelUse:
        """Return what is used at fixed indices along the leading axes, None for any; all, if nothing is used there."""
        if all(index is None for index in fixed):
            return self
        planes = {
            place: labels
            for place, labels in self.planes.items()
            if all(wanted in (None, index) for wanted, index in zip(fixed, place[0], strict=True))
        }
        used = tuple(sorted({n for labels in planes.values() for n in labels}))
        return replace(self, labels=used, planes=planes) if planes else self


def find_labels(volume: Volume, tick: Callable[[int], None], most: int | None = None) -> LabelUse:
    """Find the labels in use, reading each slab once.

    Parameters
    ----------
    volume
        Of bool, integers, or floats that are whole numbers, as other software writes labels.
    tick
        Called with the number of planes of each slab, after it; may raise to stop.
    most
        Points of a contour that is not long; None where nothing is outlined.

    Raises
    ------
    PixelError
        Negative labels, labels that are not whole numbers, colors, more labels than DICOM counts, or none at all.
    """
    if volume.rgb:
        raise PixelError("It has colors, and a segmentation has labels", "Save it as an image layer")
    planes: dict[tuple[tuple[int, ...], int], tuple[int, ...]] = {}
    found: set[int] = set()
    long = False
    for slab, values in read_ahead(volume, slabs(volume)):
        for at, (leading, plane) in zip(np.ndindex(slab.shape), slab.places(), strict=True):
            labels = _labels_of(values[at])
            if labels:
                planes[leading, plane] = labels
                found.update(labels)
                long = long or (most is not None and has_longer(values[at], most))
        if len(found) > MOST_LABELS:
            raise PixelError(f"It has over {MOST_LABELS:,} labels, more than DICOM counts", "Save it in parts")
        tick(finished_planes(slab, volume))
    if not found:
        raise PixelError("It holds no labels, only the background 0", "Paint something, or deselect the layer")
    return LabelUse(tuple(sorted(found)), planes, long)


def note_vanished(before: LabelUse, after: LabelUse) -> list[Note]:
    """Say which labels resampling has lost: those smaller than a voxel may lie nearest to none."""
    lost = sorted(set(before.labels) - set(after.labels))
    if not lost:
        return []
    which = f"Label {lost[0]} is" if len(lost) == 1 else f"The labels {listed(lost, _NAMED)} are"
    return [Note(NoteKind.LOST, f"{which} nearest to no voxel of the image, and not written")]


def _labels_of(plane: NDArray[Any]) -> tuple[int, ...]:
    """Labels on one plane, ascending, without 0."""
    values = some_of_each(plane)
    low, high = values.min().item(), values.max().item()  # half precision compares with no large number
    if low < 0:
        remedy = "Give every label a number from 1; 0 is the background"
        raise PixelError(f"It has the negative label {low:g}", remedy)
    if values.dtype.kind == "f" and (high == np.inf or not np.array_equal(np.rint(values), values)):  # NaN included
        raise PixelError("Its labels are not whole numbers", "Save it as an image layer, or round it first")
    return tuple(int(label) for label in unique(values) if label)
