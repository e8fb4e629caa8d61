"""Defaults of the save menu from napari's Preferences. Patient data are never among them."""

from __future__ import annotations

import sys
from typing import Any

from napari_dicom_writer.options import ExportOptions, Series

PLUGIN = "napari-dicom-writer"


def options_from_preferences() -> ExportOptions:
    """Read the user's preferences; the defaults where napari is not running.

    Raises
    ------
    OptionsError
        If a preference is not valid, such as a pixel unit that is no length.
    """
    if "napari" not in sys.modules:
        return ExportOptions()
    from napari.settings import get_plugin_settings

    try:
        settings = get_plugin_settings(PLUGIN).model_dump()
    except KeyError:  # napari is imported, but has not discovered its plugins
        return ExportOptions()
    export: dict[str, Any] = dict(settings.get("export", {}))
    nan = float(export.pop("nan", 0))
    fill = nan if export.pop("replace_nan", False) else None
    return ExportOptions(**export, nan=fill, series=Series(**settings.get("institution", {})))
