"""What is remembered between sessions, in napari's own plugin settings. Patient data never are among it."""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import Any

from napari_dicom_writer.options import ExportOptions, Series

PLUGIN = "napari-dicom-writer"
# Decided anew for each export; everything else that the Preferences list is remembered.
_NOT_REMEMBERED = {"overwrite"}


def options_from_preferences() -> ExportOptions:
    """Read the user's preferences; the defaults where napari is not running.

    Raises
    ------
    OptionsError
        If a preference is not valid, such as a pixel unit that is no length.
    """
    settings = _settings()
    if settings is None:
        return ExportOptions()
    export: dict[str, Any] = settings.export.model_dump()
    nan = float(export.pop("nan"))
    fill = nan if export.pop("replace_nan") else None
    workers = export.pop("workers") or None
    institution = Series(**settings.institution.model_dump())
    return ExportOptions(**export, nan=fill, workers=workers, series=institution)


def remember(options: ExportOptions) -> None:
    """Keep the options that the Preferences list, and only those: none of them is about a patient."""
    settings = _settings()
    if settings is None:
        return
    values = {item.name: getattr(options, item.name) for item in fields(options)}
    values |= {"replace_nan": options.nan is not None, "workers": options.workers or 0}
    if options.nan is None:
        del values["nan"]  # the fill value of last time
    _keep(settings.export, values)
    _keep(settings.institution, {item.name: getattr(options.series, item.name) for item in fields(options.series)})


def dock_state() -> dict[str, bool]:
    """Return which groups of the dock widget are unfolded, and whether it follows the selection."""
    settings = _settings()
    return {} if settings is None else dict(settings.dock.model_dump())


def remember_dock(name: str, *, value: bool) -> None:
    """Keep one part of the dock widget's state."""
    settings = _settings()
    if settings is not None:
        _keep(settings.dock, {name: value})


def _settings() -> Any:
    """Return this plugin's settings; None where napari is not running, or has not discovered its plugins."""
    if "napari" not in sys.modules:
        return None
    from napari.settings import get_plugin_settings

    try:
        return get_plugin_settings(PLUGIN)
    except KeyError:
        return None


def _keep(group: Any, values: dict[str, Any]) -> None:
    """Set what differs: every change is written to disk."""
    for name in type(group).model_fields:
        if name in values and name not in _NOT_REMEMBERED:
            value = values[name]
            plain = str(value) if isinstance(value, str) else value  # without its enumeration
            if getattr(group, name) != plain:
                setattr(group, name, plain)
