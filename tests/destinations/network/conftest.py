"""What the tests of sending share: an Orthanc, fake peers, and folders of their own for what outlives a process."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from judges.peers import orthanc, orthanc_is_there


@pytest.fixture(autouse=True)
def state(tmp_path_factory, monkeypatch):
    """Where unsent exports wait, away from the user's; no keyring."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("NAPARI_DICOM_WRITER_STATE", str(folder))
    monkeypatch.setenv("NAPARI_DICOM_WRITER_CONFIG", str(folder / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for name in ("USER", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"NAPARI_DICOM_WRITER_{name}", raising=False)
    return folder


@pytest.fixture(scope="session")
def _server():
    if not orthanc_is_there():
        pytest.skip("Orthanc and its DICOMweb plugin are not installed: apt install orthanc orthanc-dicomweb")
    with tempfile.TemporaryDirectory() as folder, orthanc(Path(folder)) as server:
        yield server


@pytest.fixture
def pacs(_server):
    """An Orthanc that holds nothing."""
    _server.forget()
    return _server
