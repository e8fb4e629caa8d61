"""Real peers on this machine: Orthanc with its DICOMweb plugin, and DCMTK's storescp; on ports of their own."""

from __future__ import annotations

import json
import random
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydicom
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def orthanc_is_there() -> bool:
    """Whether Orthanc and its plugin are installed."""
    return shutil.which("Orthanc") is not None and _PLUGIN.exists()


def free_port() -> int:
    """A port that nobody listens on, below those that systems give to whoever connects: so it stays free meanwhile."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)  # two test processes take different ones
        with socket.socket() as one, suppress(OSError):
            one.bind(("", port))
            return port


@dataclass
class Orthanc:
    """A server that is running."""

    http: int
    dicom: int
    user: str = ""

    @property
    def c_store(self) -> str:
        """Its address as a DICOM node."""
        return f"dicom://ORTHANC@127.0.0.1:{self.dicom}"

    @property
    def stow(self) -> str:
        """Its address as a DICOMweb server."""
        return f"http://127.0.0.1:{self.http}/dicom-web"

    def address(self, to: str) -> str:
        """Its address for a destination."""
        return self.c_store if to == "c-store" else self.stow

    def get(self, path: str) -> bytes:
        """Ask its own interface, which is neither of those."""
        answer = requests.get(f"http://127.0.0.1:{self.http}/{path}", timeout=20)
        answer.raise_for_status()
        return answer.content

    def store(self, file: Path) -> None:
        """Give it a file, by its own interface."""
        address = f"http://127.0.0.1:{self.http}/instances"
        requests.post(address, data=file.read_bytes(), timeout=60).raise_for_status()

    def instances(self) -> dict[str, str]:
        """Its identifiers by SOP Instance UID."""
        found = json.loads(self.get("instances?expand"))
        return {one["MainDicomTags"]["SOPInstanceUID"]: one["ID"] for one in found}

    def datasets(self) -> dict[str, Any]:
        """All that it holds, by SOP Instance UID."""
        return {
            uid: pydicom.dcmread(BytesIO(self.get(f"instances/{one}/file"))) for uid, one in self.instances().items()
        }

    def check_same(self, folder: Path) -> None:
        """What it holds is what lies in a folder, element by element."""
        expected = {d.SOPInstanceUID: d for d in map(pydicom.dcmread, folder.rglob("*.dcm"))}
        found = self.datasets()
        assert found.keys() == expected.keys()
        for uid, dataset in expected.items():
            assert found[uid] == dataset
            assert found[uid].file_meta.TransferSyntaxUID == dataset.file_meta.TransferSyntaxUID

    def forget(self) -> None:
        """Remove all that it holds."""
        for patient in json.loads(self.get("patients")):
            requests.delete(f"http://127.0.0.1:{self.http}/patients/{patient}", timeout=20).raise_for_status()


@contextmanager
def orthanc(folder: Path, **settings: Any) -> Iterator[Orthanc]:
    """Start Orthanc, and end it."""
    server = Orthanc(free_port(), free_port())
    configuration = {
        "Name": "test",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "HttpPort": server.http,
        "DicomPort": server.dicom,
        "DicomAet": "ORTHANC",
        "DicomCheckCalledAet": True,
        "UnknownSopClassAccepted": True,  # Debian's does not know label maps yet
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowEcho": True,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "Plugins": [str(_PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (folder / "orthanc.json").write_text(json.dumps(configuration | settings))
    with _running(["Orthanc", str(folder / "orthanc.json")], folder, server.http, server.dicom):
        yield server


@contextmanager
def storescp(folder: Path, *arguments: str) -> Iterator[int]:
    """Start DCMTK's storage SCP, and end it; its port."""
    port = free_port()
    with _running(["storescp", "-od", str(folder), *arguments, str(port)], folder, port):
        yield port


@contextmanager
def dcmqrscp(folder: Path) -> Iterator[str]:
    """Start DCMTK's archive, which stores, answers queries and hands out, and end it; its address."""
    port, storage = free_port(), folder / "archive"
    storage.mkdir()
    (folder / "archive.cfg").write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
        "HostTable BEGIN\nHostTable END\nVendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nARCHIVE {storage} RW (99, 1024mb) ANY\nAETable END\n"
    )
    with _running(["dcmqrscp", "-c", str(folder / "archive.cfg")], folder, port):
        yield f"dicom://ARCHIVE@127.0.0.1:{port}"


@contextmanager
def _running(command: list[str], folder: Path, *ports: int) -> Iterator[None]:
    """Start a server, wait until it listens, and end it; its output goes to a log in its folder."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        for port in ports:
            _wait(process, port, folder / "log")
        yield
    finally:
        process.terminate()
        process.wait(60)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(log.read_text())
