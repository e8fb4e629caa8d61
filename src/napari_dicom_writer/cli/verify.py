"""``napari-dicom-writer verify``: any DICOM series judged, and compared with the files it should hold."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from napari_dicom_writer.checking.check import check_series
from napari_dicom_writer.checking.conformance import installed, run_dciodvfy
from napari_dicom_writer.checking.source.against import compare
from napari_dicom_writer.cli.arguments import a_path, add_options, options_from
from napari_dicom_writer.cli.input_options import add_input_options, read_inputs
from napari_dicom_writer.cli.interrupt import check
from napari_dicom_writer.cli.verify_json import as_json
from napari_dicom_writer.cli.verify_report import Judgment, print_errors, print_judgment
from napari_dicom_writer.errors import at
from napari_dicom_writer.layers.inputs import volumes_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from napari_dicom_writer.checking.source.comparison import Comparison

_GOOD, _ERRORS, _USAGE = 0, 1, 2
_OPTIONS = (
    "world planes pixel_unit nan shear time unnamed_axis values modality transfer_syntax lossy_error lossy_ratio"
).split()


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    about = "judge DICOM series of anyone's making, and compare them with their source"
    parser = commands.add_parser(
        "verify",
        help=about,
        description="Judge the series in a folder of DICOM: what is wrong with them, where, and what readers make of "
        "it. Exits with 0 if they are good, 1 if there are errors, 2 if they could not be judged.",
        usage="napari-dicom-writer verify FOLDER [--against FILE [FILE ...]] [options]",
        allow_abbrev=False,
    )
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        type=a_path,
        help="searched with all folders below; or one file, a zip file, a DICOMDIR",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead (docs/verify.md)")
    parser.add_argument("--quiet", action="store_true", help="print errors only, a line each")
    parser.add_argument(
        "--no-dciodvfy", action="store_true", help="leave out the validator dciodvfy, which is run where installed"
    )
    group = parser.add_argument_group("against a source")
    group.add_argument(
        "--against", nargs="+", metavar="FILE", help="image files, read as an export reads them: compare every voxel"
    )
    add_input_options(parser, group)
    add_options(parser, _OPTIONS)
    parser.set_defaults(run=run, refused=_USAGE)


def run(arguments: argparse.Namespace) -> int:
    """Judge, compare, print.

    Returns
    -------
    int
        Exit status.

    Raises
    ------
    ExportError
        If nothing can be judged.
    """
    judgment = _judge(arguments)
    arguments.status = _GOOD if judgment.good else _ERRORS  # whether it can be shown or not
    if arguments.json:
        print(as_json(judgment))
    elif arguments.quiet:
        print_errors(judgment)
    else:
        print_judgment(judgment)
    return int(arguments.status)


def _judge(arguments: argparse.Namespace) -> Judgment:
    options = options_from(vars(arguments))
    layers = None
    if arguments.against:
        read = [layer for _, layer in read_inputs(arguments.against, arguments, options)]
        layers = volumes_of(read, options)
    comparisons: list[Comparison] | None = None
    left_out: list[str] = []
    conformance = None
    with _progress() as step:
        with at(str(arguments.folder)):
            verdicts = check_series(arguments.folder, progress=step("Reading"))
        if layers is not None:
            comparisons, left_out = compare(layers, arguments.folder, verdicts, options, progress=step("Comparing"))
        program = None if arguments.no_dciodvfy else installed()
        if program:
            files = [file for verdict in verdicts if verdict.uid for file in verdict.files]
            conformance = run_dciodvfy(program, files, progress=step("dciodvfy"))
    notes = tuple(note for _, volume in layers or () for note in volume.notes)
    return Judgment(arguments.folder, verdicts, conformance, arguments.no_dciodvfy, comparisons, tuple(left_out), notes)


@contextmanager
def _progress() -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    """Show on stderr what is being done, if that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:

        def step(name: str) -> Callable[[int, int], None]:
            task = bar.add_task(name, total=None)

            def tell(done: int, total: int) -> None:
                check()
                bar.update(task, completed=done, total=total)

            return tell

        yield step
