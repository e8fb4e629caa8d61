"""What a file holds, before the user's word on it: an array, and what each of its axes is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.model.volume import SPATIAL, Volume

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from napari_dicom_writer.errors import Note


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of an array.

    Attributes
    ----------
    kind : str
        ``plane``, ``row``, ``column``, ``time``, ``channel``, ``sample``, another word, or empty where the file does
        not tell.
    step : numpy.ndarray or None
        Of a spatial axis: LPS (x, y, z) from one index to the next; None where the file does not tell.
    known : bool
        Whether the step is in mm; else in a `pixel` of unknown length.
    seconds : float or None
        Of a time axis: from one index to the next.
    start : float
        Of a time axis: seconds from wherever time is counted from to the first index.
    """

    kind: str = ""
    step: NDArray[np.float64] | None = None
    known: bool = True
    seconds: float | None = None
    start: float = 0.0

    @property
    def length(self) -> float | None:
        """Length of the step."""
        return None if self.step is None else float(np.linalg.norm(self.step))


@dataclass(frozen=True, slots=True)
class Image:
    """One image of a file.

    Attributes
    ----------
    array : array-like
        Lazy where its library allows. Sliceable with integers and slices.
    axes : tuple of Axis
        One for each axis of the array.
    origin : tuple of float or None
        Center of the first voxel, LPS mm (or pixels, where steps are); None where the file does not tell.
    patient : bool
        Whether the file itself says what its axes are in the patient (or in LPS by convention).
    name : str
        What it is called.
    channels : tuple of str
        Names along the channel axis, where all have one.
    windows : tuple of (float, float) or None
        Lowest and highest value to display: one for all, or one for each channel.
    lossy : tuple of (str, float)
        How lossy compression altered the pixels: method (PS3.3 C.7.6.1.1.5.1) and ratio, each.
    steps : tuple of (float, float) or None
        Slope and intercept that made values of stored whole numbers.
    notes : tuple of Note
        What was assumed or lost in reading.
    """

    array: Any
    axes: tuple[Axis, ...]
    origin: tuple[float, float, float] | None = None
    patient: bool = False
    name: str = ""
    channels: tuple[str, ...] = ()
    windows: tuple[tuple[float, float] | None, ...] = ()
    lossy: tuple[tuple[str, float], ...] = ()
    steps: tuple[float, float] | None = None
    notes: tuple[Note, ...] = ()

    @property
    def kinds(self) -> list[str]:
        """What its axes are."""
        return [axis.kind for axis in self.axes]

    def with_axis(self, number: int, **changes: Any) -> Image:
        """Return the same image with one axis changed."""
        axes = list(self.axes)
        axes[number] = replace(axes[number], **changes)
        return replace(self, axes=tuple(axes))


def spatial_axes(affine: ArrayLike, kinds: Sequence[str] = SPATIAL[::-1]) -> list[Axis]:
    """Make spatial axes of an affine that maps indices to LPS mm.

    Parameters
    ----------
    affine
        4×4; its first three columns belong to `kinds`.
    kinds
        Default: the order of most formats, columns (x) first.
    """
    matrix = np.asarray(affine, float)
    return [Axis(kind, matrix[:3, number].copy()) for number, kind in enumerate(kinds)]


def image_of(volume: Volume) -> Image:
    """Take a volume apart again, for what the user says of its axes."""
    steps = dict(zip(SPATIAL, volume.affine[:3, :3].T, strict=True))
    time = Axis("time", seconds=volume.time_step, start=volume.time_start)
    axes = [time if kind == "time" else Axis(kind, steps.get(kind)) for kind in volume.axes]
    axes += [Axis("sample")] if volume.rgb else []
    origin = tuple(volume.affine[:3, 3].tolist())
    windows = (volume.window,) if volume.window else ()
    return Image(
        volume.array,
        tuple(axes),
        origin,
        patient=True,
        name=volume.name,
        windows=windows,
        lossy=volume.lossy,
        steps=volume.steps,
        notes=volume.notes,
    )
