"""Objects of many frames as one deflated stream: what it inflates to, and what becomes of damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from napari_dicom_writer import ExportError, ExportOptions, VerificationError, Volume, export
from napari_dicom_writer.writing.deflated_file import DeflatedFile

VALUES = np.random.default_rng(4).normal(0, 50, (3, 7, 9)).astype("f4")
LABELS = (np.zeros((3, 7, 9), "u1") + np.arange(9, dtype="u1") // 4, {"name": "x"}, "labels")
MAP = Volume(VALUES, spacing=(2, 1, 1)), {"object": "parametric-map", "modality": "MR"}
MASKS = LABELS, {"segmentation_type": "binary"}


@pytest.mark.parametrize("verify", ["off", "medium"])
@pytest.mark.parametrize("case", [MAP, MASKS], ids=["map", "masks"])
def test_it_inflates_to_what_is_not_deflated(tmp_path, case, verify):
    layer, options = case
    plain, deflated = (
        export(layer, tmp_path / syntax / "x.dcm", ExportOptions(transfer_syntax=syntax, verify=verify, **options))
        for syntax in ("explicit-le", "deflated")
    )
    assert deflated.bytes == deflated.path.stat().st_size < plain.bytes
    one, other = pydicom.dcmread(plain.path), pydicom.dcmread(deflated.path)
    assert (one.pixel_array == other.pixel_array).all()
    assert one.keys() == other.keys()


DAMAGE = {
    "a bit of the preamble": lambda c: c[:100] + b"\1" + c[101:],
    "a bit of the file meta information": lambda c: c[:200] + bytes([c[200] ^ 1]) + c[201:],
    "a bit of the stream": lambda c: c[:-90] + bytes([c[-90] ^ 1]) + c[-89:],
    "a stream that breaks off": lambda c: c[:-40],
    "a stream that goes on": lambda c: c + b"\1\0",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damage_on_the_disk_is_found(tmp_path, monkeypatch, damage):
    finish = DeflatedFile.finish

    def wrong(self):
        size = finish(self)
        path = Path(self.path)
        path.write_bytes(damage(path.read_bytes()))
        return size

    monkeypatch.setattr(DeflatedFile, "finish", wrong)
    with pytest.raises(VerificationError):
        export(MAP[0], tmp_path / "x", ExportOptions(transfer_syntax="deflated", **MAP[1]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("syntax", ["rle", "jpeg-ls", "jpeg-2000-lossy"])
def test_masks_are_deflated_or_refused(tmp_path, syntax):
    options = ExportOptions(transfer_syntax=syntax, segmentation_type="binary")
    with pytest.raises(ExportError, match=r"have one bit a pixel.*labelmap.*deflated"):
        export(LABELS, tmp_path / "x", options)
    assert list(tmp_path.iterdir()) == []
