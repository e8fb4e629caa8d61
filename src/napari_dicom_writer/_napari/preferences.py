"""What is remembered between sessions, in napari's own plugin settings. Patient data never are among it."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.errors import ExportError, OptionsError
from napari_dicom_writer.options.export import ExportOptions
from napari_dicom_writer.options.groups import Series

if TYPE_CHECKING:
    from napari_dicom_writer.errors import Refusal

PLUGIN = "napari-dicom-writer"
# Decided anew for each export; everything else that the Preferences list is remembered.
_NOT_REMEMBERED = {"overwrite"}


def options_from_preferences() -> ExportOptions:
    """Read the user's preferences; the defaults where napari is not running.

    Raises
    ------
    OptionsError
        If a preference is not valid, such as a pixel unit that is not a length.
    """
    options, refusals = valid_preferences()
    if refusals:
        raise OptionsError(refusals=refusals)
    return options


def valid_preferences() -> tuple[ExportOptions, tuple[Refusal, ...]]:
    """Read the user's preferences, each by itself; those that are not valid stay at their defaults, with the reason."""
    settings = plugin_settings()
    if settings is None:
        return ExportOptions(), ()
    export: dict[str, Any] = settings.export.model_dump()
    nan = float(export.pop("nan"))
    export["nan"] = nan if export.pop("replace_nan") else None
    export["workers"] = export["workers"] or None
    refusals: tuple[Refusal, ...] = ()
    series, options = Series(), ExportOptions()
    for name, value in settings.institution.model_dump().items():
        try:
            series = replace(series, **{name: value})
        except ExportError as error:
            refusals += _of(error)
    for name, value in {**export, "series": series}.items():
        try:
            options = replace(options, **{name: value})
        except ExportError as error:
            refusals += _of(error)
    return options, refusals


def titles() -> dict[str, str]:
    """Return what the Preferences call each option that they list; nothing where napari is not running."""
    settings = plugin_settings()
    if settings is None:
        return {}
    institution = type(settings.institution).model_fields
    named = {f"series.{name}": field.title or name for name, field in institution.items()}
    named |= {name: field.title or name for name, field in type(settings.export).model_fields.items()}
    return named | {"nan": f"{named['replace_nan']}, {named['nan']}"}


def _of(error: ExportError) -> tuple[Refusal, ...]:
    return tuple(replace(refusal, where="") for refusal in error.refusals)


def remember(options: ExportOptions, since: ExportOptions) -> None:
    """Keep what changed of the options that the Preferences list, and only those: none of them is about a patient.

    What did not change is left alone: the user may have set it in the Preferences meanwhile, or is to correct it there.
    """
    settings = plugin_settings()
    if settings is not None:
        _keep(settings.export, _changed(_listed(options), _listed(since)))
        _keep(settings.institution, _changed(_plain(options.series), _plain(since.series)))


def _listed(options: ExportOptions) -> dict[str, Any]:
    """Options as the Preferences list them."""
    values = _plain(options) | {"replace_nan": options.nan is not None, "workers": options.workers or 0}
    if options.nan is None:
        del values["nan"]  # the fill value of last time
    return values


def _plain(options: ExportOptions | Series) -> dict[str, Any]:
    return {item.name: getattr(options, item.name) for item in fields(options)}


def _changed(values: dict[str, Any], since: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in since or since[name] != value}


def dock_state() -> dict[str, bool]:
    """Return which groups of the dock widget are unfolded, and whether it follows the selection."""
    settings = plugin_settings()
    return {} if settings is None else dict(settings.dock.model_dump())


def remember_dock(name: str, *, value: bool) -> None:
    """Keep one part of the dock widget's state."""
    settings = plugin_settings()
    if settings is not None:
        _keep(settings.dock, {name: value})


def plugin_settings() -> Any:
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
