"""Options in the words of the dock widget, which labels them, and of the Preferences, which title them."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

from napari_dicom_writer._napari.preferences import titles
from napari_dicom_writer.options.export import ExportOptions
from napari_dicom_writer.options.fields import kinds, label


def in_form(option: str, value: object) -> str:
    """Spell an option as its field in the dock widget, and its value as it is chosen there."""
    if option == "attributes":
        return "“Tags…”"  # where they are given
    item = _fields().get(option)
    if item is None:  # what a layer says itself
        return option.replace("_", " ")
    if value is None or value is True:
        return f"“{label(item)}”"
    choices = item.metadata["choices"] or {}
    return f"“{label(item)}: {'no' if value is False else choices.get(value, value)}”"


def in_preferences(option: str, value: object) -> str:
    """Spell an option as a preference; one that is none is set in the dock widget only."""
    title = titles().get(option)
    if title is None:
        return f"{in_form(option, value)} of Export to DICOM"
    if value is None or value is True:
        return f"the preference “{title}”"
    return f"the preference “{title}: {'no' if value is False else value}”"


@cache
def _fields() -> dict[str, dataclasses.Field[Any]]:
    """Every option with the field that declares it; those in groups as ``patient.name``."""
    found: dict[str, dataclasses.Field[Any]] = {}
    for item in dataclasses.fields(ExportOptions):
        kind = kinds(ExportOptions)[item.name]
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            found |= {f"{item.name}.{inner.name}": inner for inner in dataclasses.fields(kind)}
        else:
            found[item.name] = item
    return found
