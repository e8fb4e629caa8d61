"""A volume: lazy pixels and where they lie. Knows no napari and no DICOM attribute."""

from __future__ import annotations

from contextlib import nullcontext
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import LayerError, Note, NoteKind, PixelError
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.arguments import affine_of, number, pair, unit_columns
from napari_dicom_writer.model.axis_names import axis_names
from napari_dicom_writer.model.opened import opened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import ArrayLike, NDArray

    from napari_dicom_writer.model.contours import Outline
    from napari_dicom_writer.model.origin import Origin
    from napari_dicom_writer.model.segments import Labels

SPATIAL = ("plane", "row", "column")
_AS_IT_IS: AbstractContextManager[None] = nullcontext()
_LONGEST_STEP = 1e9  # seconds, 31 years; dates end not much later


class Volume:
    """An array of planes with its place in the patient.

    Parameters
    ----------
    array
        Anything sliceable with a shape and a dtype: NumPy, a memory map, dask, zarr, h5py. Axes are leading ones (time,
        channel, others), then (planes, rows, columns), then samples if `rgb`. A 2-D array is one plane. Never copied,
        and read slab by slab.
    spacing
        Distance between neighbors along (planes, rows, columns), or (rows, columns) for one plane, in mm.
    position
        Center of the first voxel, LPS mm (x, y, z).
    direction
        3×3; column j is the LPS unit vector along which spatial axis j of (planes, rows, columns) increases. Default:
        an axial volume, planes toward the head, rows toward posterior, columns toward left.
    affine
        4×4, instead of the three above: maps (plane, row, column, 1) to LPS mm (x, y, z, 1).
    axes
        Names of the array's axes without samples, from ``time``, ``channel``, any other word, and the spatial
        ``plane``, ``row``, ``column``, in the array's order. Default: the last three (or two) are spatial, those before
        have no name and are resolved by `ExportOptions.unnamed_axis`. Letters do, too: ``"TCZYX"``.
    rgb
        Whether the last axis holds 3 (RGB) or 4 (RGBA) samples. Never guessed.
    name
        Becomes the Series Description.
    window
        Lowest and highest value to display.
    time_step
        Seconds between time points, if known.
    time_start
        Seconds from wherever time is counted from to the first point.
    notes
        What was assumed to make this volume; the plan announces it.
    lossy
        How lossy compression has altered the pixels before: method (PS3.3 C.7.6.1.1.5.1) and ratio of each time;
        empty and 0 where they are not known.
    labels
        What the values mean, of a label map; None of an image.
    steps
        Slope and intercept of which every value is made: a whole number × slope + intercept, as files store them. Then
        the same numbers can be stored again.
    origin
        The series that it was read from, if that is known.

    Raises
    ------
    LayerError
        If axes and shape contradict each other, or the time step is not a duration.
    GeometryError
        If spacing, direction or affine have the wrong shape.

    Examples
    --------
    >>> volume = Volume(np.zeros((20, 64, 48), np.int16), spacing=(2.5, 0.7, 0.7), name="scan")
    >>> volume.shape, volume.affine[:3, 2].tolist()
    ((20, 64, 48), [0.7, 0.0, 0.0])
    """

    def __init__(
        self,
        array: Any,
        *,
        spacing: Sequence[float] | None = None,
        position: Sequence[float] | None = None,
        direction: ArrayLike | None = None,
        affine: ArrayLike | None = None,
        axes: str | Sequence[str] | None = None,
        rgb: bool = False,
        name: str = "",
        window: tuple[float, float] | None = None,
        time_step: float | None = None,
        time_start: float = 0.0,
        notes: Sequence[Note] = (),
        lossy: Sequence[tuple[str, float]] = (),
        labels: Labels | None = None,
        steps: tuple[float, float] | None = None,
        origin: Origin | None = None,
    ) -> None:
        self.array = opened(array)
        self.name = "" if name is None else str(name)
        self.rgb = rgb
        self.window = None if window is None else pair(window)
        self.time_step = None if time_step is None else number(time_step, "time_step")
        self.time_start = number(time_start, "time_start")
        self.notes = tuple(notes)
        self.lossy = tuple(lossy)
        self.labels = labels
        self.steps = steps
        self.origin = origin
        self.drawn: tuple[Outline, ...] | None = None  # of what is no array, but shapes or points
        if spacing is None and affine is None:
            self.notes += (Note(NoteKind.ASSUMED, "No spacing given: neighbors taken as 1 mm apart"),)
        if self.time_step is not None and not 0 < self.time_step < _LONGEST_STEP:
            raise LayerError(f"The time between its time points is {time_step} s", "Give a positive duration, or none")
        if not abs(self.time_start) < _LONGEST_STEP:
            raise LayerError(f"Its first time point is at {time_start} s", "Give a time that dates can hold")
        if any(not isinstance(n, int | np.integer) for n in self.array.shape):
            raise LayerError("Its size is not known", "Compute the chunk sizes first, with array.compute_chunk_sizes()")
        self.axes = _axes(self.array.shape[:-1] if rgb else self.array.shape, axes)
        if direction is not None:
            direction, rounded = unit_columns(direction)
            self.notes += rounded
        self.affine = affine_of(spacing, position, direction, affine, planar="plane" not in self.axes)

    def __repr__(self) -> str:
        return f"Volume({self.name!r}, {'×'.join(map(str, self.array.shape))}, {self.dtype})"

    def over(self, array: Any) -> Volume:
        """Return the same volume with another array of the same values."""
        other = copy(self)
        other.array = array
        return other

    @property
    def in_memory(self) -> bool:
        """Whether its values are there without being fetched from a file or computed."""
        array = getattr(self.array, "beneath", self.array)  # of one that is guarded
        return isinstance(array, np.ndarray) and not isinstance(array, np.memmap)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The array's own dtype."""
        dtype: np.dtype[Any] = np.dtype(self.array.dtype)
        return dtype

    @property
    def samples(self) -> int:
        """Samples a pixel: 1, 3 or 4."""
        return int(self.array.shape[-1]) if self.rgb else 1

    @property
    def leading(self) -> tuple[str, ...]:
        """Names of the axes that are not spatial, in the array's order; empty text for one without a name."""
        return tuple(axis for axis in self.axes if axis not in SPATIAL)

    def leading_names(self, unnamed: str = "time") -> tuple[str, ...]:
        """Name every leading axis: the first without a name is what is said here, others get series of their own.

        Parameters
        ----------
        unnamed
            ``time`` or ``channel``.
        """
        names = list(self.leading)
        for position, name in enumerate(names):
            if not name:
                kinds = ("time", "channel") if unnamed == "time" else ("channel",)
                names[position] = next((kind for kind in kinds if kind not in names), f"axis {position}")
        return tuple(names)

    @property
    def leading_shape(self) -> tuple[int, ...]:
        """Lengths of the leading axes."""
        return tuple(int(n) for n, axis in zip(self.array.shape, self.axes, strict=False) if axis not in SPATIAL)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(planes, rows, columns)."""
        planes, rows, columns = (self._length(axis) for axis in SPATIAL)
        return planes, rows, columns

    def _length(self, axis: str) -> int:
        return int(self.array.shape[self.axes.index(axis)]) if axis in self.axes else 1

    def steady(self, plane: NDArray[Any]) -> AbstractContextManager[None]:
        """Use a plane that was read, and notice if it changes meanwhile, where its array is guarded."""
        by_planes = getattr(self.array, "by_planes", False)
        context: AbstractContextManager[None] = self.array.steady(plane) if by_planes else _AS_IT_IS
        return context

    def read(self, leading: tuple[int, ...], start: int, stop: int) -> NDArray[Any]:
        """Read the planes from `start` to `stop` at one place along the leading axes.

        Returns
        -------
        numpy.ndarray
            (planes, rows, columns) or (planes, rows, columns, samples); a view where the array allows it.
        """
        values: NDArray[Any] = self.read_ranges([range(i, i + 1) for i in leading], range(start, stop))
        plane_stack: NDArray[Any] = values[(0,) * len(leading)]
        return plane_stack

    def read_ranges(
        self, leading: Sequence[range], planes: range, rows: range | None = None, columns: range | None = None
    ) -> NDArray[Any]:
        """Read some planes, or a part of each, at several places along the leading axes at once.

        Returns
        -------
        numpy.ndarray
            (*leading, planes, rows, columns) or (…, samples); a view where the array allows it.
        """
        ranges = iter(leading)
        index: list[int | slice] = []
        for axis in self.axes:
            if axis in ("row", "column"):
                part = rows if axis == "row" else columns
                index.append(slice(part.start, part.stop) if part else slice(None))
                continue
            wanted = planes if axis == "plane" else next(ranges)
            if len(wanted) == 1 and axis != "plane":
                index.append(wanted.start)  # which every array understands
            else:
                index.append(slice(wanted.start, wanted.stop))
        values = self.array[tuple(index)]
        if hasattr(values, "compute"):
            values = values.compute()
        if np.ma.is_masked(values):
            raise PixelError("It holds masked values, and DICOM has no mask", "Fill them first, with filled()")
        values = np.asarray(values)
        kept = [position for position, i in enumerate(index) if isinstance(i, slice)]
        order = [p for p in kept if self.axes[p] not in SPATIAL]
        order += [self.axes.index(axis) for axis in SPATIAL if axis in self.axes]
        values = values.transpose(*map(kept.index, order), *range(len(order), values.ndim))
        single = [number for number, wanted in enumerate(leading) if len(wanted) == 1]
        missing = (*single, *(() if "plane" in self.axes else (len(leading),)))
        return np.expand_dims(values, missing) if missing else values


def _axes(shape: Sequence[int], axes: str | Sequence[str] | None) -> tuple[str, ...]:
    """Check the names given, or name the last three axes (two of a 2-D array)."""
    if axes is None:
        if len(shape) < 2:
            raise LayerError(f"It has {len(shape)} axes, and an image needs rows and columns", "Give 2-D or 3-D data")
        spatial = SPATIAL[-min(3, len(shape)) :]
        return ("",) * (len(shape) - len(spatial)) + spatial
    axes = axis_names(axes)
    remedy = "Name every axis of the array except samples, with one 'row', one 'column' and at most one 'plane'"
    if len(axes) != len(shape):
        raise LayerError(f"{len(axes)} axes are named, but the array has {len(shape)}", remedy)
    counts = [list(axes).count(axis) for axis in SPATIAL]
    if counts[0] > 1 or counts[1:] != [1, 1]:
        raise LayerError(f"The axes {tuple(axes)} do not name one row and one column axis", remedy)
    if list(axes).count("time") > 1:
        raise LayerError("Two axes are named 'time'", "Give one of them another name")
    return tuple(axes)


def looks_colored(array: Any) -> bool:
    """Tell colors as napari does: three or four 8-bit samples behind a real picture."""
    shape = tuple(getattr(array, "shape", ()))
    return len(shape) > 2 and shape[-1] in (3, 4) and min(shape[-3:-1]) > 30 and bool(array.dtype == np.uint8)


def color_note(array: Any) -> tuple[Note, ...]:
    """Say that colors were not guessed, where the array looks like them."""
    if not looks_colored(array):
        return ()
    text = f"Its last axis, {array.shape[-1]} long, is taken as columns"
    return (Note(NoteKind.ASSUMED, text, hint=f"{mention('rgb', True)} if it holds colors"),)


def check_pixels(volume: Volume) -> None:
    """Refuse an array that is empty, or whose values are not numbers.

    Raises
    ------
    PixelError
        Zero-size arrays; complex, object, text and date types; a mask; samples other than 3 or 4.
    """
    if 0 in volume.array.shape:
        raise PixelError(f"It is empty: its shape is {tuple(volume.array.shape)}", "Save a layer that holds data")
    if volume.dtype.kind == "c":
        raise PixelError(
            f"Its values are complex ({volume.dtype})",
            "Save magnitude and phase, or real and imaginary part, as layers",
        )
    if volume.dtype.kind not in "buif":
        raise PixelError(f"Its values are not numbers ({volume.dtype})", "Convert the layer to integers or floats")
    if isinstance(volume.array, np.ma.MaskedArray) and np.ma.is_masked(volume.array):
        raise PixelError("It is a masked array, and DICOM has no mask", "Fill the masked voxels first, with filled()")
    if volume.rgb and volume.samples not in (3, 4):
        raise PixelError(f"It has {volume.samples} samples a pixel", "Save RGB (3) or RGBA (4) data, or a gray layer")
