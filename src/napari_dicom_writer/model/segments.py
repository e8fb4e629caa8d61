"""What the labels of a label map mean: a segment a label, and how tables of them are understood."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import OptionsError
from napari_dicom_writer.standard.codes import Code, Structure, categories, recognize, terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ALGORITHM_TYPES = ("AUTOMATIC", "SEMIAUTOMATIC", "MANUAL")
"""Segment Algorithm Type (PS3.3 C.8.20.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """What one label means (Segment Sequence, PS3.3 C.8.20.2).

    Attributes
    ----------
    label : int
        Its value in the label map, from 1.
    name : str
        Segment Label; empty where it is not known.
    structure : Structure or None
        What it shows, as codes; None where it is not known.
    color : (int, int, int) or None
        Red, green and blue, 0 to 255, in sRGB.
    algorithm_type, algorithm_name : str
        How it was made, such as ``AUTOMATIC`` by ``TotalSegmentator``; empty where it is not known.
    description : str
    interpreted_type : str
        What it is for in a treatment, such as ``ORGAN`` or ``PTV`` (RT ROI Interpreted Type, PS3.3 C.8.8.8); empty
        where it is not known.
    tracking_id, tracking_uid : str
        What is the same finding in several segmentations; both or none.
    """

    label: int
    name: str = ""
    structure: Structure | None = None
    color: tuple[int, int, int] | None = None
    algorithm_type: str = ""
    algorithm_name: str = ""
    description: str = ""
    interpreted_type: str = ""
    tracking_id: str = ""
    tracking_uid: str = ""

    def __post_init__(self) -> None:
        if self.algorithm_type and self.algorithm_type not in ALGORITHM_TYPES:
            kinds = ", ".join(ALGORITHM_TYPES)
            raise OptionsError(f"Segment {self.label} was made by {self.algorithm_type!r}", f"Use one of {kinds}")
        if bool(self.tracking_id) != bool(self.tracking_uid):
            raise OptionsError(f"Segment {self.label} has half a tracking identifier", "Give its ID and its UID")

    def understood(self) -> Segment:
        """Return the same with the codes that its name says, where none are given.

        Examples
        --------
        >>> str(Segment(label=1, name="liver").understood().structure.type)
        'Liver (10200004, SCT)'
        """
        return self if self.structure or not self.name else replace(self, structure=recognize(self.name))


@dataclass(frozen=True, slots=True)
class Labels:
    """What makes a volume a label map.

    Attributes
    ----------
    segments : tuple of Segment
        What its labels mean, as far as it is known.
    color_of : callable or None
        Red, green and blue, 0 to 255, of a label, as it is displayed.
    fractions : bool
        Whether the values are not labels, but how much of a voxel, or how probably, is of a segment: one a channel.
    """

    segments: tuple[Segment, ...] = ()
    color_of: Callable[[int], tuple[int, int, int] | None] | None = None
    fractions: bool = False


# Usual names of the columns of a table, without case, blanks and underscores.
_COLUMNS = {
    "label": "label index value labelid labelvalue segmentnumber number idx id".split(),
    "name": "name segmentlabel structure segment region labelname structurename segmentname description".split(),
    "color": "color colour rgb recommendeddisplayrgbvalue".split(),
    "algorithm_type": ["algorithmtype", "segmentalgorithmtype"],
    "algorithm_name": ["algorithmname", "segmentalgorithmname", "algorithm"],
    "description": ["segmentdescription", "comment"],
    "interpreted_type": ["interpretedtype", "rtroiinterpretedtype"],
    "tracking_id": ["trackingid", "trackingidentifier"],
    "tracking_uid": ["trackinguid", "trackinguniqueidentifier"],
}
_RED, _GREEN, _BLUE = {"r", "red", "colorr"}, {"g", "green", "colorg"}, {"b", "blue", "colorb"}
_SEQUENCES = {
    "category": "segmentedpropertycategorycodesequence",
    "type": "segmentedpropertytypecodesequence",
    "laterality": "segmentedpropertytypemodifiercodesequence",
    "region": "anatomicregionsequence",
    "region_laterality": "anatomicregionmodifiersequence",
}
# What the color tables of 3D Slicer call their columns: Type_CodeValue, Type_CodingScheme, Type_CodeMeaning.
_SLICER = {
    "category": "category",
    "type": "type",
    "laterality": "typemodifier",
    "region": "region",
    "region_laterality": "regionmodifier",
}
_SLICER_PARTS = ("codevalue", "codingscheme", "codemeaning")


def is_understood(column: str) -> bool:
    """Whether `segments_of` takes anything from a column of some name."""
    name = _plain(column)
    codes = {f"{key}{part}" for key in _SLICER.values() for part in _SLICER_PARTS}
    usual = {name for names in _COLUMNS.values() for name in names} | _RED | _GREEN | _BLUE | {"category"}
    return name in usual | codes or name.split(".")[0] in _SEQUENCES.values()


@lru_cache(maxsize=256)  # columns are the same in each of 60,000 rows
def _plain(column: str) -> str:
    return re.sub(r"[\s_\-]", "", column).lower()


def unknown_category(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the first category in words that is none of the standard's, of rows whose codes say none; or nothing."""
    plain = [{_plain(str(column)): value for column, value in row.items()} for row in rows]
    said = (row.get("category") for row in plain if not any("code" in column for column in row))
    known = categories()
    words = (str(value).strip() for value in said if not is_missing(value))
    return next((word for word in words if word and word.lower() not in known), "")


def segments_of(rows: Iterable[Mapping[str, Any]], where: str = "segments") -> tuple[Segment, ...]:
    """Understand a table of segments by the usual names of its columns.

    Parameters
    ----------
    rows
        One mapping a segment, such as the rows of a layer's ``features``: a column ``label``, ``index`` or ``value``,
        one ``name``, ``structure`` or ``segment``, and others. Rows of the background, label 0, are passed over.
    where
        Where the table stands, for messages.

    Raises
    ------
    OptionsError
        If a label is not a whole number from 1, stands there twice, or no column holds labels.

    Examples
    --------
    >>> [segment.name for segment in segments_of([{"index": 1, "name": "liver"}, {"index": 2, "name": "lesion"}])]
    ['liver', 'lesion']
    """
    found: dict[int, Segment] = {}
    for number, row in enumerate(rows, 1):
        named = {_plain(str(column)): value for column, value in row.items()}
        segment = _segment(named, f"row {number} of the {where}")
        if segment is None:
            continue
        if segment.label in found:
            raise OptionsError(
                f"Label {segment.label} stands twice in the {where}", "Keep one row for each label", where
            )
        found[segment.label] = segment
    return tuple(found[label] for label in sorted(found))


def _segment(row: Mapping[str, Any], where: str) -> Segment | None:
    values = {
        field: next((row[name] for name in names if name in row and not is_missing(row[name])), None)
        for field, names in _COLUMNS.items()
    }
    label = _whole(values["label"], where)
    if label == 0:
        return None
    name = str(values["name"] or "").strip()
    columns = ("algorithm_name", "interpreted_type", "tracking_id", "tracking_uid")
    texts = {key: str(values[key] or "").strip() for key in columns}
    return Segment(
        label=label,
        name=name,
        structure=_coded(row, name, where),
        color=_color(row, values["color"]),
        algorithm_type=str(values["algorithm_type"] or "").strip().upper(),
        description="" if values["description"] in (None, values["name"]) else str(values["description"]),
        **texts,
    ).understood()


def is_missing(value: Any) -> bool:
    """Whether a table says nothing: None, an empty text, or what pandas has for no number, moment or value."""
    if value is None or isinstance(value, str):
        return not value
    try:
        return bool(value != value)
    except (TypeError, ValueError):  # of pandas' NA, or an array
        return type(value).__name__ == "NAType"


def _whole(value: Any, where: str) -> int:
    remedy = "Give each segment its label, a whole number from 1, in a column 'label'"
    try:
        label = int(value)
        if label != float(value) or label < 0:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise OptionsError(f"{value!r} is not a label, in {where}", remedy, "segments") from None
    return label


def _color(row: Mapping[str, Any], color: Any) -> tuple[int, int, int] | None:
    """Red, green and blue from one column or three; numbers of 0..1 with a fraction are scaled."""
    parts: list[Any] = []
    if color is None:
        columns = (next((row[name] for name in names if name in row), None) for names in (_RED, _GREEN, _BLUE))
        parts = [part for part in columns if not is_missing(part)]
    elif isinstance(color, str) and re.match("#[0-9a-fA-F]{6}", color):
        parts = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    else:
        parts = re.findall(r"[\d.]+", color) if isinstance(color, str) else list(np.atleast_1d(color))[:3]
    try:
        red, green, blue = (float(part) for part in parts)
    except (TypeError, ValueError):
        return None
    fractions = max(red, green, blue) <= 1 and any(isinstance(p, float) or "." in str(p) for p in parts)
    scale = 255 if fractions else 1
    whole = [round(part * scale) for part in (red, green, blue)]
    return (whole[0], whole[1], whole[2]) if all(0 <= part <= 255 for part in whole) else None


def _coded(row: Mapping[str, Any], name: str, where: str) -> Structure | None:
    """What the row says itself: by sequences (dcmqi), by columns of value, scheme and meaning, by a category in words.

    The category is that of the type, where only this is given; the type is that of the name, where that is missing.
    """
    if not any("code" in column for column in row) and is_missing(row.get("category")):
        return None
    codes = {key: _code(row, at) or _slicer_code(row, _SLICER[key]) for key, at in _SEQUENCES.items()}
    category = codes["category"] or categories().get(str(row.get("category")).strip().lower())
    if codes["type"] is None:
        understood = recognize(name) if name and category else None
        return replace(understood, category=category) if understood and category else None
    category = category or terms().get(codes["type"])
    if category is None:
        what = f"The type {codes['type']} has no category, in {where}"
        raise OptionsError(what, "Give its category, too, such as 'Anatomical Structure'", "segments")
    return Structure(category, codes["type"], codes["laterality"], codes["region"], codes["region_laterality"])


def _code(row: Mapping[str, Any], sequence: str) -> Code | None:
    item = row.get(sequence)
    if isinstance(item, list):
        item = item[0] if item else None
    if not isinstance(item, dict):
        item = {
            key: row.get(f"{sequence}.{key.lower()}") for key in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
        }
    parts = [item.get(key) for key in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")]
    return None if any(is_missing(part) for part in parts) else Code(*(str(part) for part in parts))


def _slicer_code(row: Mapping[str, Any], name: str) -> Code | None:
    parts = [row.get(f"{name}{part}") for part in _SLICER_PARTS]
    return None if any(is_missing(part) for part in parts) else Code(*(str(part) for part in parts))
