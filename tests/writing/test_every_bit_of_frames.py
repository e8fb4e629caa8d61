"""No bit of a multi-frame file can flip unnoticed: of its header when it is ended, of a frame when it was written."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from judges.tables import of
from judges.volumes import oblique
from napari_dicom_writer import ExportOptions, VerificationError, VerifyLevel, Volume, export, plan_export
from napari_dicom_writer.iods import IMAGE, IODS
from napari_dicom_writer.writing import encode, frame_files, multiframe
from napari_dicom_writer.writing.encode import SeriesEncoder
from napari_dicom_writer.writing.frame_files import FragmentFile, NativeFile
from napari_dicom_writer.writing.read_back_frames import FramesVerifier

OBJECTS = [key for key, iod in IODS.items() if iod.multiframe and IMAGE in IODS.row(key).layers]
RNG = np.random.default_rng(33)
VALUES = RNG.integers(0, 200, (3, 35, 33)).astype(np.uint8)
VOLUME = Volume(VALUES, affine=oblique())


@pytest.mark.parametrize("key", OBJECTS)
def test_a_bit_of_every_fourth_byte_of_a_header_and_every_one_of_the_padding(tmp_path, key):
    (series,) = plan_export(VOLUME, ExportOptions(**of(key))).series
    (instance,) = series.instances
    head = SeriesEncoder(series).encode_start(instance)
    file = NativeFile(str(tmp_path / "x.dcm"), head, series.pixel_bytes(instance), series.frame_bits)
    file.begin()
    frames = [series.stored.encode(plane) for plane in VALUES]
    for at, frame in enumerate(frames):
        file.write_frame(at, frame)
    file.finish()
    verifier = FramesVerifier(series, VerifyLevel.FULL)
    verifier.header(instance, file)
    size = Path(file.path).stat().st_size
    padding = size - len(head) - sum(frame.nbytes for frame in frames)
    assert padding == sum(frame.nbytes for frame in frames) % 2
    bits = [start + int(RNG.integers(32)) for start in range(0, 8 * len(head) - 32, 32)]
    descriptor = os.open(file.path, os.O_RDWR)
    missed = []
    for bit in [*bits, *range(8 * (size - padding), 8 * size)]:
        (byte,) = os.pread(descriptor, 1, bit // 8)
        os.pwrite(descriptor, bytes([byte ^ 1 << bit % 8]), bit // 8)
        try:
            verifier.header(instance, file)
            missed.append(bit)
        except VerificationError:
            pass
        os.pwrite(descriptor, bytes([byte]), bit // 8)
    os.close(descriptor)
    file.close()
    assert missed == []


@pytest.mark.parametrize(("syntax", "kind"), [("explicit-le", NativeFile), ("rle", FragmentFile)])
@pytest.mark.parametrize("bit", [0, 8 * 100 + 3, 8 * 1155 - 1])
def test_a_bit_of_a_frame(tmp_path, monkeypatch, syntax, kind, bit):
    write = kind.write_frame

    def faulty(self, at, frame):
        size = write(self, at, frame)
        if at == 1:
            end = Path(self.path).stat().st_size
            start = end - 1 - 2 * 1155 if kind is NativeFile else end - (size - 8)
            place = start + min(bit // 8, size - 9)
            descriptor = os.open(self.path, os.O_RDWR)
            (byte,) = os.pread(descriptor, 1, place)
            os.pwrite(descriptor, bytes([byte ^ 1 << bit % 8]), place)
            os.close(descriptor)
        return size

    monkeypatch.setattr(kind, "write_frame", faulty)
    with pytest.raises(VerificationError, match="Read back, "):
        export(VOLUME, tmp_path / "x", ExportOptions(object="multi-frame", transfer_syntax=syntax, workers=1))
    assert list(tmp_path.iterdir()) == []


def reserved_byte(real):
    """Bytes that pydicom's parser passes over (PS3.5 7.1.2)."""
    return lambda groups: real(groups)[:6] + b"\1\0" + real(groups)[8:]


def shifted(real):
    return lambda head, offsets, lengths: real(head, [offset + 2 for offset in offsets], lengths)


@pytest.mark.parametrize(
    ("module", "name", "fault", "syntax"),
    [
        (encode, "encode_frame_groups", reserved_byte, "explicit-le"),
        (encode, "PREAMBLE", lambda real: b"\1" + real[1:], "explicit-le"),
        (frame_files, "_with_extended_table", shifted, "rle"),
    ],
)
def test_a_fault_of_the_encoder_that_no_parser_stumbles_over(tmp_path, monkeypatch, module, name, fault, syntax):
    for one in (multiframe, encode):
        monkeypatch.setattr(one, "needs_extended", lambda _: True)
    monkeypatch.setattr(module, name, fault(getattr(module, name)))
    with pytest.raises(VerificationError, match="Read back, "):
        export(VOLUME, tmp_path / "x", ExportOptions(object="multi-frame", transfer_syntax=syntax))
    assert list(tmp_path.iterdir()) == []
