"""What tells how files are read, the same for every command that reads some."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.cli.arguments import on_command_line
from napari_dicom_writer.cli.interrupt import check
from napari_dicom_writer.errors import OptionsError
from napari_dicom_writer.inputs.load import load_as, named
from napari_dicom_writer.inputs.wishes import wishes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_dicom_writer.options.export import ExportOptions

_NAMES = ("axes", "spacing", "time_step", "origin", "direction", "rgb", "plugin", "stack")
_NEGATIVE = re.compile(r"^-(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*[a-zA-Zµ]*$")


class _Wish(argparse.Action):
    """Checks one option at once, so that a wrong one is wrong usage."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        _option: str | None = None,
    ) -> None:
        given = values[0] if isinstance(values, list) and len(values) == 1 else values
        try:
            wishes(**{self.dest: given})
        except OptionsError as error:
            refusal = error.spelled(on_command_line).refusals[0]
            first = "; name the files before it" if self.nargs == "+" else ""
            parser.error(f"{refusal.where}: {refusal.what}. {refusal.remedy}{first}")
        setattr(namespace, self.dest, given)


def add_input_options(parser: argparse.ArgumentParser, group: argparse._ArgumentGroup | None = None) -> None:
    """Add what the user may say of files.

    Parameters
    ----------
    parser
        Of a command.
    group
        The heading to put them under; default: one of their own.
    """
    parser._negative_number_matcher = _NEGATIVE  # argparse takes -12mm for an option
    group = group or parser.add_argument_group("files", "what they do not say themselves, or say wrongly")
    group.add_argument(
        "--axes",
        action=_Wish,
        metavar="TCZYX",
        help="what each axis of the data is, in its order: T time, C channel, Z planes, Y rows, X columns, S colors",
    )
    group.add_argument(
        "--spacing",
        nargs="+",
        action=_Wish,
        metavar="LENGTH",
        help="between planes, rows and columns (2-D: rows and columns): with units, such as 2.5mm 650nm 650nm, or mm",
    )
    group.add_argument(
        "--time-step", action=_Wish, metavar="DURATION", help="between time points, such as 200ms, or in seconds"
    )
    group.add_argument(
        "--origin",
        nargs="+",
        action=_Wish,
        metavar="LENGTH",
        help="where the center of the first voxel lies: x y z in LPS, with units or in mm",
    )
    group.add_argument(
        "--direction",
        nargs="+",
        action=_Wish,
        metavar="L",
        help="where columns, rows and planes run: letters such as L P H, or six or nine direction cosines",
    )
    group.add_argument(
        "--rgb",
        action=argparse.BooleanOptionalAction,
        help="whether the last axis holds colors, where a file leaves it open (default: told by its length)",
    )
    group.add_argument(
        "--stack",
        action=argparse.BooleanOptionalAction,
        help="make one volume of files of one picture each, in the natural order of their names; or a series of each",
    )
    group.add_argument(
        "--plugin", metavar="NAME", help="a reader plugin of napari to use (default: for kinds not known here)"
    )


def read_inputs(paths: Sequence[str], arguments: argparse.Namespace, options: ExportOptions) -> list[tuple[Path, Any]]:
    """Read files as the options of the command say; each layer with its (first) file.

    Raises
    ------
    ExportError
        For every file that cannot be read.
    """
    wished = wishes(**{name: getattr(arguments, name) for name in _NAMES})
    layers = load_as(named(paths), wished, options)
    check()
    return layers
