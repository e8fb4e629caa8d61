"""Every codec, type, size and content comes back from another library: exactly, or within what was promised."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from napari_dicom_writer.codecs import open_codec
from napari_dicom_writer.plan.stored_values import Method, StoredValues
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

LOSSLESS = [TransferSyntax.RLE, TransferSyntax.JPEG_LS, TransferSyntax.JPEG_2000, TransferSyntax.HTJ2K]
ENCAPSULATED = [syntax for syntax in TransferSyntax if syntax.encapsulated]
SIZES = [
    (1, 1), (1, 2), (2, 1), (2, 2), (1, 7), (7, 1), (5, 3), (8, 8), (31, 33), (33, 31), (1, 300), (300, 1), (64, 129)
]  # fmt: skip
U1, U2, I2 = (StoredValues(Method.CAST, dtype) for dtype in ("|u1", "<u2", "<i2"))


def apart(read: np.ndarray, frame: np.ndarray) -> int:
    """Largest difference; the type and shape must be the same."""
    assert (read.dtype, read.shape) == (frame.dtype, frame.shape)
    return int(np.abs(read.astype(int) - frame.astype(int)).max())


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("syntax", LOSSLESS)
def test_lossless_is_exact(syntax, size, stored, frames, codec_of):
    codec = codec_of(syntax)
    assert codec.largest_error() == 0
    for content, frame in frames(stored, *size).items():
        assert not apart(codec.decode(codec.encode(frame), *size, stored), frame), content


@pytest.mark.parametrize("error", [1, 5, 100])
@pytest.mark.parametrize("size", [(1, 1), (2, 2), (7, 1), (31, 33), (64, 129)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_near_lossless_keeps_its_promise(size, error, stored, frames, codec_of):
    """Also at the ends of signed values, which the bits of JPEG-LS could wrap."""
    codec = codec_of(TransferSyntax.JPEG_LS_LOSSY, lossy_error=error)
    assert codec.largest_error() == error
    for content, frame in frames(stored, *size).items():
        assert apart(codec.decode(codec.encode(frame), *size, stored), frame) <= error, content


def test_near_lossless_makes_frames_smaller(codec_of):
    rng = np.random.default_rng(0)
    frame = (rng.normal(0, 30, (128, 128))).astype("<i2")
    sizes = [len(codec_of(TransferSyntax.JPEG_LS_LOSSY, lossy_error=e).encode(frame)) for e in (1, 4, 16)]
    assert len(codec_of(TransferSyntax.JPEG_LS).encode(frame)) > sizes[0] > sizes[1] > sizes[2]


@pytest.mark.parametrize("ratio", [3.0, 10.0, 30.0])
def test_lossy_jpeg_2000_reaches_its_ratio(ratio, stored, codec_of):
    codec = codec_of(TransferSyntax.JPEG_2000_LOSSY, lossy_ratio=ratio)
    assert codec.largest_error() is None
    rng = np.random.default_rng(1)
    shape = (256, 256, 3) if stored.samples == 3 else (256, 256)
    limits = np.iinfo(stored.dtype)
    smooth = (np.sin(np.indices(shape[:2]).sum(axis=0) / 20) + 1) / 2
    smooth = smooth[..., np.newaxis] if stored.samples == 3 else smooth
    span = limits.max - limits.min
    frame = np.clip(limits.min + span * (smooth + rng.normal(0, 0.02, shape)), limits.min, limits.max)
    frame = frame.astype(stored.dtype)
    codestream = codec.encode(frame)
    assert 0.95 * ratio < frame.nbytes / len(codestream) < 3 * ratio
    assert apart(codec.decode(codestream, *shape[:2], stored), frame) < 0.5 * span


def test_large_frame(codec_of):
    frame = np.add.outer(np.arange(2049), np.arange(3001) * 7).astype("<u2")
    for syntax in LOSSLESS:
        codec = codec_of(syntax)
        assert np.array_equal(codec.decode(codec.encode(frame), *frame.shape, U2), frame)


@pytest.mark.parametrize("syntax", ENCAPSULATED)
def test_threads_share_a_codec(syntax, codec_of):
    codec = codec_of(syntax)
    rng = np.random.default_rng(2)
    frames = rng.integers(-1000, 3000, (16, 32, 33)).astype("<i2")
    expected = [codec.encode(frame) for frame in frames]
    read = [codec.decode(codestream, 32, 33, I2).tobytes() for codestream in expected]

    def again(number: int) -> bool:
        encoded = codec.encode(frames[number % 16])
        decoded = codec.decode(encoded, 32, 33, I2).tobytes()
        return (encoded, decoded) == (expected[number % 16], read[number % 16])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(again, range(800)))


@pytest.mark.parametrize("syntax", ENCAPSULATED)
def test_planes_of_a_larger_array_are_frames(syntax, codec_of):
    codec = codec_of(syntax)
    volume = np.arange(3 * 40 * 50, dtype="<u2").reshape(3, 40, 50)
    volume.flags.writeable = False
    assert codec.encode(volume[1]) == codec.encode(volume[1].copy())


@pytest.mark.parametrize("syntax", ENCAPSULATED)
def test_codecs_can_be_pickled(syntax, codec_of):
    codec = codec_of(syntax, lossy_error=3, lossy_ratio=4.0)
    assert pickle.loads(pickle.dumps(codec)) == codec  # noqa: S301


def test_native_syntaxes_have_no_codec():
    assert open_codec(TransferSyntax.EXPLICIT_LE) is None
    assert open_codec(TransferSyntax.DEFLATED) is None


@pytest.mark.parametrize("syntax", [*LOSSLESS, TransferSyntax.JPEG_LS_LOSSY])
def test_the_encoder_does_not_prove_itself(syntax, codec_of):
    for package in ("pyjpegls", "pylibjpeg"):
        pytest.importorskip({"pyjpegls": "jpeg_ls"}.get(package, package))
    assert codec_of(syntax).decoder() in ("pyjpegls", "pylibjpeg")


@pytest.mark.parametrize(
    ("syntax", "options", "size", "stored", "reason"),
    [
        (TransferSyntax.JPEG_2000_LOSSY, {}, (31, 500), U2, "32 pixels or more"),
        (TransferSyntax.JPEG_2000_LOSSY, {}, (500, 31), U2, "32 pixels or more"),
        (TransferSyntax.JPEG_2000_LOSSY, {}, (32, 32), U2, None),
        (TransferSyntax.JPEG_LS_LOSSY, {"lossy_error": 200}, (64, 64), U1, "127"),
        (TransferSyntax.JPEG_LS_LOSSY, {"lossy_error": 200}, (64, 64), I2, None),
        (TransferSyntax.JPEG_LS, {}, (1, 1), I2, None),
        (TransferSyntax.JPEG_2000, {}, (1, 1), I2, None),
        (TransferSyntax.HTJ2K, {}, (1, 1), I2, None),
        (TransferSyntax.RLE, {}, (7, 7), U1, "GDCM"),
        (TransferSyntax.RLE, {}, (8, 8), U1, None),
        (TransferSyntax.RLE, {}, (100, 1), I2, "GDCM"),
        (TransferSyntax.RLE, {}, (16, 16), I2, None),
    ],
)
def test_says_why_not(syntax, options, size, stored, reason, codec_of):
    said = codec_of(syntax, **options).why_not(*size, stored)
    assert said is None if reason is None else reason in (said or "")
