"""Every transfer syntax end to end: exported, verified, and read back by libraries that did not encode it."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from judges import readers as judges
from napari_dicom_writer import (
    ExportOptions,
    NoteKind,
    PixelError,
    TransferSyntax,
    VerificationError,
    Volume,
    export,
    plan_export,
)
from napari_dicom_writer.codecs import open_codec

RNG = np.random.default_rng(8)
SMOOTH = (np.indices((5, 60, 47)).sum(axis=0) * 11 + RNG.integers(0, 9, (5, 60, 47)) - 400).astype(np.int16)
VOLUMES = {
    "int16": Volume(SMOOTH, spacing=(2, 1, 1), window=(0, 500)),
    "uint8": Volume((SMOOTH % 251).astype(np.uint8), spacing=(2, 1, 1)),
    "rgb": Volume(RNG.integers(0, 255, (3, 40, 37, 3), dtype=np.uint8), spacing=(2, 1, 1), rgb=True),
    "float": Volume(SMOOTH / 7, spacing=(2, 1, 1)),
}
LOSSLESS = [syntax for syntax in TransferSyntax if syntax.lossless]
LOSSY = [syntax for syntax in TransferSyntax if not syntax.lossless]


@pytest.mark.parametrize("modality", ["OT", "MR"])
@pytest.mark.parametrize("kind", VOLUMES)
@pytest.mark.parametrize("syntax", LOSSLESS)
def test_lossless_means_what_it_says(tmp_path, syntax, kind, modality):
    if kind == "rgb" and modality == "MR":
        modality = "OT"
    volume = VOLUMES[kind]
    options = ExportOptions(transfer_syntax=syntax, modality=modality)
    plain = export(volume, tmp_path / "plain", ExportOptions(modality=modality))
    report = export(volume, tmp_path / "x", options)
    files = judges.dicom_files(report.path)
    for ours, reference in zip(judges.read(report.path), judges.read(plain.path), strict=True):
        assert ours.file_meta.TransferSyntaxUID == syntax.uid
        np.testing.assert_array_equal(ours.pixel_array, reference.pixel_array)
        assert "LossyImageCompression" not in ours  # whether the source lost something is not known
    for file, reference in zip(files, judges.read(plain.path), strict=True):
        np.testing.assert_array_equal(judges.gdcm_pixels(file), reference.pixel_array)
    if syntax is not TransferSyntax.DEFLATED:  # which dciodvfy cannot inflate
        assert judges.dciodvfy(files[:1]) == ([], [])
    assert judges.dicom_validator(files[:1]) == []
    if syntax.encapsulated and kind == "int16":
        assert report.bytes < plain.bytes


@pytest.mark.parametrize("kind", VOLUMES)
@pytest.mark.parametrize("syntax", LOSSY)
def test_lossy_says_what_it_loses(tmp_path, syntax, kind):
    report = export(VOLUMES[kind], tmp_path / "x", ExportOptions(transfer_syntax=syntax, lossy_error=3))
    (series,) = report.plan.series
    assert any("Lossy" in n.text or "Near-lossless" in n.text for n in report.plan.notes if n.kind is NoteKind.LOST)
    files = judges.dicom_files(report.path)
    for file, instance, series_plane in zip(files, judges.read(report.path), series.instances, strict=True):
        assert instance.LossyImageCompression == "01"
        assert instance.LossyImageCompressionMethod == syntax.row.lossy_method
        native = instance.Rows * instance.Columns * instance.SamplesPerPixel * instance.BitsAllocated / 8
        fragment = next(pydicom.encaps.generate_frames(instance.PixelData, number_of_frames=1))
        assert float(instance.LossyImageCompressionRatio) == pytest.approx(native / len(fragment), rel=0.01)
        found = series.stored.decode(judges.gdcm_pixels(file))
        difference = np.abs(found - VOLUMES[kind].array[series_plane.frame.plane]).max()
        assert difference <= series.stored.largest_error
    assert judges.dciodvfy(files) == ([], [])


@pytest.mark.parametrize("syntax", [s for s in TransferSyntax if s.encapsulated and s.lossless])
def test_a_codec_that_returns_wrong_bytes_is_caught(tmp_path, monkeypatch, syntax):
    kind = type(open_codec(syntax))
    encode = kind.encode

    def wrong(self, frame):
        frame = frame.copy()
        frame[7, 11] ^= 1
        return encode(self, frame)

    monkeypatch.setattr(kind, "encode", wrong)
    with pytest.raises(VerificationError, match="1 values differ; the first, at row 7, column 11"):
        export(VOLUMES["int16"], tmp_path / "x", ExportOptions(transfer_syntax=syntax))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("syntax", LOSSY)
def test_masks_are_never_compressed_with_loss(tmp_path, syntax):
    mask = np.zeros((3, 64, 64), bool)
    mask[:, 20:40, 20:40] = True
    with pytest.raises(PixelError, match="It is a mask"):
        export(Volume(mask, spacing=(1, 1, 1)), tmp_path / "x", ExportOptions(transfer_syntax=syntax))


@pytest.mark.parametrize("wrong", [np.zeros_like, np.flipud, np.fliplr])
def test_a_lossy_codec_that_returns_another_picture_is_caught(tmp_path, monkeypatch, wrong):
    kind = type(open_codec(TransferSyntax.JPEG_2000_LOSSY))
    encode = kind.encode
    monkeypatch.setattr(kind, "encode", lambda self, frame: encode(self, np.ascontiguousarray(wrong(frame))))
    with pytest.raises(VerificationError, match="does not resemble"):
        export(VOLUMES["int16"], tmp_path / "x", ExportOptions(transfer_syntax="jpeg-2000-lossy"))


@pytest.mark.parametrize("picture", ["disk", "constant", "noise", "ramp"])
def test_symmetric_and_noisy_planes_may_be_compressed_with_loss(tmp_path, picture):
    y, x = np.indices((64, 64)) - 31.5
    planes = {
        "disk": (np.hypot(y, x) < 20) * 1000,
        "constant": np.full((64, 64), 7),
        "noise": RNG.integers(0, 4000, (64, 64)),
        "ramp": x * 50 + 2000,
    }
    array = np.stack([planes[picture]] * 3).astype(np.int16)
    options = ExportOptions(transfer_syntax="jpeg-2000-lossy", lossy_ratio=25)
    assert export(Volume(array, spacing=(1, 1, 1)), tmp_path / "x", options).plan.instances == 3


def test_large_planes_are_refused_only_where_they_do_not_fit():
    plane = np.broadcast_to(np.uint8(0), (40_000, 30_000, 3))
    assert plan_export(Volume(plane, spacing=(1, 1), rgb=True)).instances == 1
    huge = np.broadcast_to(np.uint8(0), (60_000, 60_000, 3))
    with pytest.raises(PixelError, match="passes 4 GiB"):
        plan_export(Volume(huge, spacing=(1, 1), rgb=True))


def test_lossy_and_exact_contradict_each_other(tmp_path):
    options = ExportOptions(transfer_syntax="jpeg-ls-lossy", values="exact")
    with pytest.raises(PixelError, match="lossless transfer syntax"):
        export(VOLUMES["int16"], tmp_path / "x", options)


def test_frames_a_codec_cannot_hold_are_refused_in_the_plan(tmp_path):
    with pytest.raises(PixelError, match="Choose another transfer syntax, such as transfer_syntax='explicit-le'"):
        export(Volume(np.zeros((7, 7), np.uint8), spacing=(1, 1)), tmp_path / "x", ExportOptions(transfer_syntax="rle"))


@pytest.mark.parametrize("syntax", ["rle", "jpeg-ls", "htj2k"])
def test_threads_write_the_same_series(tmp_path, syntax):
    paths = [
        export(VOLUMES["int16"], tmp_path / f"{n}", ExportOptions(transfer_syntax=syntax, workers=n)).path
        for n in (1, 4)
    ]
    one, four = ([d.pixel_array for d in judges.read(path)] for path in paths)
    np.testing.assert_array_equal(one, four)
