"""Command-line arguments generated from the fields of `ExportOptions`: a new field appears by itself."""

from __future__ import annotations

import argparse
import dataclasses
import re
import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from pydicom.datadict import dictionary_VR

from napari_dicom_writer.errors import OptionsError, Refusals
from napari_dicom_writer.options.export import ExportOptions
from napari_dicom_writer.standard.attributes import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping


_WIDEST = 50  # characters for what stands for a value


def add_options(parser: argparse.ArgumentParser, only: Collection[str] | None = None) -> None:
    """Add ``--modality``, ``--patient-name`` and all others, under the headings that their metadata name.

    Parameters
    ----------
    parser
        Of a command.
    only
        Names of the fields to add; default: all.
    """
    kinds = get_type_hints(ExportOptions)
    for heading, every in headings().items():
        items = [item for item in every if only is None or item.name in only]
        if not items and only is not None:
            continue
        nested = kinds.get(heading) if dataclasses.is_dataclass(kinds.get(heading)) else None  # an option may share it
        group = parser.add_argument_group(heading, _first_line(nested))
        for item in items:
            _add(group, "", item, kinds[item.name])
        for item in dataclasses.fields(nested) if nested else ():
            _add(group, f"{heading}.", item, get_type_hints(nested)[item.name])


def a_path(text: str) -> Path:
    """Read a path; an empty one, as of a variable that is not set, would be the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("the path is empty")
    return Path(text)


def options_from(given: Mapping[str, Any]) -> ExportOptions:
    """Build the options from parsed arguments; what was not given keeps its default.

    Raises
    ------
    OptionsError
        With everything that is wrong in any group.
    """
    refusals = Refusals()
    options = _build(ExportOptions, "", given, refusals)
    refusals.raise_if_any()
    return options  # type: ignore[no-any-return]  # built by its type, which mypy cannot follow


def understood(given: Mapping[str, Any], options: ExportOptions) -> list[str]:
    """Say what became of text that was not given as DICOM writes it, such as an age without its unit."""
    said = []
    for name, value in given.items():
        group, _, member = name.rpartition(".")
        item = type(getattr(options, group)).__dataclass_fields__[member] if group else None
        if item is not None and dictionary_VR(item.metadata["keyword"]) in ("AS", "CS"):
            written = getattr(getattr(options, group), member)
            said += [f"{on_command_line(name, value)} is written as {written}"] if written != value.strip() else []
    return said


def on_command_line(option: str, value: object) -> str:
    """Spell an option as it is typed."""
    flag = f"--{option}".replace(".", "-").replace("_", "-")
    if value is None or value is True:
        return flag
    return f"--no-{flag[2:]}" if value is False else f"{flag} {shlex.quote(f'{value}')}"


def headings() -> dict[str, list[dataclasses.Field[Any]]]:
    """Fields by their group; those that are a group themselves give it its place."""
    found: dict[str, list[dataclasses.Field[Any]]] = {}
    for item in dataclasses.fields(ExportOptions):
        group = item.metadata.get("group")
        found.setdefault(group or item.name, []).extend([item] if group else [])
    return found


def _first_line(group: type | None) -> str | None:
    """What a group of options is, in the first line of its docstring, without where the standard has it."""
    return re.sub(r" \(PS3.*?\)", "", (group.__doc__ or "").splitlines()[0]) if group else None


def _add(group: argparse._ArgumentGroup, prefix: str, item: dataclasses.Field[Any], kind: Any) -> None:
    name = prefix + item.name
    if name == "attributes":
        _add_attributes(group)
        return
    flag, words, told = on_command_line(name, None), _help(item), _kind(kind, item)
    if len(told.get("metavar", "")) > _WIDEST:  # the help wraps its text, and never what stands for a value
        words += f"; one of {told['metavar'][1:-1].replace(',', ', ')}"
        told["metavar"] = "TERM"
    group.add_argument(flag, dest=name, default=argparse.SUPPRESS, help=words, **told)


def _add_attributes(group: argparse._ArgumentGroup) -> None:
    """Declare ``--set`` and ``--attributes``, which together are one option."""
    group.add_argument(
        "--set",
        dest="set",
        action="append",
        default=argparse.SUPPRESS,
        metavar="KEYWORD=VALUE",
        help="another attribute, such as FlipAngle=12, several values with a backslash between; may be repeated",
    )
    group.add_argument(
        "--attributes",
        dest="attributes",
        type=a_path,
        default=argparse.SUPPRESS,
        metavar="FILE",
        help="JSON file of other attributes: keywords with values, or the DICOM JSON model",
    )


def attributes_from(given: Mapping[str, Any]) -> dict[str, Any]:
    """Join what the file holds with what was set one by one, which wins."""
    found = dict(read_json(given["attributes"])) if "attributes" in given else {}
    for text in given.get("set", ()):
        keyword, equals, value = text.partition("=")
        if not equals:
            raise OptionsError(f"--set {text[:64]!r} is not a keyword with a value", "Write KEYWORD=VALUE", "options")
        found[keyword.strip()] = value
    return found


def _help(item: dataclasses.Field[Any]) -> str:
    default = item.default
    shown = default not in (None, "", False, dataclasses.MISSING)
    text: str = item.metadata["doc"] + (f" (default: {'yes' if default is True else default})" if shown else "")
    return text.replace("%", "%%")


def _kind(kind: Any, item: dataclasses.Field[Any]) -> dict[str, Any]:
    """Translate a field's type to keywords of `add_argument`."""
    if kind is bool:
        return {"action": argparse.BooleanOptionalAction if item.default else "store_true"}
    if kind is str and item.metadata["choices"] and "keyword" not in item.metadata:
        choices = tuple(item.metadata["choices"])
        return {"type": str.lower, "choices": choices, "metavar": _listed(choices)}
    plain = next((part for part in get_args(kind) if part is not type(None)), kind)
    if isinstance(plain, type) and issubclass(plain, StrEnum):
        return {"type": _choice(plain), "metavar": _listed(plain)}
    metavar = {int: "NUMBER", float: "NUMBER", Path: "FILE"}.get(plain, "TEXT")
    return {"type": a_path if plain is Path else plain, "metavar": metavar}


def _listed(choices: Iterable[str]) -> str:
    return "{" + ",".join(filter(None, choices)) + "}"  # the empty one is what it is where nothing is said


def _choice(kind: type[StrEnum]) -> Callable[[str], StrEnum]:
    """Read a choice as the options do, aliases included."""

    def read(text: str) -> StrEnum:
        try:
            return kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(kind)}") from None

    return read


def _build(options: type, prefix: str, given: Mapping[str, Any], refusals: Refusals) -> Any:
    """Build one group; None if it was refused."""
    kinds = get_type_hints(options)
    values: dict[str, Any] = {}
    for item in dataclasses.fields(options):
        kind, key = kinds[item.name], prefix + item.name
        if dataclasses.is_dataclass(kind):
            assert isinstance(kind, type)  # noqa: S101 - as above
            built = _build(kind, f"{key}.", given, refusals)
            values |= {item.name: built} if built else {}
        elif key == "attributes":
            with refusals.collect("options"):
                values[item.name] = attributes_from(given)
        elif key in given:
            values[item.name] = given[key]
    with refusals.collect("options"):
        return options(**values)
    return None
