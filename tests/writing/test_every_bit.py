"""No bit of a file can flip unnoticed: every one of a whole header, and a sample of those in pixels."""

from __future__ import annotations

import os
import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest

from judges.tables import PLANAR
from judges.volumes import oblique
from napari_dicom_writer import ExportOptions, TransferSyntax, VerificationError, VerifyLevel, Volume, plan_export
from napari_dicom_writer.writing import read_back
from napari_dicom_writer.writing.encode import SeriesEncoder
from napari_dicom_writer.writing.fault import Fault
from napari_dicom_writer.writing.read_back import SeriesVerifier

RNG = np.random.default_rng(31)
TIME = ("time", "plane", "row", "column")
VALUES = RNG.integers(-900, 900, (2, 3, 35, 33)).astype(np.int16)
COLORS = RNG.integers(0, 255, (2, 3, 35, 33, 3)).astype(np.uint8)
SAMPLED = 60


class Staged:
    """Files of one series as they were written, and a verifier that has seen the first."""

    def __init__(self, folder: Path, values: np.ndarray, level: str = "full", **options) -> None:
        volume = Volume(values, affine=oblique(), axes=TIME, time_step=1.5, rgb=values.ndim > 4)
        (self.series,) = plan_export(volume, ExportOptions(**options)).series
        self.folder, self.values, self.level = folder, values, level
        self._encoder = SeriesEncoder(self.series)
        self.verifier = SeriesVerifier(self.series, VerifyLevel(level))
        self.check(*self.write(0))

    def write(self, number: int):
        """Write an instance; return what checking it takes."""
        instance = self.series.instances[number]
        values = self.values[*instance.frame.leading, instance.frame.plane]
        path = self.folder / instance.filename
        path.unlink(missing_ok=True)
        return path, instance, values, self._encoder.write(path, instance, self.series.stored.encode(values))

    def check(self, path, instance, values, pieces, verifier=None) -> None:
        (verifier or self.verifier).instance(path, instance, values, pieces)

    def passes(self, *written, first: bool = False) -> bool:
        verifier = SeriesVerifier(self.series, VerifyLevel(self.level)) if first else None
        try:
            self.check(*written, verifier)
        except VerificationError as error:
            return not str(error).startswith(f"series 1, instance {written[1].number}: Read back, ")
        return True


def unnoticed(staged: Staged, written, bits, *, first: bool = False) -> list[int]:
    """Flip bits one by one; return those that nobody saw."""
    assert staged.passes(*written, first=first)
    missed = []
    descriptor = os.open(written[0], os.O_RDWR)
    for bit in bits:
        (byte,) = os.pread(descriptor, 1, bit // 8)
        os.pwrite(descriptor, bytes([byte ^ 1 << bit % 8]), bit // 8)
        if staged.passes(*written, first=first):
            missed.append(bit)
        os.pwrite(descriptor, bytes([byte]), bit // 8)
    os.close(descriptor)
    assert staged.passes(*written, first=first)
    return missed


def head_bits(written) -> int:
    bits = 8 * len(written[3][0])
    assert 9_000 < bits < 20_000
    return bits


def test_every_bit_of_a_whole_header(tmp_path, monkeypatch):
    staged = Staged(tmp_path, VALUES, "headers", object="pet")
    written = staged.write(4)

    def name(*_):
        raise Fault("to find a name for what was noticed would take a minute")

    monkeypatch.setattr(read_back, "check_parsed", name)
    assert unnoticed(staged, written, range(head_bits(written))) == []


@pytest.mark.parametrize("first", [False, True], ids=["a further file", "the first file"])
@pytest.mark.parametrize("key", PLANAR)
def test_a_bit_of_every_fourth_byte_is_noticed_and_named(tmp_path, key, first):
    """The first file is known to the parser only, which sees neither preamble nor reserved bytes."""
    staged = Staged(tmp_path, VALUES, "headers", object=key)
    written = staged.write(0 if first else 4)
    bits = [start + int(RNG.integers(32)) for start in range(0, head_bits(written) - 32, 32)]
    assert unnoticed(staged, written, bits, first=first) == []


@pytest.mark.parametrize("first", [False, True], ids=["a further file", "the first file"])
@pytest.mark.parametrize("syntax", TransferSyntax)
@pytest.mark.parametrize("values", [VALUES, COLORS], ids=["gray", "odd RGB"])
def test_a_sample_of_the_bits_of_whole_files(tmp_path, values, syntax, first):
    staged = Staged(tmp_path, values, transfer_syntax=syntax)
    written = staged.write(0 if first else 4)
    bits = 8 * written[0].stat().st_size
    sample = {*RNG.integers(0, bits, SAMPLED).tolist(), *range(bits - 64, bits)}
    assert unnoticed(staged, written, sorted(sample), first=first) == []


def element_span(content: bytes, keyword: str) -> tuple[int, int]:
    """Where an element begins and ends, as pydicom says."""
    element = pydicom.dcmread(BytesIO(content)).get_item(keyword)
    return element.value_tell - 8, element.value_tell + element.length


_NEIGHBORS = ("ImagePositionPatient", "ImageOrientationPatient")


def swapped(content: bytes) -> bytes:
    """Two elements that follow each other, in the other order."""
    (start, middle), (after, end) = (element_span(content, k) for k in _NEIGHBORS)
    assert middle == after
    return content[:start] + content[middle:end] + content[start:middle] + content[end:]


def repeated(content: bytes) -> bytes:
    start, end = element_span(content, "InstanceNumber")
    return content[:end] + content[start:end] + content[end:]


def left_out(content: bytes) -> bytes:
    start, end = element_span(content, "SliceLocation")
    return content[:start] + content[end:]


def grown(content: bytes) -> bytes:
    """An element with more padding than there need be."""
    start, end = element_span(content, "InstanceNumber")
    length = struct.pack("<H", end - start - 8 + 2)
    return content[: start + 6] + length + content[start + 8 : end] + b"  " + content[end:]


DAMAGES = {
    "nothing": lambda c: b"",
    "cut in the preamble": lambda c: c[:100],
    "cut in the meta information": lambda c: c[:200],
    "cut in the header": lambda c: c[:900],
    "cut in the pixels": lambda c: c[:-99],
    "cut by one byte": lambda c: c[:-1],
    "cut by two bytes": lambda c: c[:-2],
    "one byte more": lambda c: c + b"\0",
    "two bytes more": lambda c: c + b"\0\0",
    "twice": lambda c: c + c,
    "zeros before it": lambda c: bytes(2) + c,
    "swapped elements": swapped,
    "a repeated element": repeated,
    "an element left out": left_out,
    "a longer element": grown,
}


@pytest.mark.parametrize("level", ["full", "headers"])
@pytest.mark.parametrize("first", [False, True], ids=["a further file", "the first file"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_of_another_shape(tmp_path, damage, first, level):
    for kind, values in (("gray", VALUES), ("odd", COLORS)):
        (tmp_path / kind).mkdir()
        staged = Staged(tmp_path / kind, values, level)
        written = staged.write(0 if first else 4)
        written[0].write_bytes(DAMAGES[damage](written[0].read_bytes()))
        assert not staged.passes(*written, first=first)


@pytest.mark.parametrize("syntax", [s for s in TransferSyntax if s is not TransferSyntax.EXPLICIT_LE])
@pytest.mark.parametrize("damage", [name for name in DAMAGES if "element" not in name])
def test_a_compressed_file_of_another_shape(tmp_path, damage, syntax):
    staged = Staged(tmp_path, VALUES, transfer_syntax=syntax)
    written = staged.write(4)
    written[0].write_bytes(DAMAGES[damage](written[0].read_bytes()))
    assert not staged.passes(*written)
