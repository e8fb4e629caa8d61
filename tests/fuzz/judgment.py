"""What an independent reader finds, held against what the layer had: every voxel, in its place, as announced."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from fuzz.places import smallest

if TYPE_CHECKING:
    from fuzz.layers import Stack
    from napari_dicom_writer import Volume
    from napari_dicom_writer.plan.plan import SeriesPlan

_NEAR, _FAR = 1e-3, 0.0101  # voxels


def judge_series(found: Volume, stack: Stack, plan: SeriesPlan, fill: float | None) -> None:
    """Assert that a series holds a stack.

    Parameters
    ----------
    found
        What `series_reader` made of the files.
    stack
        What was exported.
    plan
        Asked only for what it announced.
    fill
        What replaces values that are not finite.
    """
    values = np.asarray(found.array[()])
    if "time" not in found.axes:
        values = values[np.newaxis]
    said = " ".join(note.text for note in plan.notes)
    if "Resampled" in said:
        _judge_resampled(values, found.affine, stack, plan, fill)
        return
    planar = stack.values.shape[1] == 1
    if planar:
        # The thickness of a single plane has no direction.
        normal = np.cross(*(found.affine[:3, axis] / np.linalg.norm(found.affine[:3, axis]) for axis in (2, 1)))
        thickness, wanted = (abs(affine[:3, 0] @ normal) for affine in (found.affine, stack.affine))
        assert stack.planar or np.isclose(thickness, wanted, rtol=1e-6), "the plane is of another thickness"
    allowed = _allowed(stack, said, smallest(found.affine, planar=planar))
    index = index_of(found.affine, values.shape[1:4], stack.affine, stack.values.shape[1:4], allowed)
    expected = np.moveaxis(stack.values, 0, -1).reshape(-1, *stack.values.shape[4:], len(stack.values))
    read = np.moveaxis(values, 0, -1)[tuple(index.T)]
    assert read.shape == expected.shape, f"{values.shape} was read, {stack.values.shape} exported"
    assert len(np.unique(index, axis=0)) == len(index), "voxels fell together"
    assert values[0].size == stack.values[0].size, "there are voxels that nobody exported"
    judge_values(read, expected, stack.channel, plan, fill)
    if stack.step is not None and found.time_step is not None:
        assert abs(found.time_step - stack.step) <= 0.01 * stack.step + 1e-6


def index_of(
    read: np.ndarray, read_shape: tuple[int, ...], affine: np.ndarray, shape: tuple[int, ...], allowed: float
) -> np.ndarray:
    """Find every voxel of one grid, (planes, rows, columns), in what was read.

    Returns
    -------
    numpy.ndarray
        (voxels, 3): where each is; no further than `allowed` voxels from its place.
    """
    given = np.indices(shape[:3]).reshape(3, -1)
    single = shape[0] == 1
    lengths = np.linalg.norm(read[:3, :3], axis=0)
    # Where there is one plane, nobody knows which way the next would lie.
    linear = np.where([single, False, False], 0, affine[:3, :3])
    # Far from the origin the differences are exact, and the coordinates are not.
    places = linear @ given + (affine[:3, 3] - read[:3, 3])[:, np.newaxis]
    index = np.linalg.solve(read[:3, :3] / lengths, places) / lengths[:, np.newaxis]
    if single:
        assert np.abs(index[0]).max() * lengths[0] <= allowed * lengths[1:].min(), "the plane lies elsewhere"
        index[0] = 0
    whole = np.rint(index)
    apart = np.abs(index - whole).max()
    assert apart <= allowed, f"a voxel is {apart:.3g} voxels away"
    assert (whole >= 0).all(), "voxels are missing"
    assert not (read_shape[:3] <= whole.T).any(), "voxels are missing"
    return whole.T.astype(int)


def _allowed(stack: Stack, said: str, spacing: float) -> float:
    """How many voxels a voxel may be off: more far from the origin, where 16 bytes hold fewer digits of a voxel."""
    ends = np.abs(stack.affine[:3, :3]) @ stack.values.shape[1:4] + np.abs(stack.affine[:3, 3])
    return min(_FAR, _NEAR + 1e-12 * ends.max() / spacing) + _announced(said) / spacing


def _announced(said: str) -> float:
    """How far voxels may be moved, in mm, as the note about axes that are not quite at right angles says."""
    head, _, tail = said.partition("no voxel moves by more than ")
    # Three digits are told.
    return float(tail.split()[0]) * 1.01 if head != said else 0.0


def judge_values(
    read: np.ndarray, values: np.ndarray, channel: np.ndarray, plan: SeriesPlan, fill: float | None
) -> None:
    """Assert that values came back within the error that was announced, which must not be larger than it has to be."""
    stored = plan.stored
    expected = real_values(values, fill)
    scale = _color_scale(channel) if stored.samples == 3 else 1.0
    apart = float(np.abs(read.astype(np.longdouble) * scale - expected).max())
    announced = stored.largest_error
    if not np.isfinite(announced):
        assert "lossy" in plan.options.transfer_syntax
        return
    noise = 1e-12 if scale != 1 else 0
    assert apart <= announced + noise, f"a value is {apart:.6g} off, {announced:.6g} was announced"
    assert not announced or any("largest error" in note.text for note in plan.notes), "an error was not announced"
    steps = plan.options.lossy_error if plan.options.transfer_syntax == "jpeg-ls-lossy" else 0
    least = least_error(channel.dtype, real_values(channel, fill), plan.options.modality, scale)
    most = float(least + 1.01 * steps * float(stored.slope) * scale)
    assert announced <= most, f"{announced:.6g} was announced, and {most:.6g} would do"


def real_values(values: np.ndarray, fill: float | None) -> np.ndarray:
    """The values as extended precision, which holds 64-bit integers; those that are not finite filled."""
    expected = values.astype(np.longdouble)
    return expected if fill is None else np.where(np.isfinite(expected), expected, np.longdouble(fill))


def _color_scale(values: np.ndarray) -> float:
    """What one of 255 steps is worth in the layer's values."""
    kind = values.dtype
    if kind.kind == "u" and kind.itemsize == 2 and values.max() > 255:
        return 257.0
    whole = bool((values == np.rint(values.astype(float))).all())
    return 1 / 255 if kind.kind == "b" or (kind.kind == "f" and not (whole and values.max() > 1)) else 1.0


def least_error(kind: np.dtype, expected: np.ndarray, modality: str, scale: float) -> float:
    """An error that 16 bits (8 for colors) need not exceed."""
    low, high = float(expected.min()), float(expected.max())
    if scale != 1:
        return 0.51 * scale
    whole = bool((expected == np.rint(expected)).all())
    if (kind.kind in "bui" and kind.itemsize <= 2) or (
        whole and low >= -32768 and high <= (65535 if low >= 0 else 32767)
    ):
        return 0.0
    if modality == "PT":
        low, high = (-max(abs(low), abs(high)),) * 2
        high = -high
    # What a Rescale Intercept of nine digits, the smallest slope and double precision cannot tell apart.
    noise = 1e-8 * abs(low) / 65534 + 1e-99 + 1e-8 * max(abs(low), abs(high)) * (low == high)
    return 0.51 * (high - low) / 65534 + noise + 8 * float(np.spacing(max(abs(low), abs(high))))


def _judge_resampled(
    values: np.ndarray, affine: np.ndarray, stack: Stack, plan: SeriesPlan, fill: float | None
) -> None:
    """Assert that values are interpolated between those of the layer, 0 outside, and that no voxel lies outside."""
    from scipy.ndimage import map_coordinates

    shape = stack.values.shape[1:4]
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if (lengths * values.shape[1:4]).max() > 1e6 * lengths.min():
        return  # the rounding of directions moves the thinnest voxels, by less than is refused
    to_found = np.linalg.inv(affine) @ stack.affine
    corners = np.indices((2, 2, 2)).reshape(3, -1) * (np.array(shape) - 1)[:, np.newaxis]
    index = to_found[:3, :3] @ corners + to_found[:3, 3:]
    last = np.array(values.shape[1:4])[:, np.newaxis] - 1
    assert np.abs(index - np.clip(index, 0, last)).max() < _NEAR, "the new grid does not cover the layer"
    if not np.isfinite(stack.values).all() or not np.isfinite(plan.stored.largest_error):
        return  # gaps spread when they are interpolated
    unit = affine[:3, :3] / lengths
    assert np.abs(unit.T @ unit - np.eye(3)).max() < 1e-6, "the new grid is not orthogonal"
    back = np.linalg.inv(to_found)
    at = back[:3, :3] @ np.indices(values.shape[1:4]).reshape(3, -1) + back[:3, 3:]
    scale = _color_scale(stack.channel) if plan.stored.samples == 3 else 1.0
    allowed = plan.stored.largest_error + (0.51 if stack.values.dtype.kind in "iu" else 0)
    # A mask takes the nearest voxel; half-way between two it may be either.
    nearest = stack.values.dtype.kind == "b"
    sure = ~(nearest & (np.abs(at - np.floor(at) - 0.5) < 1e-4).any(axis=0)).reshape(values.shape[1:4])
    for read, given in zip(values, stack.values, strict=True):
        channels = [(read, given)] if plan.stored.samples == 1 else [(read[..., s], given[..., s]) for s in range(3)]
        for found, source in channels:
            smooth = source.astype(float)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = map_coordinates(smooth, at, order=0 if nearest else 1, mode="grid-constant")
            apart = np.abs(found * scale - expected.reshape(found.shape))[sure]
            # Places are rounded in the header; where values change a lot between neighbors, that shows.
            noise = 1e-6 * float(np.abs(smooth).max())
            assert apart.max(initial=0) <= allowed + noise + 1e-12, f"a value is {apart.max():.3g} off"
