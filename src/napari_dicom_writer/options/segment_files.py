"""Tables of segments in files: CSV, JSON, the color tables of 3D Slicer, the label files of ITK-SNAP."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.errors import OptionsError
from napari_dicom_writer.model.segments import Segment, segments_of

if TYPE_CHECKING:
    import os

Segments = Path | tuple[Segment, ...] | None
"""What labels mean; options take a file, a mapping, or a list of mappings for it."""

_REMEDY = (
    "Give a CSV file with columns label and name, a JSON file, a color table of 3D Slicer, or a label file of ITK-SNAP"
)
_MOST = 16 * 2**20  # bytes of a file that is still a table of segments
# 3D Slicer: index, name, R, G, B, A. ITK-SNAP: index, R, G, B, A, visible, mesh, "name".
_SLICER = re.compile(r"^\s*(\d+)\s+(\S+)\s+(\d+)\s+(\d+)\s+(\d+)\s+\d+\s*$")
_SNAP = re.compile(r'^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+[\d.]+\s+\d\s+\d\s+"(.*)"\s*$')


def as_segments(given: Any) -> tuple[Segment, ...]:
    """Turn whatever describes segments into segments.

    Parameters
    ----------
    given
        A file, a mapping ``{label: name}``, or a sequence of `Segment` or of mappings, one a segment. Without codes,
        the name says what it is.

    Raises
    ------
    OptionsError
        If it cannot be understood.

    Examples
    --------
    >>> [str(segment.structure.type) for segment in as_segments({1: "liver"})]
    ['Liver (10200004, SCT)']
    """
    if given is None:
        return ()
    if isinstance(given, str | Path):
        return read_segments(given)
    if isinstance(given, Mapping):
        return segments_of([{"label": label, "name": name} for label, name in given.items()])
    items = list(given) if isinstance(given, Iterable) else [given]
    if all(isinstance(item, Segment) for item in items):
        return tuple(sorted((item.understood() for item in items), key=lambda segment: segment.label))
    if all(isinstance(item, Mapping) for item in items):
        return segments_of(items)
    kind = type(items[0]).__name__ if items else type(given).__name__
    raise OptionsError(f"A segment cannot be a {kind}", "Pass {1: 'liver'}, Segments, or a file", "segments")


def read_segments(path: str | os.PathLike[str]) -> tuple[Segment, ...]:
    """Read a table of segments.

    Raises
    ------
    OptionsError
        If the file cannot be read, or is not such a table.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _MOST:
            raise OptionsError(f"{path} is too large for a table of segments", _REMEDY, "segments")
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise OptionsError(f"{path} cannot be read: {error.strerror}", "Check the path", "segments") from error
    except UnicodeDecodeError:
        raise OptionsError(f"{path} is not text", _REMEDY, "segments") from None
    rows = _json(content, path) if path.suffix.lower() == ".json" else _lines(content)
    segments = segments_of(rows, path.name)
    if not segments:
        raise OptionsError(f"{path} holds no segments", _REMEDY, "segments")
    return segments


def _json(content: str, path: Path) -> Iterable[Mapping[str, Any]]:
    """A list of segments, a mapping of label to name (either way round), or what dcmqi calls its metadata."""
    try:
        parsed = json.loads(content)
    except ValueError as error:
        raise OptionsError(f"{path} is not JSON: {error}", _REMEDY, "segments") from None
    if isinstance(parsed, dict) and "segmentAttributes" in parsed:
        groups = parsed["segmentAttributes"]
        parsed = [row for group in groups for row in (group if isinstance(group, list) else [group])]
        return [{**row, "name": row.get("SegmentLabel") or row.get("SegmentDescription")} for row in parsed]
    if isinstance(parsed, dict):
        inner = next((parsed[key] for key in ("segments", "labels") if key in parsed), parsed)
        if isinstance(inner, dict):
            pairs = [(k, v) if str(k).isdigit() else (v, k) for k, v in inner.items()]
            return [{**v, "label": k} if isinstance(v, dict) else {"label": k, "name": v} for k, v in pairs]
        parsed = inner
    if not isinstance(parsed, list) or not all(isinstance(row, dict) for row in parsed):
        raise OptionsError(f"{path} holds no list of segments", _REMEDY, "segments")
    return parsed


def _lines(content: str) -> Iterable[Mapping[str, Any]]:
    lines = [line for line in content.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if matches := [match for line in lines if (match := _SNAP.match(line))]:
        return [dict(zip(("label", "r", "g", "b", "name"), match.groups(), strict=True)) for match in matches]
    if matches := [match for line in lines if (match := _SLICER.match(line))]:
        rows = [dict(zip(("label", "name", "r", "g", "b"), match.groups(), strict=True)) for match in matches]
        return [{**row, "name": row["name"].replace("_", " ")} for row in rows]
    if not lines:
        return []
    delimiter = max(",;\t", key=lines[0].count)
    return list(csv.DictReader(lines, delimiter=delimiter))
