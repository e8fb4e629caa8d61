"""What a napari labels layer says of its labels, and is told of them: names in its features, colors in its colormap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.model.segments import Labels, segments_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_dicom_writer.model.segments import Segment

_UNCOLORED = (0.5, 0.5, 0.5, 1.0)  # labels that are painted later are seen


def labels_of(attributes: Mapping[str, Any]) -> Labels:
    """Read the attributes of a labels layer.

    Parameters
    ----------
    attributes
        Of its layer tuple: ``features`` (or ``properties``), a table of columns such as ``index`` and ``name``, and
        ``colormap``. Both may be missing.

    Raises
    ------
    OptionsError
        If the table says two things of one label.
    """
    return Labels(segments_of(rows_of(attributes), "features of the layer"), _Colors.of(attributes.get("colormap")))


def features_of(segments: Sequence[Segment]) -> dict[str, list[Any]]:
    """Make a table of segments that napari shows and `labels_of` understands: a row each, by ``index``, their label.

    Columns are ``name``, ``category`` and ``type`` in words, and the codes and what else is known of any of them.
    """
    rows = [_row(segment) for segment in segments]
    used = {column: None for row in rows for column in row}  # in their order
    return {column: [row.get(column, "") for row in rows] for column in used}


def _row(segment: Segment) -> dict[str, Any]:
    structure = segment.structure
    codes = {
        "Category": structure.category if structure else None,
        "Type": structure.type if structure else None,
        "TypeModifier": structure.laterality if structure else None,
    }
    row = {
        "index": segment.label,
        "name": segment.name,
        "category": codes["Category"].meaning if codes["Category"] else "",
        "type": codes["Type"].meaning if codes["Type"] else "",
        "laterality": codes["TypeModifier"].meaning if codes["TypeModifier"] else "",
        "algorithm_type": segment.algorithm_type,
        "algorithm_name": segment.algorithm_name,
        "segment_description": segment.description,
        "interpreted_type": segment.interpreted_type,
        "tracking_id": segment.tracking_id,
        "tracking_uid": segment.tracking_uid,
    }
    columns = {f"SegmentedProperty{name}CodeSequence": code for name, code in codes.items()}
    if structure:
        columns["AnatomicRegionSequence"] = structure.region
        columns["AnatomicRegionModifierSequence"] = structure.region_laterality
    for column, code in columns.items():
        if code:
            row |= {f"{column}.CodeValue": code.value, f"{column}.CodingSchemeDesignator": code.scheme}
            row[f"{column}.CodeMeaning"] = code.meaning
    return {column: value for column, value in row.items() if value or column in ("index", "name", "category", "type")}


def colormap_of(segments: Sequence[Segment]) -> dict[int | None, tuple[float, ...]] | None:
    """Return the colors of segments as napari's layers take them; None where none has one."""
    if not any(segment.color for segment in segments):
        return None
    colors: dict[int | None, tuple[float, ...]] = {0: (0.0, 0.0, 0.0, 0.0), None: _UNCOLORED}
    for segment in segments:
        if segment.color:
            colors[segment.label] = (*(part / 255 for part in segment.color), 1.0)
    return colors


def rows_of(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the table; without a column of labels, napari's own convention: row n is label n."""
    table = attributes.get("features")
    table = attributes.get("properties") if table is None or not len(table) else table
    if table is None or not len(table):
        return []
    columns = {str(name): list(table[name]) for name in table}
    length = min(map(len, columns.values()), default=0)
    rows = [{name: values[row] for name, values in columns.items()} for row in range(length)]
    known = {name.lower().replace("_", "").replace(" ", "") for name in columns}
    if not known & {"label", "index", "value", "labelid", "labelvalue", "segmentnumber", "number", "id", "idx"}:
        rows = [{**row, "label": number} for number, row in enumerate(rows)]
    return rows


class _Colors:
    """Asks the layer's colormap; an object of its own, so that it can be pickled with the volume."""

    def __init__(self, colormap: Any) -> None:
        self._colormap = colormap

    @classmethod
    def of(cls, colormap: Any) -> _Colors | None:
        return cls(colormap) if isinstance(colormap, dict) or callable(getattr(colormap, "map", None)) else None

    def __call__(self, label: int) -> tuple[int, int, int] | None:
        try:
            table = isinstance(self._colormap, dict)
            found = self._colormap.get(label) if table else self._colormap.map(np.array([label]))
            color = np.asarray(found, float).reshape(-1)[:4]
        except Exception:  # noqa: BLE001 - a colormap is anybody's object
            return None
        if len(color) < 3 or not np.isfinite(color).all() or (len(color) > 3 and color[3] == 0):
            return None
        red, green, blue = (round(255 * min(1.0, max(0.0, float(part)))) for part in color[:3])
        return red, green, blue
