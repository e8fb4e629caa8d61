"""``napari-dicom-writer export``: files of any kind that napari reads, to DICOM."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from napari_dicom_writer.cli.arguments import add_options, options_from, understood
from napari_dicom_writer.cli.input_options import add_input_options, read_inputs
from napari_dicom_writer.cli.interrupt import check
from napari_dicom_writer.cli.json_text import plan_json, report_json
from napari_dicom_writer.cli.layer_arguments import add_layer_options, layer_options_from
from napari_dicom_writer.cli.progress import progress_bar
from napari_dicom_writer.cli.render import add_viewers, print_plan, print_report
from napari_dicom_writer.cli.send import add_consent, ask_consent, known
from napari_dicom_writer.destinations import DESTINATIONS, open_destination
from napari_dicom_writer.destinations.network.peers import remembered
from napari_dicom_writer.errors import DestinationError
from napari_dicom_writer.exporting import export, plan_export
from napari_dicom_writer.layers.inputs import name_of
from napari_dicom_writer.plan.wording import leaving

if TYPE_CHECKING:
    import argparse

    from napari_dicom_writer.destinations.network.peers import Peer


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "export",
        help="write image files as DICOM",
        description="Write image files as DICOM: whole and verified, or not at all.",
        usage="napari-dicom-writer export INPUT [INPUT ...] OUTPUT [options]\n"
        "       napari-dicom-writer export INPUT [INPUT ...] --to PEER [options]",
        allow_abbrev=False,
    )
    # One list for both: where something is sent there is no OUTPUT.
    parser.add_argument(
        "input",
        nargs="+",
        metavar="INPUT [INPUT ...] OUTPUT",
        help="image files, or folders that are one image; at last x.dcm or x, which becomes a file for one plane and a "
        "folder for more, or x.zip, or x/DICOMDIR",
    )
    local = {name: kind.words for name, kind in DESTINATIONS.items() if not kind.remote}
    parser.add_argument(
        "--to",
        metavar=f"{{{','.join(local)},PEER}}",
        help=f"what OUTPUT is, if its name does not say it: {', '.join(f'{n} ({w})' for n, w in local.items())}; "
        "or whom to send to: a name or address, as for echo",
    )
    add_consent(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be written, and write nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead (docs/command-line.md)")
    add_viewers(parser)
    add_input_options(parser)
    add_layer_options(parser)
    add_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Read, plan, and unless it is a dry run, write.

    Raises
    ------
    ExportError
        With every reason why it cannot be done.
    """
    options = options_from(vars(arguments))
    for said in understood(vars(arguments), options):
        print(said, file=sys.stderr)
    output, to = _target(arguments)
    read = read_inputs(arguments.input, arguments, options)
    own = layer_options_from(vars(arguments), [(name_of(layer), path) for path, layer in read])
    layers = [(layer, own[index]) if index in own else layer for index, (_, layer) in enumerate(read)]
    if arguments.dry_run:
        plan, in_the_way = plan_export(layers, options, path=output, to=to, progress=check), None
        try:
            # It checks, and tidies up what dead exports left.
            open_destination(output, plan, overwrite=options.overwrite, to=to).reach()
        except DestinationError as error:
            in_the_way = error
        if arguments.json:
            print(plan_json(plan, in_the_way))
        else:
            print_plan(plan, in_the_way, viewers=arguments.viewers)
        return
    agreed = None
    if to and DESTINATIONS[to].remote:
        agreed = plan_export(layers, options, path=output, to=to, progress=check)
        ask_consent(arguments, arguments.to, leaving(agreed))
    with progress_bar() as (writing, sending):
        report = export(layers, output, options, progress=writing, to=to, agreed=agreed, sending=sending)
        arguments.written = report.place  # what Ctrl-C says from here on
    if arguments.json:
        print(report_json(report))
    else:
        print_report(report, viewers=arguments.viewers)


def _peer(name: str) -> Peer:
    """Return whom to send to; refused is what is neither that nor a kind of OUTPUT."""
    try:
        return known(name)
    except DestinationError as error:
        if "://" in name or name in remembered():
            raise
        local = ", ".join(key for key, kind in DESTINATIONS.items() if not kind.remote)
        first = error.refusals[0]
        if name in DESTINATIONS:
            raise DestinationError(f"{name} alone does not say whom to send to", first.remedy) from None
        raise DestinationError(
            f"{name!r} is neither a kind of OUTPUT ({local}) nor a peer that is remembered", first.remedy
        ) from None


def _target(arguments: argparse.Namespace) -> tuple[str, str | None]:
    """Return what to write to, and what it is; where a peer is named, all that is given is input."""
    if arguments.to and (arguments.to not in DESTINATIONS or DESTINATIONS[arguments.to].remote):
        peer = _peer(arguments.to)
        return peer.address, peer.to
    if len(arguments.input) < 2:
        raise DestinationError("There is no OUTPUT", "Name one behind the INPUT, or a peer with --to")
    return arguments.input.pop(), arguments.to
