"""What formats hold besides places: axes, time, colors, scaling of values, units, and what they leave open."""

from __future__ import annotations

import json
import warnings

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image as Pillow

from inputs.geometries import by_itk, values
from napari_dicom_writer import ExportError, LayerError, NoteKind, export, load
from napari_dicom_writer.inputs.formats import FORMATS, format_of


def texts(volume, kind: NoteKind | None = None) -> str:
    return "\n".join(str(note) for note in volume.notes if kind in (None, note.kind))


# -------------------------------------------------------------------------------------------------------- the table


def test_every_row_names_its_module_and_no_suffix_twice():
    suffixes = [suffix for row in FORMATS for suffix in row.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    assert len({row.module for row in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize("row", [row for row in FORMATS if row.suffixes], ids=lambda row: row.name)
def test_damaged_files_are_refused_by_name(row, tmp_path):
    path = tmp_path / f"broken{row.suffixes[0]}"
    path.write_bytes(b"\x93NUMPY damaged")
    with pytest.raises(ExportError) as error:
        load(path)
    assert "broken" in str(error.value)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("row", [row for row in FORMATS if row.library], ids=lambda row: row.name)
def test_a_missing_library_is_named_with_its_extra(row, tmp_path, monkeypatch):
    modules = {"pynrrd": "nrrd", "pillow": "PIL"}
    monkeypatch.setitem(__import__("sys").modules, modules.get(row.library, row.library), None)
    path = tmp_path / f"scan{(row.suffixes or ('.zarr',))[0]}"
    if row.suffixes:
        path.touch()
    else:
        path.mkdir()
        (path / ".zgroup").touch()
    with pytest.raises(ExportError, match=r"napari-dicom-writer\[inputs\]"):
        load(path)


def test_dicom_is_told_by_its_content(tmp_path):
    (tmp_path / "IM0001.img").write_bytes(bytes(128) + b"DICM")
    assert format_of(tmp_path / "IM0001.img").name == "DICOM"


# ------------------------------------------------------------------------------------------------------------ NIfTI


def nifti(path, array, **header):
    image = nibabel.Nifti1Image(array, np.diag([-1.0, -1, 2, 1]))
    image.header.set_xyzt_units(*header.pop("units", ("mm", "sec")))
    for key, value in header.items():
        image.header[key] = value
    nibabel.save(image, path)
    return load(path)[0]


@pytest.mark.parametrize(("unit", "step"), [("sec", 2.0), ("msec", 0.002), ("usec", 2e-6), ("unknown", None)])
def test_nifti_time_has_its_step_and_unit(unit, step, tmp_path):
    array = np.zeros((5, 4, 3, 6), np.int16)
    volume = nifti(tmp_path / "a.nii", array, units=("mm", unit), pixdim=[1, 1, 1, 2, 2, 1, 1, 1])
    assert volume.axes == ("column", "row", "plane", "time")
    assert volume.time_step == step


def test_nifti_frequencies_are_no_time(tmp_path):
    volume = nifti(tmp_path / "a.nii", np.zeros((5, 4, 3, 6), np.int16), units=("mm", "hz"))
    assert volume.axes[3] == "frequency (hz)"


def test_nifti_vectors_are_components(tmp_path):
    volume = nifti(tmp_path / "a.nii", np.zeros((5, 4, 3, 1, 3), np.float32), intent_code=1007)
    assert (volume.axes[3:], volume.rgb) == (("time", "component"), False)


@pytest.mark.parametrize(("fields", "samples"), [("RGB", 3), ("RGBA", 4)])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_nifti_colors(fields, samples, suffix, tmp_path):
    colors = np.random.default_rng(0).integers(0, 255, (5, 4, 3, samples), dtype=np.uint8)
    records = np.ascontiguousarray(colors).view([(name, "u1") for name in fields]).reshape(5, 4, 3)
    volume = nifti(tmp_path / f"a{suffix}", records)
    assert (volume.rgb, volume.shape) == (True, (3, 4, 5))
    np.testing.assert_array_equal(volume.read((), 0, 3), colors.transpose(2, 1, 0, 3))


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize(("slope", "intercept"), [(0.5, -10.0), (2.0, 3.0), (1.0, -1024.0)])
def test_nifti_values_are_scaled(slope, intercept, suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    image = nibabel.Nifti1Image(values(), np.eye(4))
    image.header.set_slope_inter(slope, intercept)
    nibabel.save(image, path)
    image = nibabel.load(path)
    assert (image.dataobj.slope, image.dataobj.inter) == (slope, intercept)
    (volume,) = load(path)
    expected = np.asarray(image.dataobj).transpose()
    assert volume.dtype == np.float64
    np.testing.assert_array_equal(volume.read((), 0, 3), expected)


def test_nifti_is_read_lazily(tmp_path):
    nifti(tmp_path / "a.nii", values())
    assert isinstance(load(tmp_path / "a.nii")[0].array, np.memmap)
    packed = nifti(tmp_path / "a.nii.gz", values()).array
    (tmp_path / "a.nii.gz").unlink()
    with pytest.raises(ExportError, match="could not be read"):  # only now is it opened
        packed[0]


def test_nifti_window_is_the_calibrated_range(tmp_path):
    assert nifti(tmp_path / "a.nii", values(), cal_min=5, cal_max=50).window == (5.0, 50.0)


def test_nifti_surfaces_are_refused(tmp_path):
    nibabel.save(nibabel.gifti.GiftiImage(), tmp_path / "a.gii")
    (tmp_path / "a.gii").rename(tmp_path / "a.nii")
    with pytest.raises(ExportError):
        load(tmp_path / "a.nii")


# ---------------------------------------------------------------------------------------------------- ITK's formats


@pytest.mark.parametrize(("unit", "factor"), [("um", 1e-3), ("mm", 1.0), ("cm", 10.0)])
def test_metaimage_has_units_that_itk_drops(unit, factor, tmp_path):
    image = sitk.GetImageFromArray(values())
    image.SetSpacing((0.5, 1, 2))
    image.SetOrigin((4, 5, 6))
    sitk.WriteImage(image, str(tmp_path / "a.mha"))
    data = (tmp_path / "a.mha").read_bytes()
    (tmp_path / "a.mha").write_bytes(
        data.replace(b"ElementSpacing", f"DistanceUnits = {unit}\nElementSpacing".encode())
    )
    (volume,) = load(tmp_path / "a.mha")
    np.testing.assert_allclose(np.linalg.norm(volume.affine[:3, :3], axis=0), np.array([2, 1, 0.5]) * factor)
    np.testing.assert_allclose(volume.affine[:3, 3], np.array([4, 5, 6]) * factor)


def test_metaimage_in_four_dimensions_and_two(tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((5, 3, 40, 50), np.int16), isVector=False), str(tmp_path / "a.mha"))
    (volume,) = load(tmp_path / "a.mha")
    assert (volume.axes, volume.shape) == (("", "plane", "row", "column"), (3, 40, 50))
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((40, 50), np.int16)), str(tmp_path / "b.mha"))
    (volume,) = load(tmp_path / "b.mha")
    assert "taken as axial" in texts(volume)


@pytest.mark.parametrize(("dtype", "rgb"), [("uint8", True), ("float32", False)])
def test_metaimage_components(dtype, rgb, tmp_path):
    array = np.arange(2 * 4 * 5 * 3).reshape(2, 4, 5, 3).astype(dtype)
    sitk.WriteImage(sitk.GetImageFromArray(array, isVector=True), str(tmp_path / "a.mha"))
    (volume,) = load(tmp_path / "a.mha")
    assert volume.rgb == rgb
    assert ("taken as colors" in texts(volume)) == rgb
    np.testing.assert_array_equal(np.asarray(volume.array[0:2]), array)


DIRECTIONS = [[0.5, 0, 0], [0, 0.8, 0.6], [0, -1.2, 1.6]]
SPACES = ["left-posterior-superior", "right-anterior-superior", "LAS", "left-posterior-superior-time"]


@pytest.mark.parametrize("space", SPACES)
def test_nrrd_spaces_lie_as_itk_says(space, tmp_path):
    directions, origin = np.array(DIRECTIONS), np.array([1.0, 2, 3])
    if space.endswith("time"):  # ITK reads no more than three dimensions of it
        header = {"space": "left-posterior-superior"}
        directions4 = np.vstack([np.hstack([directions, np.zeros((3, 1))]), [0, 0, 0, 1.5]])
        timed = {"space": space, "space directions": directions4, "space origin": [*origin, 0], "kinds": 4 * ["domain"]}
        timed["kinds"][3] = "time"
        nrrd.write(str(tmp_path / "t.nrrd"), np.stack([values()] * 2, axis=-1), timed)
    else:
        header = {"space": space}
    nrrd.write(
        str(tmp_path / "a.nrrd"),
        values(),
        {**header, "space directions": directions, "space origin": origin, "kinds": 3 * ["domain"]},
    )
    source = by_itk(tmp_path / "a.nrrd")
    (volume,) = load(tmp_path / ("t.nrrd" if space.endswith("time") else "a.nrrd"))
    index = np.indices(values().shape).reshape(3, -1).T
    places = index[:, ::-1] @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    np.testing.assert_allclose(places, source.places, atol=1e-9)
    assert volume.axes[:3] == ("column", "row", "plane")
    assert (volume.axes[3:] == ("time",)) == space.endswith("time")


def nrrd_file(path, array, **header):
    given = {"space": "left-posterior-superior", "space directions": np.diag([0.5, 1, 2]), "space origin": [1, 2, 3]}
    nrrd.write(str(path), array, {**given, **{key.replace("_", " "): value for key, value in header.items()}})
    return load(path)


@pytest.mark.parametrize(("unit", "factor"), [("um", 1e-3), ("mm", 1.0), ("m", 1000.0)])
def test_nrrd_has_units_that_itk_drops(unit, factor, tmp_path):
    (volume,) = nrrd_file(tmp_path / "a.nrrd", values(), space_units=[unit] * 3)
    np.testing.assert_allclose(np.diag(volume.affine[:3, 2::-1]), np.array([0.5, 1, 2]) * factor)
    np.testing.assert_allclose(volume.affine[:3, 3], np.array([1, 2, 3]) * factor)


@pytest.mark.parametrize(("kind", "axis"), [("list", "list"), ("time", "time"), ("vector", "component")])
@pytest.mark.parametrize("first", [True, False])
def test_nrrd_axes_that_are_not_in_space(kind, axis, first, tmp_path):
    array = np.stack([values()] * 4, axis=0 if first else -1)
    none, kinds = np.full((1, 3), np.nan), ["domain"] * 3
    steps = np.diag([0.5, 1.0, 2.0])
    steps = np.vstack([none, steps] if first else [steps, none])
    kinds = [kind, *kinds] if first else [*kinds, kind]
    (volume,) = nrrd_file(tmp_path / "a.nrrd", array, space_directions=steps, kinds=kinds)
    assert volume.axes == ((axis, "column", "row", "plane") if first else ("column", "row", "plane", axis))
    assert volume.leading_shape == (4,)
    np.testing.assert_allclose(np.diag(volume.affine[:3, 2::-1]), [0.5, 1, 2])


def test_nrrd_colors(tmp_path):
    array = np.random.default_rng(0).integers(0, 255, (3, 5, 4, 2), dtype=np.uint8)
    steps = np.vstack([np.full((1, 3), np.nan), np.diag([0.5, 1, 2])])
    (volume,) = nrrd_file(tmp_path / "a.nrrd", array, space_directions=steps, kinds=["RGB-color", *["domain"] * 3])
    assert volume.rgb
    np.testing.assert_array_equal(volume.read((), 0, 2), array.transpose(3, 2, 1, 0))


def test_nrrd_in_another_space_is_an_assumption_or_refused(tmp_path):
    (volume,) = nrrd_file(tmp_path / "a.nrrd", values(), space="scanner-xyz")
    assert "taken as LPS" in texts(volume, NoteKind.ASSUMED)
    with pytest.raises(ExportError, match="right-handed"):
        nrrd_file(tmp_path / "b.nrrd", values(), space="3D-left-handed")


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2", "ascii"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64", ">i2", ">f4"])
def test_nrrd_values(dtype, encoding, tmp_path):
    nrrd.write(str(tmp_path / "a.nrrd"), values(dtype), {"encoding": encoding, "spacings": [0.5, 1, 2]})
    (volume,) = load(tmp_path / "a.nrrd")
    assert volume.read((), 0, 3).dtype == volume.dtype
    np.testing.assert_array_equal(volume.read((), 0, 3), values(dtype).transpose())
    np.testing.assert_allclose(np.diag(volume.affine[:3, 2::-1]), [0.5, 1, 2])


# ------------------------------------------------------------------------------------------------ NumPy and pictures


def test_an_archive_holds_an_image_an_array(tmp_path):
    np.savez(tmp_path / "a.npz", first=np.zeros((3, 40, 50)), second=np.ones((2, 40, 50), np.uint8), third=np.zeros(4))
    volumes = load(tmp_path / "a.npz")
    assert [(v.name, v.shape, v.dtype.name) for v in volumes] == [
        ("a first", (3, 40, 50), "float64"),
        ("a second", (2, 40, 50), "uint8"),
    ]
    assert volumes[1].read((), 0, 2).all()


def test_pickles_are_not_opened(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[{}]], object), allow_pickle=True)
    with pytest.raises(ExportError, match="could not be read as NumPy"):
        load(tmp_path / "a.npy")


PICTURES = {
    "L": np.arange(12, dtype=np.uint8).reshape(3, 4),
    "RGB": np.arange(36, dtype=np.uint8).reshape(3, 4, 3),
    "RGBA": np.arange(48, dtype=np.uint8).reshape(3, 4, 4),
    "I;16": np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000,
    "1": np.eye(3, 4, dtype=bool),
}


@pytest.mark.parametrize("mode", PICTURES)
def test_pictures_keep_their_values(mode, tmp_path):
    array = PICTURES[mode]
    Pillow.fromarray(array).save(tmp_path / "a.png")
    (volume,) = load(tmp_path / "a.png")
    assert (volume.dtype, volume.rgb, volume.lossy) == (array.dtype, array.ndim == 3, ())
    np.testing.assert_array_equal(volume.read((), 0, 1)[0], array)
    assert "how far apart" in texts(volume, NoteKind.ASSUMED)


def test_gray_stays_gray_without_its_transparency(tmp_path):
    Pillow.fromarray(np.dstack([PICTURES["L"], PICTURES["L"]]), "LA").save(tmp_path / "a.png")
    (volume,) = load(tmp_path / "a.png")
    assert "transparency" in texts(volume, NoteKind.LOST)
    np.testing.assert_array_equal(volume.read((), 0, 1)[0], PICTURES["L"])


def test_of_a_moving_picture_the_first_is_read_and_it_is_said(tmp_path):
    first, second = (Pillow.fromarray(PICTURES["RGB"] + number) for number in (0, 9))
    first.save(tmp_path / "a.png", save_all=True, append_images=[second])
    (volume,) = load(tmp_path / "a.png")
    assert "first of 2 pictures" in texts(volume, NoteKind.LOST)
    np.testing.assert_array_equal(volume.read((), 0, 1)[0], PICTURES["RGB"])


def test_a_jpeg_has_lost_something_for_ever(tmp_path):
    array = np.random.default_rng(0).integers(0, 255, (64, 80, 3), dtype=np.uint8)
    Pillow.fromarray(array).save(tmp_path / "a.jpg", quality=50)
    (volume,) = load(tmp_path / "a.jpg")
    ((method, ratio),) = volume.lossy
    assert method == "ISO_10918_1"
    assert ratio == pytest.approx(array.nbytes / (tmp_path / "a.jpg").stat().st_size)
    assert "compressed with loss" in texts(volume, NoteKind.LOST)


def test_a_picture_is_turned_upright_as_it_says(tmp_path):
    picture = Pillow.fromarray(PICTURES["RGB"])
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "a.png", exif=exif)
    (volume,) = load(tmp_path / "a.png")
    assert volume.shape == (1, 4, 3)
    np.testing.assert_array_equal(volume.read((), 0, 1)[0], np.rot90(PICTURES["RGB"], -1))


def test_sixteen_bit_colors_of_a_png_are_said_to_be_halved(tmp_path):
    imagecodecs = pytest.importorskip("imagecodecs")
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(PICTURES["RGB"].astype(np.uint16) * 257))
    (volume,) = load(tmp_path / "a.png")
    assert volume.dtype == np.uint8
    assert "16 bits a sample" in texts(volume, NoteKind.LOST)


# ------------------------------------------------------------------------------------------------------------ DICOM


def test_a_file_stands_for_its_own_series_only(tmp_path):
    folder = tmp_path / "both"
    folder.mkdir()
    for number, name in enumerate(("ct", "mr")):
        np.save(tmp_path / f"{name}.npy", np.full((3, 32, 32), number, np.int16))
        written = export(tmp_path / f"{name}.npy", tmp_path / name).path
        for file in written.glob("*.dcm"):
            file.rename(folder / f"{name}-{file.name}")
    (volume,) = load(folder / "mr-00002.dcm")
    assert (volume.name, volume.shape) == ("mr", (3, 32, 32))
    assert (volume.read((), 0, 3) == 1).all()
    assert {v.name for v in load(folder)} == {"ct", "mr"}


def test_verify_against_dicom_compares_with_that_series(tmp_path, capsys):
    from napari_dicom_writer.cli.main import main

    folder = tmp_path / "both"
    folder.mkdir()
    for number, name in enumerate(("ct", "mr")):
        np.save(tmp_path / f"{name}.npy", np.full((3, 32, 32), number + 1, np.int16))
        export(tmp_path / f"{name}.npy", tmp_path / name)
        for file in (tmp_path / name).glob("*.dcm"):
            (folder / f"{name}-{file.name}").write_bytes(file.read_bytes())
    assert main(["export", str(folder / "mr-00001.dcm"), str(tmp_path / "out")]) == 0
    assert main(["verify", str(tmp_path / "out"), "--against", str(folder / "mr-00001.dcm"), "--no-dciodvfy"]) == 0
    assert main(["verify", str(tmp_path / "out"), "--against", str(folder / "ct-00001.dcm"), "--no-dciodvfy"]) == 1


def test_no_format_warns(tmp_path):
    """Warnings are errors in these tests; what is left is that reading says nothing on its own."""
    nrrd_file(tmp_path / "a.nrrd", values())
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        load(tmp_path / "a.nrrd")
    assert not said


def test_a_file_without_pictures_is_refused(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / ".zgroup").write_text(json.dumps({"zarr_format": 2}))
    with pytest.raises(LayerError, match="no OME-Zarr image"):
        load(tmp_path / "a.zarr")


def test_all_files_of_a_series_are_one_image(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((4, 32, 32), np.int16))
    folder = export(tmp_path / "a.npy", tmp_path / "out").path
    assert len(load(sorted(folder.glob("*.dcm")))) == 1


def test_header_and_image_of_a_pair_are_one_image(tmp_path):
    nibabel.save(nibabel.Nifti1Pair(values(), np.eye(4)), tmp_path / "a.img")
    assert len(load(sorted(tmp_path.glob("a.*")))) == 1


def test_a_file_in_the_patient_without_an_origin_says_so(tmp_path):
    header = {"space": "left-posterior-superior", "space directions": np.eye(3)}
    nrrd.write(str(tmp_path / "a.nrrd"), values(), header)
    assert "does not say where it lies" in texts(load(tmp_path / "a.nrrd")[0], NoteKind.ASSUMED)
