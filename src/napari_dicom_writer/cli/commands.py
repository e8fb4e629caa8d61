"""The command line: ``napari-dicom-writer export``, ``send``, ``show``, ``verify`` and others; a thin shell."""

from __future__ import annotations

import argparse
import difflib
import logging
import sys
import warnings

from napari_dicom_writer.cli import demo, export, send, show, verify
from napari_dicom_writer.cli.arguments import on_command_line
from napari_dicom_writer.cli.interrupt import CANCELLED
from napari_dicom_writer.cli.streams import give_up, take_any_character
from napari_dicom_writer.errors import ExportCancelled, ExportError
from napari_dicom_writer.version import __version__

_REFUSED = 1


def run(argv: list[str] | None = None) -> int:
    """Run one command; see `main.main`."""
    take_any_character()
    arguments = _parsed(argv)
    # Readers log and warn about files as they please; what matters for the export is in its notes.
    logging.basicConfig(handlers=[logging.NullHandler()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            status: int | None = arguments.run(arguments)
            if sys.stdout:  # none where it is closed
                sys.stdout.flush()
        except (KeyboardInterrupt, ExportCancelled) as error:
            if isinstance(error, ExportCancelled) and str(error) != str(ExportCancelled()):
                print(error, file=sys.stderr)  # where it was cancelled says more
                return CANCELLED
            written = getattr(arguments, "written", None)
            print(
                f"cancelled, after writing {written}" if written else "cancelled, nothing was written", file=sys.stderr
            )
            return CANCELLED
        except ExportError as error:
            print(error.spelled(on_command_line), file=sys.stderr)
            return _REFUSED
        except (OSError, SystemExit) as error:  # of its output: what goes wrong in an export is an ExportError
            give_up(error)
            return getattr(arguments, "status", 0 if hasattr(arguments, "written") else _REFUSED)
    return status or 0


def _parsed(argv: list[str] | None) -> argparse.Namespace:
    """Parse arguments; what a command does not know is told with its own usage, and with what is most like it."""
    arguments, unknown = _parser().parse_known_args(argv)
    if unknown:
        parser: argparse.ArgumentParser = arguments.parser
        flags = [flag for action in parser._actions for flag in action.option_strings]
        like = difflib.get_close_matches(unknown[0].split("=")[0], flags, 1)
        parser.error(f"unrecognized arguments: {' '.join(unknown)}" + (f" (did you mean {like[0]}?)" if like else ""))
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="napari-dicom-writer",
        description="Save images as DICOM that every viewer opens in the right place, with the right values.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="command")
    for command in (export, send, show, verify, demo):
        command.add_to(commands)
    for parser_of_command in commands.choices.values():
        parser_of_command.set_defaults(parser=parser_of_command)
    return parser
