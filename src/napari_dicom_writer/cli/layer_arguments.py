"""``--layer NAME:OPTION=VALUE``: an option of one layer, read as the same option of the whole export is."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NoReturn

from napari_dicom_writer.cli.arguments import add_options, attributes_from
from napari_dicom_writer.errors import OptionsError, Refusals
from napari_dicom_writer.options.layer import LayerOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def add_layer_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--layer``, which gives one layer an option of its own."""
    parser.add_argument(
        "--layer",
        dest="layer",
        action="append",
        default=argparse.SUPPRESS,
        metavar="NAME:OPTION=VALUE",
        help="an option of one layer only, such as scan:series-number=7; may be repeated",
    )


def layer_options_from(given: Mapping[str, Any], layers: Sequence[tuple[str, Path]]) -> dict[int, LayerOptions]:
    """Build the options that layers have for themselves.

    Parameters
    ----------
    given
        Parsed arguments.
    layers
        Name and file of each. A layer is meant by its name, or its file's, with or without folder and suffix.

    Returns
    -------
    dict of int to LayerOptions
        By the position of the layer.

    Raises
    ------
    OptionsError
        If there is no such layer or option, or its value is wrong.
    """
    refusals = Refusals()
    flags: dict[int, list[str]] = {}
    for text in given.get("layer", ()):
        with refusals.collect("--layer"):
            found, flag = _layers_and_flag(text, layers)
            for index in found:
                flags.setdefault(index, []).append(flag)
    own: dict[int, LayerOptions] = {}
    for index, said in flags.items():
        with refusals.collect(f"--layer {_called(*layers[index])[0]}"):
            own[index] = _layer_options(said)
    refusals.raise_if_any()
    return own


def _called(name: str, path: Path) -> list[str]:
    """What a layer may be called, the usual first."""
    plain = path.name.split(".")[0] or path.name
    return [called for called in dict.fromkeys((name, plain, path.stem, path.name, str(path))) if called]


def _layers_and_flag(text: str, layers: Sequence[tuple[str, Path]]) -> tuple[list[int], str]:
    """Split NAME:OPTION=VALUE; a name may hold colons itself, and the longest that is a layer's is meant."""
    names = [_called(*layer) for layer in layers]
    known = {name for several in names for name in several if text.startswith(f"{name}:")}
    if not known and any(text in several for several in names):
        raise OptionsError(f"{text!r} names a layer, and no option of it", f"Write {text}:OPTION=VALUE")
    if not known:
        listed = ", ".join(dict.fromkeys(several[0] for several in names))
        raise OptionsError(f"{text!r} names no layer", f"Write NAME:OPTION=VALUE; there are {listed}")
    name = max(known, key=len)
    return [index for index, several in enumerate(names) if name in several], f"--{text[len(name) + 1 :]}"


class _Refusing(argparse.ArgumentParser):
    """Refuses what it does not understand instead of leaving the program."""

    def error(self, message: str) -> NoReturn:
        raise OptionsError(message[:1].upper() + message[1:], "Write an option as on the command line, without dashes")


def _layer_options(flags: Sequence[str]) -> LayerOptions:
    parser = _Refusing(add_help=False, allow_abbrev=False)
    add_options(parser)
    given = vars(parser.parse_args(flags))
    values: dict[str, Any] = {"attributes": attributes_from(given)} if {"set", "attributes"} & given.keys() else {}
    groups: dict[str, dict[str, Any]] = {}
    for name, value in given.items():
        group, _, member = name.rpartition(".")
        if group:
            groups.setdefault(group, {})[member] = value
        elif name not in ("set", "attributes"):
            values[name] = value
    return LayerOptions(**values, **dict[str, Any](groups))
