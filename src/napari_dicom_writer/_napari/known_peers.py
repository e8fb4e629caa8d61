"""Peers in napari's Preferences: they show the one file of peers, which the command line reads, too, and edit it."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from napari_dicom_writer._napari import preferences
from napari_dicom_writer.destinations.network.peers import checked, remember_all, remembered, without_password
from napari_dicom_writer.destinations.network.user_files import replace_text, state_folder
from napari_dicom_writer.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_dicom_writer.errors import Refusal


def sync() -> tuple[dict[str, str], tuple[Refusal, ...]]:
    """Bring what was edited in the Preferences into the file, and then what is in the file into the Preferences.

    Nobody tells when they are edited, perhaps in a session in which this plugin was never asked for anything. So what
    they showed last is kept, and what differs from it was edited. The first time, they may only add.

    Returns
    -------
    dict of str
        Addresses by their names.
    tuple of Refusal
        What is no peer in the Preferences: it stays there, to be corrected, but for a password.

    Raises
    ------
    DestinationError
        If the file cannot be read.
    """
    settings = preferences.plugin_settings()
    if settings is None:
        return remembered(), ()
    text = str(settings.network.peers)
    shown, refused, wrong = _parsed(text)
    known = remembered()
    last = _shown_last(settings)
    if last is None:
        last = shown
        known = shown | known
    for name in shown.keys() | last.keys():
        if shown.get(name) != last.get(name) and not (name in wrong and name not in shown):
            known.pop(name, None)
            known |= {name: shown[name]} if name in shown else {}
    remember_all(known)
    told = [f"{name} = {address}" for name, address in known.items()] + list(map(without_password, wrong.values()))
    if "; ".join(told) != text:
        settings.network.peers = "; ".join(told)
    replace_text(_place(settings), json.dumps(known))
    return known, refused


def sync_without_viewer() -> None:
    """Do so for another program than napari, whose settings are found once it is imported."""
    import napari  # noqa: F401

    sync()


def _parsed(text: str) -> tuple[dict[str, str], tuple[Refusal, ...], Mapping[str, str]]:
    """Read what is NAME = ADDRESS; what is not, by whatever precedes the sign."""
    found: dict[str, str] = {}
    wrong: dict[str, str] = {}
    refused: tuple[Refusal, ...] = ()
    for one in filter(None, map(str.strip, text.split(";"))):
        name, _, address = (part.strip() for part in one.partition("="))
        try:
            checked(name, address)
            found[name] = address
        except ExportError as error:
            wrong[name] = one
            refused += error.refusals
    return found, refused, wrong


def _shown_last(settings: Any) -> dict[str, str] | None:
    """Return what they showed when they were last filled; None if they never were."""
    with suppress(OSError, ValueError):
        found: Any = json.loads(_place(settings).read_text(encoding="utf-8"))
        return {str(name): str(address) for name, address in found.items()}
    return None


def _place(settings: Any) -> Path:
    """For these settings: another environment of napari has others."""
    key = hashlib.sha256(str(settings.config_path).encode()).hexdigest()[:16]
    return state_folder("preferences") / f"{key}.json"
