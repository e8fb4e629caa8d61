"""What a napari labels layer says of its labels: names in its features, colors in its colormap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.model.segments import Labels, segments_of

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    return Labels(segments_of(_rows(attributes), "features of the layer"), _Colors.of(attributes.get("colormap")))


def _rows(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of the table; without a column of labels, napari's own convention: row n is label n."""
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
        return cls(colormap) if callable(getattr(colormap, "map", None)) else None

    def __call__(self, label: int) -> tuple[int, int, int] | None:
        try:
            color = np.asarray(self._colormap.map(np.array([label])), float).reshape(-1)[:4]
        except Exception:  # noqa: BLE001 - a colormap is anybody's object
            return None
        if len(color) < 3 or not np.isfinite(color).all() or (len(color) > 3 and color[3] == 0):
            return None
        red, green, blue = (round(255 * min(1.0, max(0.0, float(part)))) for part in color[:3])
        return red, green, blue
