"""Decoders that abort, never end or ask for all memory: the frame fails, and nothing else does."""

from __future__ import annotations

import multiprocessing
import os
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import RLELossless

from judges.volumes import indexed
from napari_dicom_writer import ExportOptions, Volume, export
from napari_dicom_writer.checking.check import check_series
from napari_dicom_writer.reading.decoding import pool, process
from napari_dicom_writer.reading.decoding.pool import Decoders
from napari_dicom_writer.reading.decoding.process import DecodingError, TooLongError
from napari_dicom_writer.reading.decoding.source import PixelSource, pixel_source
from napari_dicom_writer.reading.files import read_header
from napari_dicom_writer.reading.survey import survey

COMPRESSED = ["rle", "jpeg-ls", "jpeg-2000", "htj2k"]


def source_of(path: Path) -> PixelSource:
    header = read_header(path)
    assert header
    return pixel_source(path, header.dataset, header.dataset.file_meta.TransferSyntaxUID, header.pixels_at)


def written(folder: Path, values: np.ndarray, syntax: str) -> Path:
    """The first file of a series."""
    options = ExportOptions(transfer_syntax=syntax, verify="off")
    path = export(Volume(values, spacing=(1, 1, 1)), folder / "x", options).path
    return path if path.is_file() else min(path.glob("*.dcm"))


def codestream(path: Path) -> bytes:
    return next(generate_frames(pydicom.dcmread(path).PixelData, number_of_frames=1))


@pytest.fixture
def decoders():
    made = Decoders(2)
    yield made
    made.close()


@pytest.mark.parametrize("syntax", [*COMPRESSED, "deflated", "explicit-le"])
def test_frames_are_those_that_were_written(tmp_path, syntax):
    values = indexed((2, 30, 40))
    path = written(tmp_path, values, syntax)
    np.testing.assert_array_equal(source_of(path).frame(0), values[0])
    (only,) = source_of(path).frames(raw=True)
    np.testing.assert_array_equal(only, values[0])


def test_threads_get_their_own_frames(tmp_path, decoders):
    values = np.random.default_rng(0).integers(0, 999, (12, 30, 40), "i2")
    first = written(tmp_path, values, "rle")
    sources = [source_of(path) for path in sorted(first.parent.glob("*.dcm"))]
    streams = [codestream(Path(source.path)) for source in sources]
    options = {**sources[0].options, "pixel_keyword": "PixelData"}
    with ThreadPoolExecutor(4) as threads:
        frames = threads.map(lambda s: decoders.decode(s, RLELossless, (30, 40), options, raw=True), streams * 5)
    for frame, expected in zip(frames, [*values] * 5, strict=True):
        np.testing.assert_array_equal(frame, expected)


def test_a_decoder_that_aborts_is_an_error_and_the_next_frame_is_decoded(tmp_path, decoders):
    """Damage at random, as long as it takes until a decoder has crashed of it; GDCM does of one byte in 200."""
    pytest.importorskip("gdcm")
    path = written(tmp_path, indexed((1, 32, 44)), "jpeg-2000")
    good, options = codestream(path), {**source_of(path).options, "pixel_keyword": "PixelData"}
    syntax = source_of(path).syntax
    expected = decoders.decode(good, syntax, (32, 44), options, raw=True)
    rng = np.random.default_rng(1)
    for _ in range(4000):
        spoilt = bytearray(good)
        spoilt[rng.integers(0, 160)] = rng.integers(0, 256)
        try:
            decoders.decode(bytes(spoilt), syntax, (32, 44), options, raw=True)
        except DecodingError as error:
            if "crashes" in str(error):
                break
    else:
        pytest.skip("this version of the decoders survives it all")
    np.testing.assert_array_equal(decoders.decode(good, syntax, (32, 44), options, raw=True), expected)


def test_an_innocent_frame_does_not_fail_of_a_process_that_died(tmp_path):
    path = written(tmp_path, indexed((1, 32, 44)), "rle")
    source = source_of(path)
    expected = source.frame(0)
    for worker in pool.decoders()._idle:
        worker._process.kill()
        worker._process.wait()
    np.testing.assert_array_equal(source.frame(0), expected)


def segments(runs: bytes) -> bytes:
    """An RLE frame of 16 bits, both segments of which are the same."""
    return struct.pack("<16L", 2, 64, 64 + len(runs), *[0] * 13) + runs + runs


ENDLESS = segments(b"\x80" * 2**24)  # runs of nothing, millions of them: seconds in a decoder that goes one by one


def test_a_frame_that_takes_too_long_is_an_error(tmp_path):
    source, decoders = source_of(written(tmp_path, indexed((1, 32, 44)), "rle")), Decoders(1, seconds=0.05)
    options = {**source.options, "pixel_keyword": "PixelData"}
    with pytest.raises(TooLongError, match="too long"):
        decoders.decode(ENDLESS, source.syntax, (32, 44), options, raw=True)
    decoders.close()


def test_where_a_process_has_no_alarm_its_time_is_watched(tmp_path, monkeypatch):
    """As on Windows."""
    monkeypatch.setattr(process, "_ALARM", None)
    test_a_frame_that_takes_too_long_is_an_error(tmp_path)


def test_a_series_of_frames_that_take_too_long_is_shown_soon(tmp_path, monkeypatch):
    path = written(tmp_path, indexed((5, 32, 44)), "rle")
    for file in path.parent.glob("*.dcm"):
        dataset = pydicom.dcmread(file)
        dataset.PixelData = encapsulate([ENDLESS])
        dataset.save_as(file)
    impatient, asked = Decoders(1, seconds=0.05), []
    monkeypatch.setattr(pool, "_decoders", impatient)
    monkeypatch.setattr(Decoders, "_answer", lambda *a, real=Decoders._answer: asked.append(a) or real(*a))
    (series,) = survey(path.parent).series
    assert series.remarks == ("Pixels could not be decoded: decoding it takes too long",)
    assert len(asked) == 1
    (verdict,) = check_series(path.parent)
    assert [(finding.code, finding.count) for finding in verdict.findings] == [("undecodable", 5)]
    assert len(asked) == 4
    impatient.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process from /proc")
def test_a_frame_that_swells_takes_no_more_memory_than_its_size_allows(tmp_path):
    """Runs that go on for a gigabyte, in a frame of 2,816 bytes."""
    path = written(tmp_path, indexed((1, 32, 44)), "rle")
    source, decoders = source_of(path), Decoders(1)
    bomb = segments(b"\x81\0" * (2**30 // 128))
    options = {**source.options, "pixel_keyword": "PixelData"}
    with pytest.raises(DecodingError):
        decoders.decode(bomb, source.syntax, (32, 44), options, raw=True)
    (worker,) = decoders._idle
    status = Path(f"/proc/{worker._process.pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert peak * 1024 < 600e6
    decoders.close()


@pytest.mark.parametrize(("keyword", "value"), [("Rows", 60000), ("Columns", 20000), ("SamplesPerPixel", 3)])
@pytest.mark.parametrize("syntax", COMPRESSED)
def test_what_the_header_exaggerates_no_decoder_sees(tmp_path, monkeypatch, syntax, keyword, value):
    path = written(tmp_path, indexed((1, 32, 44)), syntax)
    dataset = pydicom.dcmread(path)
    dataset[keyword].value = value
    dataset.save_as(path)
    if (syntax, keyword) != ("rle", "SamplesPerPixel"):  # its head does not say how many there are
        monkeypatch.setattr(Decoders, "decode", None)
    with pytest.raises(DecodingError):
        source_of(path).frame(0)


def test_a_file_of_one_codestream_in_another_syntax_is_refused(tmp_path, monkeypatch):
    path = written(tmp_path, indexed((1, 32, 44)), "jpeg-2000")
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = RLELossless
    dataset.save_as(path)
    monkeypatch.setattr(Decoders, "decode", None)
    with pytest.raises(DecodingError, match="it is JPEG 2000, and its transfer syntax RLE"):
        source_of(path).frame(0)


def frame_in_a_fork(path: str, results: multiprocessing.Queue) -> None:
    results.put(source_of(Path(path)).frame(0))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_has_processes_of_its_own(tmp_path):
    path = written(tmp_path, indexed((1, 32, 44)), "rle")
    expected = source_of(path).frame(0)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=frame_in_a_fork, args=(str(path), results))
    child.start()
    np.testing.assert_array_equal(results.get(timeout=60), expected)
    child.join()
    np.testing.assert_array_equal(source_of(path).frame(0), expected)
