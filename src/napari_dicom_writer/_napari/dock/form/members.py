"""Which options a form has, under which headings: from the fields of `ExportOptions`."""

from __future__ import annotations

import dataclasses
from typing import Any

from napari_dicom_writer.options.export import ExportOptions
from napari_dicom_writer.options.fields import kinds

# Title → where its fields come from: fields of `ExportOptions` by their `group`, and groups that are fields themselves.
GROUPS = {
    "Series": ("series", "pet"),
    "Patient and study": ("patient", "study"),
    "Pixels": ("pixels", "labels"),
    "Geometry": ("geometry",),
    "Output": ("output",),
}
# The table of tags asks for these.
_ELSEWHERE = {"attributes"}
# A layer's own have a table.
_IN_TABLES = {"segments"}

Member = tuple[str, type, dataclasses.Field[Any]]
"""Name of an option, such as ``modality`` or ``patient.name``, its dataclass and its field."""


def members_of(group: str) -> list[Member]:
    """Return the options in a group."""
    own: list[Member] = [
        (item.name, ExportOptions, item)
        for item in dataclasses.fields(ExportOptions)
        if item.metadata.get("group") == group and item.name not in _ELSEWHERE
    ]
    kind = kinds(ExportOptions).get(group)
    if kind is None or not dataclasses.is_dataclass(kind):
        return own
    assert isinstance(kind, type)  # noqa: S101 - for mypy: a field's type is not an instance
    return own + [(f"{group}.{item.name}", kind, item) for item in dataclasses.fields(kind)]


def own_members() -> dict[str, list[Member]]:
    """Return the options that a layer may have for itself, by the titles of their groups."""
    common = {item.name for item in dataclasses.fields(ExportOptions) if item.metadata.get("common")}
    found: dict[str, list[Member]] = {}
    for title, groups in GROUPS.items():
        members = [member for group in groups for member in members_of(group)]
        own = [member for member in members if member[0].partition(".")[0] not in common | _IN_TABLES]
        found |= {title: own} if own else {}
    return found
