"""A placement in words: how large, where, and which way."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_dicom_writer.model.geometry import patient_letters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_dicom_writer._napari.dock.preview.cuts import Cut
    from napari_dicom_writer.plan.grid import Grid

_UNITS = (("mm", 1.0), ("µm", 1e-3), ("nm", 1e-6))
# A spacing goes by a unit of which it has a tenth: a microscopist knows 0.65 µm, a radiologist 0.7 mm.
_LEAST = 0.1
_MANY = 1e6  # of a unit, where the next greater one reads better
_NO_BREAK = "\N{NO-BREAK SPACE}"
AXES = ("plane", "row", "column")


def placement_lines(grid: Grid, shape: tuple[int, int, int]) -> tuple[str, ...]:
    """Say what the files say: size, extent, position of the first instance, directions.

    Parameters
    ----------
    grid
        As it will be written.
    shape
        (planes, rows, columns); in the text columns come first, as in ``512 × 512 × 100``.

    Returns
    -------
    tuple of str
        One statement each.
    """
    planes, rows, columns = shape
    row_spacing, column_spacing = map(float, grid.pixel_spacing)
    counts, spacing = [columns, rows], [column_spacing, row_spacing]
    if grid.spacing_between_planes:
        counts.append(planes)
        spacing.append(float(grid.spacing_between_planes))
    extent = [n * step for n, step in zip(counts, spacing, strict=True)]
    noun = "voxels" if len(counts) == 3 else "pixels"
    lines = [
        f"{_times(f'{n:,}' for n in counts)} {noun} of {_spacings(spacing)}",
        f"{_extents(extent)} in all" + ("" if len(counts) == 3 else ", thickness not known"),
        f"first {noun[:-1]} {_position(grid, planes, min(spacing))}",
        _directions(grid, planes if grid.spacing_between_planes else 0),
    ]
    return tuple(lines)


def cut_text(cut: Cut, count: int) -> str:
    """Explain one cut.

    Parameters
    ----------
    cut
        The cut.
    count
        How many such cuts the grid has along its normal.
    """
    axis = AXES[cut.normal]
    size = _extents((cut.width, cut.height))
    left, right, top, bottom = cut.letters
    edges = f"left {left}, right {right}, top {top}, bottom {bottom}"
    if cut.written:
        return (
            f"{cut.name.capitalize()}, as written: {axis} {cut.index} of 0 to {count - 1}, exactly as the file "
            f"holds it and a 2-D viewer shows it. Columns run to the right, rows downward: {edges}. {size}."
        )
    return (
        f"{cut.name.capitalize()}, reformatted: a cut through all planes at {axis} {cut.index} of 0 to {count - 1}, "
        f"turned as radiology shows it: {edges}. {size}."
    )


def number(value: float) -> str:
    """Write a number with four digits that count, or all before the point.

    Examples
    --------
    >>> number(0.73242), number(197.0), number(12345.6), number(-0.00004), number(2e12)
    ('0.7324', '197', '12,346', '-4e-05', '2e+12')
    """
    if value == 0:
        return "0"
    if not 1e-3 <= abs(value) < 1e9:
        return f"{value:.4g}"
    decimals = max(0, 3 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _times(texts: Iterable[str]) -> str:
    return f"{_NO_BREAK}×{_NO_BREAK}".join(texts)


def _unit(least: float, greatest: float) -> tuple[str, float]:
    """Choose the unit of several spacings by the least, unless that makes the greatest too long to read."""
    fitting = [unit for unit in _UNITS if least >= _LEAST * unit[1] * (1 - 1e-9)] or [_UNITS[-1]]
    readable = [unit for unit in _UNITS if greatest < _MANY * unit[1]] or [_UNITS[0]]
    return max(fitting[0], readable[-1], key=lambda unit: unit[1])


def _spacings(mm: Sequence[float]) -> str:
    return _lengths(mm, _unit(min(mm), max(mm)))


def _extents(mm: Sequence[float]) -> str:
    """Write lengths in a unit of which the greatest has at least one."""
    return _lengths(mm, next((unit for unit in _UNITS if max(mm) >= unit[1]), _UNITS[-1]))


def _lengths(mm: Sequence[float], unit: tuple[str, float]) -> str:
    name, size = unit
    return f"{_times(number(length / size) for length in mm)}{_NO_BREAK}{name}"


def _position(grid: Grid, planes: int, least: float) -> str:
    """Where the first instance lies, toward which side of the patient's origin."""
    first = grid.affine() @ (planes - 1 if grid.reversed else 0, 0, 0, 1)
    name, size = _unit(least, max(map(abs, first[:3])))
    parts = []
    for axis, coordinate in enumerate(first[:3].tolist()):
        text = number(abs(coordinate) / size if abs(coordinate) > 1e-9 * least else 0)
        letter = ("RAF" if coordinate < 0 and text != "0" else "LPH")[axis]
        parts.append(f"{letter}{_NO_BREAK}{text}")
    return f"{', '.join(parts)}{_NO_BREAK}{name}"


def _directions(grid: Grid, planes: int) -> str:
    runs = [("columns", grid.row_cosines), ("rows", grid.column_cosines)]
    if planes:
        runs.append(("planes", grid.normal))
    text = ", ".join(f"{axis}{_NO_BREAK}→{_NO_BREAK}{patient_letters(vector)}" for axis, vector in runs)
    return f"{text} (last plane first)" if grid.reversed else text
