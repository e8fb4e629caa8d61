"""Which region each shape or point is of, as its layer's features say. Imports no napari."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.errors import LayerError, Note, NoteKind
from napari_dicom_writer.layers.features import not_written
from napari_dicom_writer.model.contours import CLOSED, ENCLOSING, LINES, POINT, Outline
from napari_dicom_writer.model.segments import Labels, is_missing, segments_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Sized

    from numpy.typing import NDArray

NUMBER, KIND = "number", "contour_type"
"""Columns of features: the number of the region, and Contour Geometric Type."""
_NAMES = ("name", "region", "roi", "structure", "label")


@dataclass(frozen=True, slots=True)
class Regions:
    """What shapes or points are of.

    Attributes
    ----------
    numbers : list of int
        Region of each, from 1.
    names : dict of int to str
        Of the regions.
    rows : list of dict
        What the features say of each, by the names of their columns in small letters.
    notes : list of Note
        Names that are missing, and columns that are not written.
    """

    numbers: list[int]
    names: dict[int, str]
    rows: list[dict[str, Any]]
    notes: list[Note]

    def told(self, at: int, name: str) -> str:
        """Return the Contour Geometric Type that the features say of a shape; empty where they say none.

        Raises
        ------
        LayerError
            If it is none of a shape.
        """
        value = self.rows[at].get(KIND)
        told = "" if is_missing(value) else str(value).strip()
        if told and told not in (*ENCLOSING, *LINES):
            what = f"The {KIND!r} of its {name} is {told!r}, which no shape has"
            raise LayerError(what, f"Say {', '.join(ENCLOSING)} or {' or '.join(LINES)}, or nothing")
        return told

    def outline(self, at: int, points: NDArray[Any], name: str, told: str) -> Outline:
        """Make an outline of one of them; of a type that is told, or closed."""
        return Outline(self.numbers[at], told or CLOSED, points, name, told=bool(told))

    def point(self, at: int, place: NDArray[Any], name: str) -> Outline:
        """Make a point of one of them."""
        return Outline(self.numbers[at], POINT, place, name)

    def labels(self, colors: Sequence[tuple[int, int, int] | None]) -> Labels:
        """Say what the regions mean; the first of each gives its color, and what its row says."""
        first = {region: at for at, region in reversed([*enumerate(self.numbers)])}
        told = [{**self.rows[at], "name": self.names[label], "label": label} for label, at in first.items()]
        found = segments_of(told, "features of the layer")
        return Labels(tuple(replace(one, color=colors[first[one.label]] or one.color) for one in found))


def regions_of(attributes: Mapping[str, Any], count: int) -> Regions:
    """Sort shapes or points into regions.

    Their own numbers are taken where the features have some, and counted else; two of one name are two then.

    Parameters
    ----------
    attributes
        Of the layer tuple. The first column of ``features`` that is called name, region, roi, structure or label names
        the region of each; without one, all are of one region, called as the layer.
    count
        How many there are.

    Raises
    ------
    LayerError
        If the features are of more or less than there are.
    """
    layer = str(attributes.get("name") or "")
    rows = _rows(attributes, count)
    known = next((name for name in _NAMES if name in rows[0]), None)
    notes = not_written(rows, (known, NUMBER, KIND) if known else (NUMBER, KIND))
    if known is None:
        return Regions([1] * count, {1: layer}, rows, notes)
    named = ["" if is_missing(row[known]) else str(row[known]).strip() for row in rows]
    if unnamed := named.count(""):
        text = f"{unnamed:,} of {count:,} have no {known!r}: taken as of the region {layer!r}"
        notes.append(Note(NoteKind.ASSUMED, text, hint=f"fill the column {known!r} of its features"))
    names = [name or layer for name in named]
    numbers = [_whole(row.get(NUMBER)) for row in rows]
    pairs = dict(zip(numbers, names, strict=True))
    if all(numbers) and all(pairs[at] == name for at, name in zip(numbers, names, strict=True)):
        return Regions(numbers, pairs, rows, notes)
    order = list(dict.fromkeys(names))
    return Regions([order.index(name) + 1 for name in names], dict(enumerate(order, 1)), rows, notes)


def _rows(attributes: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    table = attributes.get("features")
    if table is None or not len(table):
        return [{} for _ in range(count)]
    columns = {str(name).lower(): list(table[name]) for name in table}
    for name, values in columns.items():
        check_as_many(values, count, f"values of {name!r} in its features")
    return [{name: values[at] for name, values in columns.items()} for at in range(count)]


def _whole(value: Any) -> int:
    """A number from 1; 0 for whatever else."""
    try:
        return max(0, int(value)) if int(value) == float(value) else 0
    except (TypeError, ValueError, OverflowError):
        return 0


def check_as_many(given: Sized, count: int, what: str) -> None:
    """Refuse attributes of more or less than there are.

    Raises
    ------
    LayerError
        If they are not as many.
    """
    if len(given) != count:
        raise LayerError(f"It has {len(given):,} {what} for {count:,}", "Give one to each")
