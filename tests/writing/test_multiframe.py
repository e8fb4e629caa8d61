"""Multi-frame objects: every voxel and every place, by readers that share no code with the writer; faults are found."""

from __future__ import annotations

from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dask import array as da
from pydicom.encaps import generate_frames
from pydicom.pixels import pixel_array

from judges.readers import dciodvfy, dicom_validator
from judges.tables import of
from judges.volumes import affine_of, rotation
from napari_dicom_writer import ExportError, ExportOptions, TransferSyntax, VerificationError, Volume, export
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.writing import encode, multiframe

RNG = np.random.default_rng(4)
SHAPE = (5, 12, 15)
# Planes rise along the normal of rows and columns.
AFFINE = affine_of((rotation(np.random.default_rng(2)) @ np.diag([0.9, 0.7, 2.5]))[:, ::-1], (3, -4, 5))
ARRAYS = {
    "bool": RNG.random(SHAPE) < 0.5,
    "u1": RNG.integers(0, 255, SHAPE).astype("u1"),
    "i1": RNG.integers(-100, 100, SHAPE).astype("i1"),
    "u2": RNG.integers(0, 60000, SHAPE).astype("u2"),
    "i2": RNG.integers(-1000, 3000, SHAPE).astype("i2"),
    "i4": RNG.integers(-(10**4), 10**4, SHAPE).astype("i4"),
    "f2": RNG.normal(size=SHAPE).astype("f2"),
    "f4": RNG.normal(size=SHAPE).astype("f4"),
    "f8": RNG.normal(size=SHAPE),
    "rgb": RNG.integers(0, 255, (*SHAPE, 3)).astype("u1"),
}
ENHANCED = ["enhanced-ct", "enhanced-mr"]
OBJECTS = [key for key, iod in IODS.items() if iod.multiframe and "image" in IODS.row(key).layers]


def write(array, path, key, affine=AFFINE, **given):
    volume = Volume(array, affine=affine, rgb=array.shape[-1] == 3, name="a map", **given)
    return export(volume, path / "x", ExportOptions(**of(key)))


def placed(path):
    """Values and affine, (plane, row, column) → LPS mm, from the test's own arithmetic on what pydicom reads."""
    dataset = pydicom.dcmread(path)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    measures = shared.PixelMeasuresSequence[0]
    orientation = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    places = np.array(
        [g.PlanePositionSequence[0].ImagePositionPatient for g in dataset.PerFrameFunctionalGroupsSequence], float
    )
    affine = np.eye(4)
    affine[:3, 0] = (places[-1] - places[0]) / max(1, len(places) - 1)
    affine[:3, 1] = orientation[3:] * float(measures.PixelSpacing[0])
    affine[:3, 2] = orientation[:3] * float(measures.PixelSpacing[1])
    affine[:3, 3] = places[0]
    steps = np.diff(places, axis=0)
    np.testing.assert_allclose(steps, np.broadcast_to(affine[:3, 0], steps.shape), atol=1e-6)
    assert np.dot(np.cross(orientation[:3], orientation[3:]), affine[:3, 0]) > 0, "frames rise along the normal"
    if "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset:
        kind, raw = (
            ("<f4", dataset.FloatPixelData) if "FloatPixelData" in dataset else ("<f8", dataset[0x7FE00009].value)
        )
        values = np.frombuffer(raw, kind).reshape(-1, dataset.Rows, dataset.Columns)
    else:
        values = dataset.pixel_array
        if dataset.SamplesPerPixel == 1:
            lut = shared.get("PixelValueTransformationSequence", [dataset])[0]
            values = values * float(lut.RescaleSlope) + float(lut.RescaleIntercept)
    return values, affine


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize("key", OBJECTS)
def test_every_voxel_in_its_place(tmp_path, key, kind):
    array = ARRAYS[kind]
    if kind == "rgb" and not IODS[key].rules.color:
        with pytest.raises(ExportError, match="colors"):
            write(array, tmp_path, key)
        return
    report = write(array, tmp_path, key)
    values, affine = placed(report.path)
    np.testing.assert_allclose(values, array, rtol=0, atol=report.plan.series[0].stored.largest_error)
    np.testing.assert_allclose(affine, AFFINE, atol=1e-5)


@pytest.mark.parametrize("key", OBJECTS)
@pytest.mark.parametrize("kind", ["u1", "i2", "f4", "f8", "rgb"])
def test_validators_have_nothing_to_say(tmp_path, key, kind):
    if kind == "rgb" and not IODS[key].rules.color:
        return
    report = write(ARRAYS[kind], tmp_path, key)
    assert dciodvfy([report.path]) == ([], [])
    assert dicom_validator([report.path]) == []


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("key", [key for key in OBJECTS if not IODS[key].rules.floats])
def test_simpleitk_and_highdicom_place_them(tmp_path, key, flip):
    array, affine = ARRAYS["i2"], AFFINE.copy()
    if flip:  # left-handed: frames are written in reversed order
        affine[:3, 0] *= -1
    report = write(array, tmp_path, key, affine=affine)
    image = sitk.ReadImage(str(report.path))
    values = sitk.GetArrayFromImage(image)
    for index in [(0, 0, 0), (4, 11, 14), (2, 3, 9)]:
        place = affine @ (*index, 1)
        found = image.TransformPhysicalPointToIndex(place[:3].tolist())
        assert values[tuple(found[::-1])] == array[index]
    volume = highdicom.imread(report.path).get_volume()
    for index in [(0, 0, 0), (4, 11, 14), (2, 3, 9)]:
        found = np.rint(volume.map_reference_to_indices((affine @ (*index, 1))[None, :3]))[0].astype(int)
        assert volume.array[tuple(found)] == array[index]


def test_a_parametric_map_keeps_what_is_not_finite(tmp_path):
    array = ARRAYS["f4"].copy()
    array[1, 2, 3:6] = (np.nan, np.inf, -np.inf)
    report = write(array, tmp_path, "parametric-map")
    np.testing.assert_array_equal(placed(report.path)[0], array)
    assert any("not finite" in note.text for note in report.plan.notes)


@pytest.mark.parametrize(("value", "bits"), [(2**24, 32), (2**24 + 1, 64), (-(2**53), 64)])
def test_wide_integers_are_exact_in_a_parametric_map(tmp_path, value, bits):
    array = np.zeros(SHAPE, np.int64)
    array[1, 2, 3] = value
    report = write(array, tmp_path, "parametric-map")
    assert report.plan.series[0].stored.bits == bits
    assert placed(report.path)[0][1, 2, 3] == value


def test_integers_that_no_float_holds_are_refused(tmp_path):
    with pytest.raises(ExportError, match="9,007,199,254,740,993"):
        write(np.full(SHAPE, 2**53 + 1), tmp_path, "parametric-map")


@pytest.mark.parametrize("key", [key for key in OBJECTS if key not in ENHANCED])
def test_time_points_are_an_instance_each(tmp_path, key):
    array = RNG.normal(size=(3, *SHAPE)).astype("f4")
    report = write(array, tmp_path, key, axes=("time", "plane", "row", "column"), time_step=2.0)
    files = sorted(report.path.glob("*.dcm"))
    assert len(files) == 3
    for time, file in enumerate(files):
        error = report.plan.series[0].stored.largest_error
        np.testing.assert_allclose(placed(file)[0], array[time], rtol=0, atol=error)
    assert dciodvfy(files) == ([], [])


def test_a_movie_is_one_file_with_its_frame_time(tmp_path):
    array = RNG.integers(0, 255, (9, 12, 15)).astype("u1")
    volume = Volume(array, spacing=(0.5, 0.5), axes=("time", "row", "column"), time_step=0.04)
    report = export(volume, tmp_path / "x", ExportOptions(object="multi-frame"))
    dataset = pydicom.dcmread(report.path)
    assert float(dataset.FrameTime) == 40
    np.testing.assert_array_equal(dataset.pixel_array, array)
    assert dciodvfy([report.path]) == ([], [])
    unknown = Volume(array, spacing=(0.5, 0.5), axes=("time", "row", "column"))
    with pytest.raises(ExportError, match="time between the frames"):
        export(unknown, tmp_path / "y", ExportOptions(object="multi-frame"))


@pytest.mark.parametrize("workers", [1, 3])
def test_lazy_layers_are_written_by_threads(tmp_path, workers):
    array = RNG.normal(size=(20, 64, 64)).astype("f4")
    lazy = Volume(da.from_array(array, chunks=(4, 32, 32)), affine=AFFINE)
    options = ExportOptions(object="parametric-map", workers=workers)
    np.testing.assert_array_equal(placed(export(lazy, tmp_path / "x", options).path)[0], array)


def test_a_changed_frame_is_found(tmp_path, monkeypatch):
    write_frame = multiframe.NativeFile.write_frame

    def wrong(self, at, frame):
        if at == 3:
            frame = frame.copy()
            frame[2, 2] += 1
        return write_frame(self, at, frame)

    monkeypatch.setattr(multiframe.NativeFile, "write_frame", wrong)
    with pytest.raises(VerificationError, match="frame 4"):
        write(ARRAYS["f4"], tmp_path, "parametric-map")
    assert list(tmp_path.iterdir()) == []


LOSSLESS = [s for s in TransferSyntax if s.lossless and s.encapsulated]


@pytest.mark.parametrize("flip", [False, True], ids=["in order", "in reverse"])
@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize("kind", ["u1", "i2", "rgb"])
def test_compressed_frames_are_fragments_in_order(tmp_path, monkeypatch, kind, syntax, extended, flip):
    for module in (multiframe, encode):
        monkeypatch.setattr(module, "needs_extended", lambda size: extended)
    array = np.kron(ARRAYS[kind], np.ones((1, 4, 4, *[1] * (ARRAYS[kind].ndim - 3)), ARRAYS[kind].dtype))
    affine = AFFINE.copy()
    affine[:3, 0] *= -1 if flip else 1
    volume = Volume(array, affine=affine, rgb=kind == "rgb", window=(0, 99))
    options = ExportOptions(object="multi-frame", transfer_syntax=syntax, workers=3)
    report = export(volume, tmp_path / "x", options)
    dataset = pydicom.dcmread(report.path)
    assert ("ExtendedOffsetTable" in dataset) is extended
    planes = array[::-1] if flip else array
    intercept = 0 if kind == "rgb" else float(dataset.RescaleIntercept)
    for frame, plane in enumerate(planes):  # by the table
        np.testing.assert_array_equal(pixel_array(report.path, index=frame) + intercept, plane)
    assert dciodvfy([report.path]) == ([], [])
    assert report.bytes == report.path.stat().st_size
    assert [p.name for p in tmp_path.iterdir()] == ["x.dcm"]


@pytest.mark.parametrize("syntax", [s for s in TransferSyntax if not s.lossless])
def test_lossy_frames_say_how_much_smaller_they_are(tmp_path, syntax):
    array = np.kron(ARRAYS["u1"], np.ones((1, 4, 4), "u1"))
    volume = Volume(array, affine=AFFINE, window=(0, 99))
    report = export(volume, tmp_path / "x", ExportOptions(object="multi-frame", transfer_syntax=syntax))
    dataset = pydicom.dcmread(report.path)
    codestreams = sum(map(len, generate_frames(dataset.PixelData, number_of_frames=len(array))))
    assert float(dataset.LossyImageCompressionRatio) == pytest.approx(array.nbytes / codestreams, rel=1e-4)
    assert dataset.LossyImageCompression == "01"
    assert dciodvfy([report.path]) == ([], [])


def test_a_damaged_fragment_is_found(tmp_path, monkeypatch):
    finish = multiframe.FragmentFile.finish

    def wrong(self):
        size = finish(self)
        content = bytearray(Path(self.path).read_bytes())
        content[-40] ^= 1
        Path(self.path).write_bytes(content)
        return size

    monkeypatch.setattr(multiframe.FragmentFile, "finish", wrong)
    options = ExportOptions(object="multi-frame", transfer_syntax="rle")
    with pytest.raises(VerificationError, match="fragment of frame 5"):
        export(Volume(ARRAYS["u2"], affine=AFFINE), tmp_path / "x", options)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_written_is_refused(tmp_path):
    volume = Volume(ARRAYS["u1"], affine=AFFINE)
    with pytest.raises(ExportError, match="is not written as"):
        export(volume, tmp_path / "x", ExportOptions(object="parametric-map", transfer_syntax="rle"))
    huge = Volume(np.broadcast_to(np.uint8(0), (4097, 1024, 1024)), spacing=(1, 1, 1), window=(0, 1))
    for key in OBJECTS:
        with pytest.raises(ExportError, match="one file holds 4"):
            export(huge, tmp_path / "x", ExportOptions(**of(key)))
