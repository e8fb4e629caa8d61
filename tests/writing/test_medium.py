"""What comes from the medium, where the system says so; what it does not say is not claimed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

from judges.tables import OBJECTS, of
from napari_dicom_writer import (
    ExportCancelled,
    ExportOptions,
    OptionsError,
    VerificationError,
    VerifyLevel,
    Volume,
    export,
)
from napari_dicom_writer.destinations.folder.staging import FolderStaging
from napari_dicom_writer.writing.medium import digest, digest_again, forget

RNG = np.random.default_rng(8)
VOLUME = Volume(RNG.integers(0, 900, (5, 40, 33), np.uint16), spacing=(2, 1, 1), window=(0, 99))
RAM_DISK = Path("/dev/shm")  # noqa: S108 - the place, not a file in it
DISK = "read from the disk again"
MEMORY = "but from memory: the system does not say that it has read the disk"


def can_forget(folder: Path) -> bool:
    """Whether the system lets go of a file that was flushed here."""
    path = folder / "probe"
    with path.open("x+b") as file:
        file.write(bytes(100_000))
        file.flush()
        os.fsync(file.fileno())
        forgotten = forget(file.fileno())
    path.unlink()
    return forgotten


def options(**given) -> ExportOptions:
    return ExportOptions(verify="medium", **given)


@pytest.mark.parametrize("syntax", ["explicit-le", "rle", "deflated"])
@pytest.mark.parametrize("key", OBJECTS)
def test_files_come_from_the_disk_where_the_system_says_so(tmp_path, key, syntax):
    level = VerifyLevel.MEDIUM if can_forget(tmp_path) else VerifyLevel.FULL
    try:
        report = export(VOLUME, tmp_path / "x", options(**of(key), transfer_syntax=syntax))
    except OptionsError as error:
        pytest.skip(str(error))  # not every object is compressed in every way
    assert report.verified is level
    assert report.checked.endswith(DISK if level is VerifyLevel.MEDIUM else MEMORY)


@pytest.mark.skipif(not RAM_DISK.is_dir(), reason="no RAM disk")
def test_a_ram_disk_is_no_medium_and_the_report_says_so():
    with tempfile.TemporaryDirectory(dir=RAM_DISK) as folder:
        assert not can_forget(Path(folder))
        report = export(VOLUME, Path(folder, "x"), options())
        assert (report.verified, report.checked[-len(MEMORY) :]) == (VerifyLevel.FULL, MEMORY)
        assert MEMORY in str(report)


def test_packed_files_are_not_said_to_come_from_the_disk(tmp_path):
    report = export(VOLUME, tmp_path / "x.zip", options())
    assert report.verified is VerifyLevel.FULL


def test_where_the_system_has_no_such_functions_nothing_is_claimed(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "posix_fadvise", raising=False)
    assert not can_forget(tmp_path)
    assert export(VOLUME, tmp_path / "x", options()).verified is VerifyLevel.FULL


def test_what_is_in_memory_is_known_to_be(tmp_path):
    path = tmp_path / "file"
    content = RNG.bytes(300_000)
    path.write_bytes(content)
    known, forgotten = digest_again(str(path))
    assert known == digest(content[:1000], content[1000:])
    # Not flushed: the system must keep it, and says so.
    assert not forgotten
    path.write_bytes(b"")
    assert digest_again(str(path)) == (digest(), False)


@pytest.mark.parametrize("syntax", ["explicit-le", "rle"])
@pytest.mark.parametrize("at", [0.0, 0.02, 0.5, 1.0], ids=["preamble", "header", "pixels", "end"])
@pytest.mark.parametrize("key", ["sc", "multi-frame"])
def test_another_bit_on_the_medium_is_noticed_and_nothing_published(tmp_path, monkeypatch, key, at, syntax):
    flush = FolderStaging.flush

    def damaging(self):
        """As the file is written to the disk, a bit flips on the way."""
        path = sorted(self._area.content.rglob("*.dcm"))[-1]
        content = bytearray(path.read_bytes())
        content[int(at * (len(content) - 1))] ^= 4
        path.write_bytes(content)
        return flush(self)

    monkeypatch.setattr(FolderStaging, "flush", damaging)
    with pytest.raises(VerificationError, match="Read back, "):
        export(VOLUME, tmp_path / "x", options(object=key, transfer_syntax=syntax))
    assert list(tmp_path.iterdir()) == []


def test_reading_from_the_medium_can_be_cancelled(tmp_path):
    calls = []

    def cancel(done: int, total: int) -> None:
        calls.append(done)
        if calls.count(total) == 3:
            raise ExportCancelled

    with pytest.raises(ExportCancelled):
        export(VOLUME, tmp_path / "x", options(), progress=cancel)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["binary", "labelmap"])
@pytest.mark.parametrize("columns", [32, 33])  # frames of masks that end within a byte
def test_masks_are_known_again(tmp_path, kind, columns):
    labels = np.zeros((5, 35, columns), np.uint8)
    labels[1:3, 4:20, 3:9], labels[2:, 22:30, 1:30] = 1, 2
    level = VerifyLevel.MEDIUM if can_forget(tmp_path) else VerifyLevel.FULL
    layer = (labels, {"scale": (2, 1, 1), "units": ("mm",) * 3, "name": "masks"}, "labels")
    assert export(layer, tmp_path / "x", options(segmentation_type=kind)).verified is level
