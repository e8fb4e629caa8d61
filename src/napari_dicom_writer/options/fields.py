"""How the fields of the options are declared, and checked at construction.

A field's metadata say all that a shell needs to ask for it: command line, dock widget and help are generated from them.

===========  =========================================================================================================
``doc``      what the field is for, in a few words
``label``    what it is called in a form, where its own name would not do
``keyword``  the DICOM attribute that the text becomes; its VR decides what is valid
``choices``  value → what it is called, for fields that allow no other values
``usual``    suggestions, for fields that allow others, too
``group``    the heading it stands under, of a field that is not in a group of its own
``rare``     whether few need it
``common``   why all layers of an export have it in common, where they do; else a layer may have its own
===========  =========================================================================================================
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import Field, field, fields
from enum import StrEnum
from functools import cache
from numbers import Integral, Real
from pathlib import Path
from sys import modules
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from napari_dicom_writer.errors import OptionsError, Refusals
from napari_dicom_writer.mention import mention
from napari_dicom_writer.options.names import NAMES
from napari_dicom_writer.standard import text


def attribute(
    keyword: str,
    doc: str,
    default: str = "",
    *,
    label: str = "",
    choices: Mapping[str, str] | None = None,
    usual: tuple[str, ...] = (),
    rare: bool = False,
) -> Any:
    """Declare a text field that becomes the DICOM attribute `keyword`."""
    told = {"keyword": keyword, "doc": doc, "label": label, "choices": choices, "usual": usual, "rare": rare}
    return field(default=default, metadata=told)


def option(
    default: Any,
    doc: str,
    *,
    group: str,
    label: str = "",
    choices: Mapping[Any, str] | None = None,
    usual: tuple[str, ...] = (),
    rare: bool = False,
    common: str = "",
) -> Any:
    """Declare a field that steers the export; the choices of an enumerated one have their names in `names`."""
    choices = NAMES.get(type(default), choices)
    told = {"doc": doc, "group": group, "label": label, "choices": choices, "usual": usual, "rare": rare}
    return field(default=default, metadata={**told, "common": common})


@cache
def kinds(options: type) -> dict[str, Any]:
    """Types of the fields, as objects."""
    return get_type_hints(options, vars(modules[options.__module__]))


def label(item: Field[Any]) -> str:
    """What a field is called in a form."""
    return str(item.metadata["label"] or item.name.replace("_", " ").capitalize())


def check(instance: Any, group: str = "") -> None:
    """Turn strings into enum members and check text against its VR; report everything wrong at once.

    Parameters
    ----------
    instance
        Options, or one group of them.
    group
        The name of that group's field in the options, such as ``patient``.

    Raises
    ------
    OptionsError
        With a refusal for every field that is wrong.
    """
    refusals, types = Refusals(), kinds(instance.__class__)
    for item in fields(instance):
        value, kind = getattr(instance, item.name), types[item.name]
        with refusals.collect("options"):
            name = f"{group}.{item.name}" if group else item.name
            object.__setattr__(instance, item.name, _checked(kind, name, item.metadata, item.default, value))
    refusals.raise_if_any()


def _checked(kind: Any, name: str, metadata: Mapping[str, Any], default: Any, value: Any) -> Any:
    if get_origin(kind) is Mapping:
        return value  # of attributes, whose values are not fields
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _member(kind, name, value)
    if type(value) is type(default) and value == default:
        return value
    if not (keyword := metadata.get("keyword")):
        return _plain(kind, name, value) if kind is not str or not metadata["choices"] else _term(name, metadata, value)
    choices = metadata["choices"]
    checked = text.check(keyword, _chosen(choices, value) if choices else value, mention(name))
    if choices and checked not in choices:
        # The value itself may tell of a patient: the message names the option only.
        known = ", ".join(filter(None, choices))
        raise OptionsError(f"{mention(name)} is not a term of DICOM", f"Use one of {known}, or leave it empty")
    return checked


def _chosen(choices: Mapping[str, str], value: object) -> object:
    """Find the term that is meant: by itself or by what it is called, whatever its case."""
    known = {called.lower(): term for term, called in choices.items()} | {term.lower(): term for term in choices}
    return known.get(value.strip().lower(), value) if isinstance(value, str) else value


def _plain(kind: Any, name: str, value: Any) -> Any:
    """Check a switch, a number, text, a path or a group; what only looks like one is refused ("no" is true)."""
    members = get_args(kind)
    optional = NoneType in members
    kind = next((part for part in get_args(kind) if part is not NoneType), kind)
    if any(isinstance(value, get_origin(part) or ()) for part in members):
        return value
    if value is None and optional:
        return None
    if kind is bool and isinstance(value, bool | np.bool_):
        return bool(value)
    if kind is Path and isinstance(value, str | os.PathLike) and os.fspath(value):
        return Path(value)
    if kind in (int, float) and isinstance(value, Integral if kind is int else Real) and not isinstance(value, bool):
        try:
            return kind(value)
        except OverflowError:
            raise OptionsError(f"{mention(name)} is too large", "Give a smaller number") from None
    if kind not in (bool, int, float) and isinstance(value, kind):
        return value
    if kind is Path and value == "":
        raise OptionsError(f"{mention(name)} is empty", "Name a file or folder, or leave it out")
    expected = {bool: "True or False", int: "an integer", float: "a number", str: "text", Path: "a path"}.get(
        kind, f"{kind.__name__}(...)"
    )
    raise OptionsError(f"{mention(name)} is a {type(value).__name__}", f"Pass it as {expected}")


def _term(name: str, metadata: Mapping[str, Any], value: object) -> str:
    """Check a choice from a table that may grow; whatever its case."""
    choices = metadata["choices"]
    term = str(value).lower()
    if term not in choices:
        raise OptionsError(f"{mention(name, value)} is not a choice", f"Choose one of {', '.join(map(repr, choices))}")
    return term


def _member(kind: type[StrEnum], name: str, value: object) -> StrEnum:
    try:
        # Whatever its case: LPS and lps are the same choice.
        known = {member.lower(): member for member in kind}
        return known.get(str(value).lower()) or kind(value)  # type: ignore[arg-type]  # what is none raises
    except ValueError:
        known_choices = ", ".join(repr(str(member)) for member in kind)
        raise OptionsError(f"{mention(name, value)} is not a choice", f"Choose one of {known_choices}") from None
