"""What a segmentation says of its segments, which image it belongs to, and how its labels are stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import PixelError
from napari_dicom_writer.model.label_runs import some_of_each
from napari_dicom_writer.plan.stored_values import StoredValues

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

    from napari_dicom_writer.model.contours import Outline
    from napari_dicom_writer.standard.codes import Structure


_ST = 1024
_TABLE = 2**17  # labels that are looked up in a table


@dataclass(frozen=True, slots=True)
class SegmentPlan:
    """One segment (Segment Sequence, PS3.3 C.8.20.2).

    Attributes
    ----------
    number : int
        Segment Number.
    label : int
        Its value in the layer.
    name, description : str
        Segment Label and Description.
    structure : Structure
    color : (int, int, int)
        Red, green and blue, 0 to 255.
    algorithm_type, algorithm_name : str
    tracking_id, tracking_uid : str
    interpreted_type : str
        RT ROI Interpreted Type, of a structure set.
    planes : (int, int)
        First and last plane that hold it.
    """

    number: int
    label: int
    name: str
    description: str
    structure: Structure
    color: tuple[int, int, int]
    algorithm_type: str
    algorithm_name: str
    tracking_id: str
    tracking_uid: str
    interpreted_type: str = ""
    planes: tuple[int, int] = (0, 0)

    @property
    def told(self) -> str:
        """Its description, with the label where that is another number."""
        return with_ending(self.description, "" if self.number == self.label else f"Label {self.label} of the layer")


def with_ending(description: str, ending: str) -> str:
    """Let a description end with something else, which is there whole, however long the description is."""
    room = _ST - len(f"; {ending}") if ending else _ST
    return "; ".join(filter(None, (description[:room], ending)))


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """The image series on whose grid a segmentation lies.

    Attributes
    ----------
    series_uid, sop_class_uid : str
    layer : str
        What the user calls it.
    instances : tuple of str
        All SOP Instance UIDs of the series.
    planes : dict
        (time point, plane) → SOP Instance UID, and frame number from 1 of a multi-frame instance, else 0.
    lossy : tuple of (str, float)
        How lossy compression has altered it, as of a `Volume`.
    """

    series_uid: str
    sop_class_uid: str
    layer: str
    instances: tuple[str, ...]
    planes: dict[tuple[int, int], tuple[str, int]]
    lossy: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class StoredLabels(StoredValues):
    """How the labels of one series are stored: as one label map, or as a mask a segment.

    Attributes
    ----------
    labels : tuple of int
        The layer's value of Segment Number n at place n - 1, where they are not the same.
    masks : bool
        Whether each frame is the mask of one segment, a bit a pixel.
    known : frozenset of int
        Labels that a label map may hold, besides the background: those that have a segment.
    """

    labels: tuple[int, ...] = ()
    masks: bool = False
    known: frozenset[int] = frozenset()

    @property
    def by_segment(self) -> bool:
        """Whether each frame is of one segment."""
        return self.masks

    @property
    def bits(self) -> int:
        """Bits Allocated."""
        return 1 if self.masks else np.dtype(self.dtype).itemsize * 8

    def encode_part(self, values: NDArray[Any], part: int | None) -> NDArray[Any]:
        """Return the plane of the label map.

        Raises
        ------
        PixelError
            If it holds a label that the layer did not when it was planned.
        """
        if not _all_known(values, self.known):
            check_known(np.unique(some_of_each(values)).tolist(), self.known)
        if not self.labels:
            return np.ascontiguousarray(values, self.dtype)
        numbers = np.searchsorted(_exact(self.labels, values.dtype), values) + 1
        return np.where(values == 0, 0, numbers).astype(self.dtype)

    def matches_part(self, stored: NDArray[Any], values: NDArray[Any], part: int | None) -> bool:
        """Tell whether the plane of the label map is what the layer holds, exactly."""
        if not self.labels:
            return bool(np.array_equal(stored, values))
        return bool(np.array_equal(_exact((0, *self.labels), values.dtype)[stored], values))

    def label(self, part: int | None) -> int:
        """Return the layer's value of a segment."""
        assert part is not None  # noqa: S101 - every frame of masks has its segment
        return self.labels[part - 1] if self.labels else part


def _exact(labels: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Hold labels as values of a layer are compared with; of both signs, or of any size, NumPy would make doubles."""
    return np.array(labels, {"u": np.uint64, "f": np.float64}.get(dtype.kind, np.int64))


def _all_known(values: NDArray[Any], known: frozenset[int]) -> bool:
    """Whether the largest value or a table says so at once; of what is too large for one, or a float, they do not.

    Measured for a plane of 512² bytes: 5 µs by the largest, 50 µs by the table.
    """
    if values.dtype.kind in "bu" and values.max() <= _without_gap(known):
        return True
    labels = some_of_each(values)
    if labels.dtype.kind not in "iu" or not 0 <= labels.min() <= labels.max() < len(table := _table(known)):
        return False
    return bool(table.take(labels).all())


@lru_cache(maxsize=8)
def _without_gap(known: frozenset[int]) -> int:
    """Up to where each label is known, from 1."""
    return next(label for label in count() if label + 1 not in known)


@lru_cache(maxsize=8)
def _table(known: frozenset[int]) -> NDArray[np.bool_]:
    table = np.zeros(min(max(known, default=0) + 1, _TABLE), bool)
    table[[0, *(label for label in known if label < _TABLE)]] = True
    return table


def check_known(labels: Iterable[float], known: Collection[int]) -> None:
    """Refuse a plane that holds other labels, besides the background, than those `known` of it.

    Raises
    ------
    PixelError
        Naming the first of them.
    """
    if new := set(labels).difference(known, (0,)):
        raise changed(f"label {min(new):g}")


def changed(what: str) -> PixelError:
    """Refuse what a plane holds by now."""
    return PixelError(
        f"It holds {what}, which it did not when the export was planned",
        "Its source changes: compute it, or save it to disk, before it is exported",
    )


STEPS = 255
"""Maximum Fractional Value."""


@dataclass(frozen=True, slots=True)
class StoredFractions(StoredLabels):
    """How the fractions of one series are stored: a byte a voxel, each segment in frames of its own.

    Attributes
    ----------
    maximum : float
        The layer's value that becomes Maximum Fractional Value, 255.
    """

    maximum: float = 1.0

    @property
    def by_segment(self) -> bool:
        """Whether each frame is of one segment."""
        return True

    def encode_part(self, values: NDArray[Any], part: int | None) -> NDArray[Any]:
        """Return the nearest step of each fraction."""
        steps = self.finite(values).astype(np.float64) * (STEPS / self.maximum)
        return np.ascontiguousarray(np.clip(np.rint(steps), 0, STEPS), self.dtype)

    def matches_part(self, stored: NDArray[Any], values: NDArray[Any], part: int | None) -> bool:
        """Tell whether each step read back is the nearest one, within the largest error."""
        wanted = np.clip(self.finite(values).astype(np.float64), 0, self.maximum)
        apart = np.abs(stored * (self.maximum / STEPS) - wanted)
        return bool((apart <= self.largest_error).all())  # NaN compares false


@dataclass(frozen=True, slots=True)
class StoredContours(StoredLabels):
    """How the labels of one series are stored: as outlines, without pixels.

    Attributes
    ----------
    drawn : dict
        (ROI Number, plane) → outlines and points; what is not there is traced around labels.
    long : bool
        Whether one is too long for an element with an explicit VR.
    """

    drawn: dict[tuple[int, int], tuple[Outline, ...]] = field(default_factory=dict, compare=False)
    long: bool = False

    @property
    def bits(self) -> int:
        """Bits Allocated: there are none."""
        return 0
