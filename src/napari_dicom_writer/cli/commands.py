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
from napari_dicom_writer.cli.json_text import refusals_json
from napari_dicom_writer.cli.streams import give_up, take_any_character
from napari_dicom_writer.errors import ExportCancelled, ExportError
from napari_dicom_writer.version import __version__

_REFUSED, _USAGE = 1, 2


def run(argv: list[str] | None = None) -> int:
    """Run one command; see `main.main`."""
    take_any_character()
    arguments = _parsed(argv)
    # Readers log and warn about files as they please; what matters for the export is in its notes.
    logging.basicConfig(handlers=[logging.NullHandler()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            status = _run(arguments)
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
        except (OSError, SystemExit) as error:  # of its output: what goes wrong in an export is an ExportError
            give_up(error)
            return getattr(arguments, "status", 0 if hasattr(arguments, "written") else _REFUSED)
    return status


def _run(arguments: argparse.Namespace) -> int:
    """Run it; what it refuses is said as its output would be, as JSON or in words."""
    try:
        return arguments.run(arguments) or 0
    except ExportCancelled:
        raise
    except ExportError as error:
        if getattr(arguments, "json", False):
            print(refusals_json(error))
        else:
            print(error.spelled(on_command_line), file=sys.stderr)
        return int(getattr(arguments, "refused", _REFUSED))


def _parsed(argv: list[str] | None) -> argparse.Namespace:
    """Parse arguments; what a command does not know is told with its own usage, and with what is most like it."""
    parser = _parser()
    if not (sys.argv[1:] if argv is None else argv):
        parser.print_help(sys.stderr)
        sys.exit(_USAGE)
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        command: argparse.ArgumentParser = arguments.parser
        flags = [flag for action in command._actions for flag in action.option_strings]
        like = difflib.get_close_matches(unknown[0].split("=")[0], flags, 1)
        command.error(f"unrecognized arguments: {' '.join(unknown)}" + (f" (did you mean {like[0]}?)" if like else ""))
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="napari-dicom-writer",
        description="Save images as DICOM that every viewer opens in the right place, with the right values.",
        epilog="COMMAND --help says more of each. Exit status: 0 done, 1 refused, or errors found, 2 wrong usage, or "
        "nothing to judge, 130 Ctrl-C.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in (export, send, show, verify, demo):
        command.add_to(commands)
    for parser_of_command in commands.choices.values():
        parser_of_command.set_defaults(parser=parser_of_command)
    return parser
