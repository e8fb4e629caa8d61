"""Faults that were there, each found by `tests/fuzz`, each held by the smallest example."""

from __future__ import annotations

import warnings

import numpy as np
import pydicom
import pytest

from napari_dicom_writer import ExportOptions, GeometryError, OptionsError, Patient, Series, Volume, export, plan_export
from napari_dicom_writer.codecs import open_codec
from napari_dicom_writer.plan.stored_values import Method, StoredValues
from napari_dicom_writer.reading.series import read_series
from napari_dicom_writer.standard.decimals import decimal_string
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

PLANES = np.arange(60, dtype="u2").reshape(3, 4, 5)


@pytest.mark.parametrize("value", [9.999999999999998, -9.999999999999998, 99.99999999999997, -9999.999999999995])
def test_a_number_whose_rounding_carries_has_sixteen_bytes(value):
    """It came out of pydicom as ``10.00000000000000``, which no DS holds, and was written."""
    text = decimal_string(value)
    assert len(text) <= 16
    assert float(text) == pytest.approx(value, rel=1e-13)


def test_a_thickness_whose_rounding_carries_is_a_valid_ds(tmp_path):
    report = export(Volume(PLANES, spacing=(9.999999999999998, 1, 1)), tmp_path / "out")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        header = pydicom.dcmread(report.path / "00001.dcm")
        assert header.SliceThickness.original_string == "10"


@pytest.mark.parametrize("group", [lambda text: Patient(name=text), lambda text: Series(operator=text)])
def test_a_name_has_three_groups_at_most(group):
    """Four were accepted and written; readers warn, or take the first three."""
    assert group("a=b=c")
    with pytest.raises(OptionsError, match="three groups"):
        group("a=b=c=d")


def test_an_affine_with_a_perspective_is_refused():
    """Its last row was passed over in silence."""
    perspective = np.eye(4)
    perspective[3, 0] = 0.5
    with pytest.raises(GeometryError, match="last row"):
        plan_export((PLANES, {"affine": perspective}, "image"))


@pytest.mark.parametrize(
    "layer",
    [
        (PLANES, {"scale": (1, 1, 1e200)}, "image"),
        (PLANES, {"scale": (np.inf, 1, 1), "affine": np.eye(4)}, "image"),
    ],
)
def test_what_is_not_finite_is_refused_without_warnings(layer):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(GeometryError):
            plan_export(layer)


def test_an_infinite_spacing_is_refused_without_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(GeometryError):
            plan_export(Volume(PLANES, spacing=(1, np.inf, 1), direction=np.eye(3)))


def test_a_position_beyond_double_precision_is_refused():
    """At 2e16 mm neighboring numbers are 4 mm apart: planes fell on each other's places, unnoticed."""
    turn = np.array([[0.6, 0, -0.8], [0, 1, 0], [0.8, 0, 0.6]])
    volume = Volume(PLANES[:2], spacing=(0.2, 0.1, 270), direction=turn, position=(0, 0, 2e16))
    with pytest.raises(GeometryError, match="from the origin"):
        plan_export(volume)


def test_voxels_too_thin_for_directions_of_sixteen_bytes_are_refused():
    """Over kilometers, the last digit of a direction cosine moves voxels of a nanometer by many of them."""
    turn = np.array([[0.6, 0, -0.8], [0, 1, 0], [0.8, 0, 0.6]]) @ np.array(
        [[1, 0, 0], [0, 0.28, -0.96], [0, 0.96, 0.28]]
    )
    with pytest.raises(GeometryError, match="16 bytes"):
        plan_export(Volume(PLANES, spacing=(1e-8, 1e8, 1e8), direction=turn))


def test_a_shear_of_small_voxels_is_announced():
    """Straightened by nearly a hundredth of a voxel; the note was for more than 10 nm only."""
    affine = np.diag([1e-4, 1e-4, 1e-4, 1])[[2, 1, 0, 3]]
    affine[1, 2] = 1e-4 * 0.002
    notes = plan_export(Volume(PLANES, affine=affine)).notes
    assert any("right angles" in note.text for note in notes)


def test_half_precision_is_interpolated_in_single(tmp_path):
    """Interpolated values were rounded to half precision again, a hundred times the error announced."""
    affine = np.eye(4)[[2, 1, 0, 3]]
    affine[0, 1] = 0.25
    array = np.linspace(0, 1, 60).reshape(3, 4, 5).astype("f2")
    report = export(Volume(array, affine=affine), tmp_path / "out", ExportOptions(shear="resample"))
    (plan,) = report.plan.series
    (found,) = read_series(report.path)
    row = np.asarray(found.array[0, 1], float)  # a quarter of a column further than the row before
    expected = np.interp(np.arange(plan.columns) - 0.25, np.arange(-1, 6), [0, *array[0, 1].astype(float), 0])
    assert np.abs(row - expected).max() <= plan.stored.largest_error * 1.01


def test_planes_much_thinner_than_pixels_are_no_time_points(tmp_path):
    """The reader took planes closer than a thousandth of a pixel for one plane at several times."""
    report = export(Volume(PLANES, spacing=(1e-4, 1, 1)), tmp_path / "out")
    (found,) = read_series(report.path)
    assert found.axes == ("plane", "row", "column")
    np.testing.assert_array_equal(found.array[()], PLANES)


@pytest.mark.parametrize("syntax", ["rle", "jpeg-ls", "jpeg-2000"])
def test_a_codestream_as_long_as_its_pixels_is_decoded_without_a_warning(syntax):
    """pydicom then suspects that it is none; where warnings are errors, verifying failed."""
    pytest.importorskip("imagecodecs")
    codec = open_codec(TransferSyntax(syntax))
    stored = StoredValues(Method.CAST, "|u1")
    noise = np.random.default_rng(0).integers(0, 256, 1600).astype("u1")
    frames = (np.where(np.arange(1600) < n, noise, 0).astype("u1").reshape(40, 40) for n in range(1600))
    # An empty table and the header of its item go before it, eight bytes each.
    long = [(frame, stream) for frame in frames if 1583 <= len(stream := codec.encode(frame)) <= 1584]
    assert long, "no codestream came out as long as that"
    for frame, stream in long:
        np.testing.assert_array_equal(codec.decode(stream, 40, 40, stored), frame)


@pytest.mark.parametrize("syntax", ["rle", "jpeg-ls", "jpeg-2000", "htj2k"])
@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (1, 1), (1, 5, 3), (5, 1, 3)])
def test_frames_with_free_strides_are_encoded(syntax, shape):
    """NumPy lets axes of length 1 have any stride: JPEG-LS failed with an error of its library."""
    pytest.importorskip("imagecodecs")
    codec = open_codec(TransferSyntax(syntax))
    plain = np.arange(np.prod(shape), dtype="u1").reshape(shape)
    strides = [1 if n == 1 else stride for n, stride in zip(shape, plain.strides, strict=True)]
    frame = np.lib.stride_tricks.as_strided(plain, shape, strides)
    assert frame.flags.c_contiguous
    stored = StoredValues(Method.CAST, "|u1", samples=3 if len(shape) == 3 else 1)
    np.testing.assert_array_equal(codec.decode(codec.encode(frame), *shape[:2], stored), plain)


def test_a_volume_turned_so_that_its_rows_are_single_is_written_as_jpeg_ls(tmp_path):
    pytest.importorskip("imagecodecs")
    volume = Volume(np.arange(10, dtype="u1").reshape(2, 5, 1), spacing=(1, 1, 1), axes=("plane", "column", "row"))
    report = export(volume, tmp_path / "out", ExportOptions(transfer_syntax="jpeg-ls"))
    np.testing.assert_array_equal(read_series(report.path)[0].array[()], volume.array.transpose(0, 2, 1))


@pytest.mark.parametrize("array", [np.full((40, 40), 2**31 - 1), np.arange(1600).reshape(40, 40) + 2**60])
def test_what_quantizing_took_away_is_not_held_against_the_lossy_codec(tmp_path, array):
    """The plane was compared with the layer instead of with what the codec was given: refused after writing."""
    pytest.importorskip("openjpeg")
    wide = np.stack([array.astype("i8"), np.zeros((40, 40), "i8")])
    options = ExportOptions(transfer_syntax="jpeg-2000-lossy", lossy_ratio=2)
    assert export(Volume(wide, spacing=(1, 1, 1)), tmp_path / "out", options).path.is_dir()


def test_planes_of_less_than_a_nanometer_are_even(tmp_path):
    """Below 1 mm sixteen bytes hold 13 decimals, not 14 digits: refused after writing."""
    affine = [[0, 0, -1e-6, 0], [0, 8.125e-3, 0, 0], [7e-8, 3.75e-6, 0, -9.818404213535393e-3], [0, 0, 0, 1]]
    assert export(Volume(np.zeros((7, 4, 5), "u1"), affine=affine), tmp_path / "out").path.is_dir()


def test_far_away_planes_are_refused_before_readers_find_them_uneven(tmp_path):
    """Each position was right to a hundredth of a voxel, and two gaps were further apart than readers allow."""
    turn = np.array([[0.6, 0, -0.8], [0, 1, 0], [0.8, 0, 0.6]])
    volume = Volume(np.zeros((9, 4, 5), "u1"), spacing=(0.0612345,) * 3, direction=turn, position=(1.1e11,) * 3)
    with pytest.raises(GeometryError, match="from the origin"):
        export(volume, tmp_path / "out")
