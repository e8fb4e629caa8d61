"""``napari-dicom-writer demo``: the orientation phantom written, read back by another reader, shown and drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.text import Text

from napari_dicom_writer.cli.arguments import a_path
from napari_dicom_writer.cli.progress import progress_bar
from napari_dicom_writer.cli.render import print_survey
from napari_dicom_writer.demo.phantom import orientation_phantom
from napari_dicom_writer.demo.picture import check_installed, draw_views, read_series
from napari_dicom_writer.errors import VerificationError
from napari_dicom_writer.exporting import export
from napari_dicom_writer.model.geometry import corners
from napari_dicom_writer.options.export import ExportOptions
from napari_dicom_writer.reading.survey import survey

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from napari_dicom_writer.model.volume import Volume


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    about = "write a phantom with letters on its sides, read it back with SimpleITK and draw it"
    parser = commands.add_parser("demo", help=about, description=f"{about[0].upper()}{about[1:]}.", allow_abbrev=False)
    parser.add_argument("out", metavar="OUT", type=a_path, help="folder for phantom/ and phantom.png")
    parser.add_argument("--overwrite", action="store_true", help="replace those of an earlier run")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Write, compare, show, draw.

    Raises
    ------
    ExportError
        If SimpleITK or matplotlib are missing, or the target exists.
    """
    check_installed()
    phantom = orientation_phantom()
    with progress_bar() as (progress, _):
        options = ExportOptions(overwrite=arguments.overwrite)
        report = export(phantom, arguments.out / "phantom", options, progress=progress)
        arguments.written = report.path
    compared = _compare(report.path, phantom)
    png = report.path.with_name("phantom.png")
    draw_views(report.path, png, "orientation phantom, as SimpleITK reads it")
    print_survey(survey(report.path))
    console = Console(highlight=False)
    console.print(Text(compared))
    for path in (report.path, png):
        console.print(Text(str(path), "bold"), soft_wrap=True)


def _compare(folder: Path, phantom: Volume) -> str:
    """Compare what SimpleITK reads with the phantom; return what to say.

    Raises
    ------
    VerificationError
        If they differ.
    """
    import SimpleITK as sitk

    image = read_series(folder)
    same = np.array_equal(sitk.GetArrayViewFromImage(image), phantom.array)
    columns, rows, planes = image.GetSize()
    ends = corners((planes, rows, columns)).T
    read = np.array([image.TransformIndexToPhysicalPoint([int(i) for i in corner[::-1]]) for corner in ends])
    apart = float(np.abs(read - (ends @ phantom.affine[:3, :3].T + phantom.affine[:3, 3])).max())
    if not same or apart > 1e-6:
        raise VerificationError(
            f"SimpleITK reads {'other' if not same else 'the right'} values, up to {apart:g} mm from their place",
            "This is a fault of the software: please report it",
        )
    return f"SimpleITK reads back all {phantom.array.size:,} voxels, each within {apart:.0e} mm of its place."
