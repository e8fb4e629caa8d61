"""What sending costs an instance, beside other programs that send the same files to the same peer on this machine."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np

from benchmarks.measure import once
from benchmarks.report import Table, ratio
from napari_dicom_writer import Volume, export
from napari_dicom_writer.destinations import DESTINATIONS
from napari_dicom_writer.destinations.network.peers import peer_at
from napari_dicom_writer.destinations.network.sending import send, staged_files

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from judges import peers

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.measure import Settings

    Action = Callable[[Path], object]

_TURNS = 3
_GOALS = {"STOW-RS": 5, "C-STORE": 20}  # ms


def tables(settings: Settings) -> list[Table]:
    """Measure to Orthanc's DICOMweb, its DICOM node, and DCMTK's `storescp`; nothing where they are not installed."""
    number = 50 if settings.quick else 100
    array = np.random.default_rng(0).integers(0, 4000, (number, 512, 512), dtype=np.uint16)
    series = export(Volume(array, spacing=(1, 1, 1)), settings.scratch / "sent").path
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, _surroundings(settings.scratch)))
        if not peers.orthanc_is_there() or shutil.which("storescp") is None:
            return [Table("Sending", ["Orthanc or DCMTK is not installed"], [])]
        place = settings.scratch / "peer"
        place.mkdir()
        server = stack.enter_context(peers.orthanc(place))
        port = stack.enter_context(peers.storescp(place))
        node = f"dicom://STORE@127.0.0.1:{port}"
        ways: dict[str, dict[str, Action]] = {
            "STOW-RS, Orthanc": {"ours": _ours(server.stow), "dicomweb-client": _dicomweb_client(server.stow)},
            "C-STORE, Orthanc": {"ours": _ours(server.c_store), "storescu": _storescu("ORTHANC", server.dicom)},
            "C-STORE, storescp": {"ours": _ours(node), "storescu": _storescu("STORE", port)},
        }
        rows = [_row(name, contenders, series, number, server, settings) for name, contenders in ways.items()]
    columns = ["to", "this package", "another", "its time", "ratio", "goal"]
    notes = [
        f"ms an instance of 512 KB, {number} of them, staged already; medians of {settings.repeats(_TURNS)} turns.",
        "This package also asks for an echo, whose study it is, and what the peer holds afterwards.",
        "The peer forgets all of it before each turn. dicomweb-client sends them in one message, held in memory.",
    ]
    return [Table("Sending", columns, rows, notes)]


def _surroundings(scratch: Path) -> dict[str, str]:
    """Environment in which servers are found, and nothing of the user's is used."""
    path = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin"
    return {"PATH": path, "NAPARI_DICOM_WRITER_STATE": str(scratch / "state")}


def _row(
    name: str, contenders: dict[str, Action], series: Path, number: int, server: peers.Orthanc, settings: Settings
) -> list[str]:
    times: dict[str, list[float]] = {contender: [] for contender in contenders}
    for turn in range(settings.repeats(_TURNS) + 1):
        for contender, action in contenders.items():
            server.forget()
            seconds = once(action, series)
            if turn:
                times[contender].append(1000 * seconds / number)
    (_, ours), (other, theirs) = [(contender, statistics.median(values)) for contender, values in times.items()]
    goal = f"≤ {_GOALS[name.partition(',')[0]]} ms"
    return [name, f"{ours:.1f} ms", other, f"{theirs:.1f} ms", ratio(ours / theirs), goal]


def _ours(address: str) -> Action:
    peer = peer_at(address)

    def act(series: Path) -> None:
        sent = send(DESTINATIONS[peer.to].link(peer), staged_files(series), lambda: None)  # type: ignore[attr-defined]
        if not sent.complete:
            raise RuntimeError(str(sent))

    return act


def _storescu(title: str, port: int) -> Action:
    command = ["storescu", "-aec", title, "+sd", "127.0.0.1", str(port)]

    def act(series: Path) -> None:
        subprocess.run([*command, str(series)], check=True, capture_output=True)

    return act


def _dicomweb_client(address: str) -> Action:
    from dicomweb_client import DICOMwebClient
    from pydicom import dcmread

    client = DICOMwebClient(address)

    def act(series: Path) -> None:
        client.store_instances([dcmread(path) for path in sorted(series.iterdir())])

    return act
