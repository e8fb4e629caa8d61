"""``napari-dicom-writer show``: what a folder of DICOM holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.cli.arguments import a_path
from napari_dicom_writer.cli.json_text import survey_json
from napari_dicom_writer.cli.render import add_viewers, print_survey
from napari_dicom_writer.errors import at
from napari_dicom_writer.reading.survey import survey

if TYPE_CHECKING:
    import argparse


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    about = "show the series in a folder of DICOM: size, place, values"
    parser = commands.add_parser("show", help=about, description=f"{about[0].upper()}{about[1:]}.", allow_abbrev=False)
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        type=a_path,
        help="searched with all folders below; or one file, a zip file, a DICOMDIR",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead (docs/command-line.md)")
    add_viewers(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Survey the folder and print it.

    Raises
    ------
    ReadError
        If there is no DICOM in it.
    """
    with at(str(arguments.folder)):
        found = survey(arguments.folder)
    if arguments.json:
        print(survey_json(found))
    else:
        print_survey(found, viewers=arguments.viewers)
