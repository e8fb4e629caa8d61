"""Axes, voxel sizes and place in the user's hands; what a file knows is never replaced without a word."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
import tifffile

from inputs.geometries import GEOMETRIES, nifti
from judges.readers import simpleitk_volume
from napari_dicom_writer import ExportError, GeometryError, NoteKind, OptionsError, Volume, load
from napari_dicom_writer.cli.main import main
from napari_dicom_writer.inputs.wishes import wishes


def texts(volume, kind: NoteKind | None = None) -> str:
    return "\n".join(str(note) for note in volume.notes if kind in (None, note.kind))


def spacing(volume) -> list[float]:
    return np.linalg.norm(volume.affine[:3, :3], axis=0).tolist()


@pytest.fixture
def movie(tmp_path):
    path = tmp_path / "movie.npy"
    np.save(path, np.arange(2 * 3 * 4 * 40 * 50, dtype=np.uint16).reshape(2, 3, 4, 40, 50))
    return path


# ------------------------------------------------------------------------------------------------------------- axes


@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        ("TCZYX", ("time", "channel", "plane", "row", "column")),
        ("tczyx", ("time", "channel", "plane", "row", "column")),
        ("CTZYX", ("channel", "time", "plane", "row", "column")),
        ("ZTCYX", ("plane", "time", "channel", "row", "column")),
        ("time,channel,plane,row,column", ("time", "channel", "plane", "row", "column")),
        (["time", "angle", "Z", "Y", "X"], ("time", "angle", "plane", "row", "column")),
    ],
)
def test_axes_are_what_the_user_says(axes, expected, movie):
    (volume,) = load(movie, axes=axes)
    assert volume.axes == expected
    assert "what its axes are" not in texts(volume)
    assert Volume(volume.array, axes=axes).axes == expected


def test_axes_reach_the_files_in_one_line_of_the_plan(movie, tmp_path, capsys):
    assert main(["export", str(movie), str(tmp_path / "out"), "--axes", "ZTCYX", "--time-step", "200ms"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "2 planes × 3 time points × 4 channels × 40 rows × 50 columns" in said
    assert len(list((tmp_path / "out").iterdir())) == 4


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ("ZYX", "has 5 axes (2 × 3 × 4 × 40 × 50), and axes names 3"),
        ("SCZYX", "S is 2 long"),
        ("TTZYX", "two axes"),
        ("TCZAB", "no rows and columns"),
    ],
)
def test_axes_that_do_not_fit_are_refused(axes, said, movie):
    with pytest.raises(OptionsError) as error:
        load(movie, axes=axes)
    assert said in str(error.value)


def test_an_axis_keeps_its_step_under_another_name(tmp_path):
    affine = GEOMETRIES["oblique"]
    source = nifti(tmp_path / "a.nii", affine)
    (volume,) = load(source.path, axes="ZYX")  # the file's order is X, Y, Z
    np.testing.assert_allclose(volume.affine, affine, atol=1e-5)
    assert "column to plane, plane to column" in texts(volume, NoteKind.ASSUMED)
    (movie,) = load(source.path, axes="TYX")
    assert movie.time_step is None
    np.testing.assert_allclose(movie.affine[:3, 1:3], affine[:3, 1:3], atol=1e-5)


def test_samples_may_be_anywhere(tmp_path):
    array = np.random.default_rng(0).integers(0, 255, (3, 40, 50), dtype=np.uint8)
    np.save(tmp_path / "a.npy", array)
    (volume,) = load(tmp_path / "a.npy", axes="SYX")
    assert volume.rgb
    np.testing.assert_array_equal(volume.read((), 0, 1)[0], np.moveaxis(array, 0, -1))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_colors_are_guessed_said_and_can_be_denied(dtype, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((4, 40, 50, 3), dtype))
    (volume,) = load(tmp_path / "a.npy")
    assert volume.rgb
    assert "taken as colors (rgb=False if it holds none)" in texts(volume)
    (volume,) = load(tmp_path / "a.npy", rgb=False)
    assert (volume.rgb, volume.shape, volume.leading_shape) == (False, (40, 50, 3), (4,))
    np.save(tmp_path / "small.npy", np.zeros((4, 20, 20, 3), dtype))
    assert not load(tmp_path / "small.npy")[0].rgb
    assert load(tmp_path / "small.npy", rgb=True)[0].rgb


# ---------------------------------------------------------------------------------------------------------- lengths


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2.5mm 650nm 650nm", [2.5, 6.5e-4, 6.5e-4]),
        ("2.5 mm 650 nm 0.65um", [2.5, 6.5e-4, 6.5e-4]),
        ("2.5,0.7,0.6", [2.5, 0.7, 0.6]),
        (["2.5mm", "650", "nm", ".65µm"], [2.5, 6.5e-4, 6.5e-4]),
        ((2.5, 0.7, 0.6), [2.5, 0.7, 0.6]),
        (np.array([2.5, 0.7, 0.6]), [2.5, 0.7, 0.6]),
        ("1e-3cm 1E1um 2.", [0.01, 0.01, 2.0]),
    ],
)
def test_spacing_has_units(given, expected, movie):
    (volume,) = load(movie, spacing=given)
    np.testing.assert_allclose(spacing(volume), expected)
    assert "how far apart" not in texts(volume)


def known(tmp_path):
    sizes = {"PhysicalSizeZ": 2.0, "PhysicalSizeY": 0.65, "PhysicalSizeX": 0.65}
    metadata = {"axes": "TZYX", "TimeIncrement": 2.0, **sizes}
    tifffile.imwrite(tmp_path / "a.ome.tif", np.zeros((2, 3, 40, 50), np.uint8), metadata=metadata)
    return tmp_path / "a.ome.tif"


def test_a_length_that_a_file_knows_is_not_relabelled(tmp_path):
    with pytest.raises(GeometryError, match="the file says 0.002 mm between planes"):
        load(known(tmp_path), spacing="2 0.65 0.65")
    (volume,) = load(known(tmp_path), spacing="0.002 0.00065 0.00065")
    assert not texts(volume, NoteKind.ASSUMED)
    (volume,) = load(known(tmp_path), spacing="3um 0.65um 650nm")
    np.testing.assert_allclose(spacing(volume), [0.003, 0.00065, 0.00065])
    assert texts(volume, NoteKind.ASSUMED) == (
        "0.003 mm between planes, as spacing has it; the file says 0.002 mm between planes"
    )


def test_a_length_without_unit_is_said_when_it_is_replaced(tmp_path):
    sizes = {f"PhysicalSize{axis}": 2.0 for axis in "XYZ"} | {f"PhysicalSize{axis}Unit": "pixel" for axis in "XYZ"}
    tifffile.imwrite(tmp_path / "a.ome.tif", np.zeros((3, 40, 50), np.uint8), metadata={"axes": "ZYX", **sizes})
    (volume,) = load(tmp_path / "a.ome.tif", spacing="3 1 1")
    assert spacing(volume) == [3, 1, 1]
    assert "without a unit" in texts(volume)


def test_time_steps(tmp_path, movie):
    with pytest.raises(GeometryError, match="the file says 2 s"):
        load(known(tmp_path), time_step=3)
    assert load(known(tmp_path), time_step="3s")[0].time_step == 3
    assert load(known(tmp_path), time_step=2)[0].time_step == 2
    assert load(movie, axes="TCZYX", time_step="250 ms")[0].time_step == 0.25
    with pytest.raises(OptionsError, match="no time axis"):
        load(movie, axes="CAZYX", time_step=1)


def test_spacing_that_does_not_fit_the_axes_is_refused(movie, tmp_path):
    with pytest.raises(OptionsError, match="3 spatial axes, and spacing has 2"):
        load(movie, spacing="1 2")
    assert spacing(load(movie, axes="TCAYX", spacing="2 3")[0])[1:] == [2, 3]


# ------------------------------------------------------------------------------------------------------------ place


DIRECTIONS = {
    "L P H": np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]]),
    "LPH": np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]]),
    "L F": np.array([[0, 0, 1], [1, 0, 0], [0, -1, 0]]),
    "P F R": np.array([[0, 0, -1], [0, 1, 0], [-1, 0, 0]]),
    "0 1 0 0 0 -1": np.array([[0, 0, -1], [0, 1, 0], [-1, 0, 0]]),
    "1 0 0 0 1 0 0 0 -1": np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]]),
}


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_direction_says_where_columns_rows_and_planes_run(direction, movie, tmp_path):
    by_axis = DIRECTIONS[direction]
    columns, rows, planes = by_axis[:, ::-1].T if "L P H" in direction or direction == "LPH" else (None,) * 3
    wished = wishes(direction=direction).direction
    if columns is not None:
        np.testing.assert_allclose(wished[:, ::-1].T, [columns, rows, planes])
    (volume,) = load(movie, direction=direction, spacing="1 1 1", origin="-1cm 2 3.5mm")
    np.testing.assert_allclose(volume.affine[:3, :3], wished)
    np.testing.assert_allclose(volume.affine[:3, 3], [-10, 2, 3.5])
    again = Volume(np.zeros((3, 4, 5)), spacing=(1, 1, 1), direction=wished)
    np.testing.assert_allclose(again.affine[:3, :3], wished)


def test_place_on_the_command_line(movie, tmp_path):
    place = ["--origin", "-12mm", "20", "-3", "--direction", "P", "F", "--spacing", "2", "1", "1", "--axes", "TCZYX"]
    assert main(["export", str(movie), str(tmp_path / "out"), *place, "--time", "series-per-point"]) == 0
    first = sorted((tmp_path / "out").iterdir())[0]
    affine = simpleitk_volume(first).affine
    # Columns toward P, rows toward F, and so planes toward R.
    np.testing.assert_allclose(affine[:3, :3], [[-2, 0, 0], [0, 0, 1], [0, -1, 0]])
    np.testing.assert_allclose(affine[:3, 3], [-12, 20, -3])


def test_a_known_place_is_replaced_with_a_word(tmp_path):
    source = nifti(tmp_path / "a.nii", GEOMETRIES["RAS"])
    (volume,) = load(source.path, origin="1 2 3", direction="L P H")
    said = texts(volume, NoteKind.ASSUMED)
    assert "Another origin than the file says" in said
    assert "Other directions than the file says" in said
    np.testing.assert_allclose(volume.affine[:3, 3], [1, 2, 3])


def test_world_axes_are_for_files_that_do_not_know_theirs(tmp_path, movie):
    from napari_dicom_writer import ExportOptions

    source = nifti(tmp_path / "a.nii", GEOMETRIES["RAS"])
    (plain,) = load(source.path)
    (told,) = load(source.path, options=ExportOptions(world="RAS"))
    np.testing.assert_array_equal(told.affine, plain.affine)
    assert "do not apply" in texts(told)
    (volume,) = load(movie, options=ExportOptions(world="RAS"))
    np.testing.assert_array_equal(np.diag(volume.affine[:3, 2::-1]), [-1, -1, 1])


def test_all_that_is_wrong_is_told_at_once(movie):
    with pytest.raises(OptionsError) as error:
        load(movie, axes="QQ", spacing="1kg", time_step=-1, origin="1", direction="up")
    assert len(error.value.refusals) == 5


# -------------------------------------------------------------------------------------------------- many, and paths


def test_files_are_given_to_export_by_their_paths(tmp_path, movie):
    from napari_dicom_writer import export

    source = nifti(tmp_path / "a.nii", GEOMETRIES["sagittal"])
    report = export([source.path, str(movie)], tmp_path / "out")
    assert {series.layer for series in report.plan.series} == {"a", "movie"}
    with pytest.raises(ExportError, match="no such file"):
        export(tmp_path / "none.nii", tmp_path / "x")


def test_verify_reads_by_the_same_rules(tmp_path, movie):
    said = ["--axes", "TCZYX", "--spacing", "2um", "1um", "1um", "--time-step", "1s", "--origin", "1", "-2mm", "3"]
    assert main(["export", str(movie), str(tmp_path / "out"), *said]) == 0
    assert main(["verify", str(tmp_path / "out"), "--against", str(movie), *said, "--no-dciodvfy"]) == 0
    assert main(["verify", str(tmp_path / "out"), "--against", str(movie), "--no-dciodvfy"]) == 1


def test_nibabel_reads_what_was_written_for_it(tmp_path):
    """The fixtures are what they say: nibabel and SimpleITK agree on them."""
    source = nifti(tmp_path / "a.nii", GEOMETRIES["oblique"])
    assert nibabel.load(source.path).header["sform_code"] == 1
