"""A layer whose transforms contradict its file is asked about; the place of every voxel is nibabel's own."""

from __future__ import annotations

import itertools

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
import tifffile
from napari.layers import Image
from napari.layers._source import layer_source
from napari_nifti._reader import reader_function as napari_nifti_reader

from judges.readers import simpleitk_volume
from judges.volumes import rotation
from napari_dicom_writer import ExportOptions, GeometryError, NoteKind, export, plan_export
from napari_dicom_writer.layers.inputs import as_volume
from napari_dicom_writer.model.geometry import compose_affine

SHAPE = (7, 6, 5)  # i, j, k
VALUES = np.random.default_rng(5).integers(-500, 500, SHAPE).astype(np.int16)
OBLIQUE = rotation(np.random.default_rng(2)) @ np.diag([0.8, 0.9, 2.5])
STEPS = {
    "RAS": np.diag([0.8, 0.9, 2.5]),
    "LAS": np.diag([-0.8, 0.9, 2.5]),
    "LPS": np.diag([-0.8, -0.9, 2.5]),
    "PIR": np.array([[0, 0, 2.5], [-0.8, 0, 0], [0, -0.9, 0]]),
    "oblique": OBLIQUE,
}
SOURCE, LAYER = ExportOptions(geometry="source"), ExportOptions(geometry="layer")


def nifti(tmp_path, steps):
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = steps, (-31, 17, 44)
    image = nibabel.Nifti1Image(VALUES, affine)
    image.header.set_xyzt_units("mm", "sec")
    nibabel.save(image, tmp_path / "scan.nii")
    return tmp_path / "scan.nii", nibabel.load(tmp_path / "scan.nii").affine


def ras(volume):
    """Value at each place, by the volume: RAS in 0.01 mm → value."""
    index = np.indices(volume.shape).reshape(3, -1)
    lps = volume.affine[:3, :3] @ index + volume.affine[:3, 3:]
    places = np.rint(np.diag([-100, -100, 100]) @ lps).astype(int).T
    values = volume.read((0,) * len(volume.leading_shape), 0, volume.shape[0]).ravel()
    return {tuple(place): value for place, value in zip(places.tolist(), values.tolist(), strict=True)}


def truth(affine):
    index = np.indices(SHAPE).reshape(3, -1)
    places = np.rint(100 * (affine[:3, :3] @ index + affine[:3, 3:])).astype(int).T
    return {tuple(place): value for place, value in zip(places.tolist(), VALUES.ravel().tolist(), strict=True)}


def turned(turn):
    """The array as some reader hands it out: axes in any order, some backwards."""
    axes, flips = turn
    return VALUES.transpose(axes)[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]


def as_read(affine, turn):
    """The affine of a turned array, in napari's world: LPS reversed."""
    axes, flips = turn
    matrix = np.eye(4)
    matrix[:3, :3] = 0
    for axis, (along, flip) in enumerate(zip(axes, flips, strict=True)):
        matrix[along, axis], matrix[along, 3] = -1 if flip else 1, SHAPE[along] - 1 if flip else 0
    lps = np.diag([-1, -1, 1, 1]) @ affine @ matrix
    return np.eye(4)[[2, 1, 0, 3]] @ lps


TURNS = [
    ((2, 1, 0), (False,) * 3),
    ((0, 1, 2), (False,) * 3),
    ((2, 1, 0), (True, False, True)),
    ((1, 2, 0), (True,) * 3),
]
GIVEN = [{}, {"scale": (2.5, 0.9, 0.8)}, {"scale": (-2.5, 0.9, -0.8), "translate": (9, 8, 7)}, {"units": ("um",) * 3}]


@pytest.mark.parametrize("given", GIVEN, ids=str)
@pytest.mark.parametrize("steps", STEPS)
def test_transforms_that_leave_the_place_out_are_refused_and_settled_by_a_click(tmp_path, steps, given):
    path, affine = nifti(tmp_path, STEPS[steps])
    layer = (turned(TURNS[0]), {**given, "source": str(path)}, "image")
    with pytest.raises(GeometryError, match=r"are not what its file scan\.nii says") as caught:
        plan_export(layer)
    (refusal,) = caught.value.refusals
    assert (refusal.fix.option, refusal.fix.value, refusal.fix.label) == (
        "geometry",
        "source",
        "Take the geometry of the file",
    )
    assert ras(as_volume(layer, SOURCE)) == truth(affine)
    assert plan_export(layer, LAYER)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("steps", STEPS)
def test_whichever_way_a_reader_turns_the_array_each_voxel_gets_its_place(tmp_path, steps, turn):
    path, affine = nifti(tmp_path, STEPS[steps])
    for data in (turned(turn), turned(turn).astype(np.float32), np.stack([turned(turn)] * 2)):
        assert ras(as_volume((data, {"source": path}, "image"), SOURCE)) == truth(affine)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("steps", STEPS)
def test_a_layer_that_lies_where_its_file_says_is_not_asked_about(tmp_path, steps, turn):
    path, affine = nifti(tmp_path, STEPS[steps])
    layer = (turned(turn), {"affine": as_read(affine, turn), "source": path}, "image")
    made = as_volume(layer, ExportOptions())
    assert ras(made) == truth(affine)
    assert [note.text for note in made.notes] == ["Unit `pixel` taken as mm"]


@pytest.mark.parametrize("steps", STEPS)
def test_a_world_that_is_ras_is_recognized(tmp_path, steps):
    path, affine = nifti(tmp_path, STEPS[steps])
    world = np.diag([1, -1, -1, 1]) @ as_read(affine, TURNS[0])
    layer = (turned(TURNS[0]), {"affine": world, "source": path}, "image")
    with pytest.raises(GeometryError, match="if the world's axes are RAS") as caught:
        plan_export(layer)
    fix = caught.value.refusals[0].fix
    assert ras(as_volume(layer, ExportOptions(**{fix.option: fix.value}))) == truth(affine)


def medvol(path):
    """As napari-nifti hands it out: deobliqued, SAR+, turned over by signs that serve the display."""
    ((array, attributes, _),) = napari_nifti_reader(str(path))
    return array, attributes


@pytest.mark.parametrize("steps", STEPS)
def test_transforms_for_the_display_are_none(tmp_path, steps):
    path, affine = nifti(tmp_path, STEPS[steps])
    array, attributes = medvol(path)
    with pytest.raises(GeometryError, match="the affine in its metadata") as caught:
        plan_export((array, attributes, "image"))
    assert caught.value.refusals[0].fix.value == "layer"
    layer = (array, {**attributes, "source": path}, "image")
    with pytest.raises(GeometryError, match=r"scan\.nii"):
        plan_export(layer)
    assert ras(as_volume(layer, SOURCE)) == truth(affine)


METADATA = {
    "affine": {"affine": np.array([[0, 0, 2.0, 5], [0, 2, 0, 5], [-2, 0, 0, 5], [0, 0, 0, 1]])},
    "nested list": {"affine": [[-2.0, 0, 0, 5], [0, -2, 0, 5], [0, 0, 3, 5], [0, 0, 0, 1]]},
    "itk": {"spacing": np.array([3.0, 2, 2]), "origin": np.array([1.0, 2, 3]), "direction": np.eye(3)},
    "SimpleITK": {"spacing": (2.0, 2, 3), "origin": (0.0, 0, 0), "direction": (0, 1, 0, -1, 0, 0, 0, 0, 1)},
    "spacing": {"spacing": (2.0, 2, 3)},
    "NRRD": {"space": "left-posterior-superior", "space directions": np.diag([2.0, 2, 3]), "space origin": [1, 2, 3]},
}


@pytest.mark.parametrize("metadata", METADATA.values(), ids=METADATA)
def test_a_geometry_in_the_metadata_counts_too(metadata):
    layer = (turned(TURNS[0]), {"metadata": metadata}, "image")
    with pytest.raises(GeometryError, match="in its metadata says") as caught:
        plan_export(layer)
    assert caught.value.refusals[0].fix.value == "layer"
    plan_export(layer, LAYER)
    with pytest.raises(GeometryError, match="no file to take its geometry from"):
        plan_export(layer, SOURCE)


PLACED = {"scale": (3, 2, 1), "translate": (9, 8, 7)}
AGREEING = {
    "nothing": ({}, {}),
    "no mapping": (None, {}),
    "other things": ({"affine": "none", "spacing": 3.0, "origin": None, "direction": [1, 2]}, {}),
    "spacing": ({"spacing": (0.5, 0.5, 2)}, {"scale": (2, 0.5, 0.5)}),
    "unit voxels": ({"spacing": (1, 1, 1)}, {}),
    "itk": ({"spacing": [3, 2, 1], "origin": [9, 8, 7], "direction": np.eye(3)}, PLACED),
    "SimpleITK": ({"spacing": [1, 2, 3], "origin": [7, 8, 9], "direction": np.eye(3)}, PLACED),
    "nibabel": ({"affine": np.diag([-1, -2, 3, 1])}, {"scale": (3, 2, 1)}),
}


@pytest.mark.parametrize(("metadata", "given"), AGREEING.values(), ids=AGREEING)
def test_metadata_that_agree_or_say_nothing_ask_nothing(metadata, given):
    made = as_volume((VALUES.T, {**given, "metadata": metadata}, "image"), ExportOptions())
    assert [note.text for note in made.notes] == ["Unit `pixel` taken as mm"]


def test_who_moved_or_turned_a_layer_is_told_and_not_asked(tmp_path):
    path, affine = nifti(tmp_path, STEPS["LPS"])
    read = as_read(affine, TURNS[0])
    moved, spun = read.copy(), read @ np.diag([1.0, 1, 1, 1])
    moved[:3, 3] += (5, 0, -3)
    spun[1:3, 1:3] = np.array([[0.96, -0.28], [0.28, 0.96]]) @ read[1:3, 1:3]
    for matrix in (moved, spun):
        made = as_volume((turned(TURNS[0]), {"affine": matrix, "source": path}, "image"), ExportOptions())
        assert [n.text for n in made.notes if n.kind is NoteKind.ASSUMED and "its own transforms" in n.text]


def test_values_of_another_file_take_no_geometry(tmp_path):
    path, _ = nifti(tmp_path, STEPS["RAS"])
    with pytest.raises(GeometryError, match="its values are others"):
        plan_export((turned(TURNS[0]) + 1, {"source": path}, "image"), SOURCE)
    with pytest.raises(GeometryError, match="its values are others"):
        plan_export((turned(TURNS[0])[1:], {"source": path}, "image"), SOURCE)


def test_files_without_a_geometry_or_without_a_file_ask_nothing(tmp_path):
    np.save(tmp_path / "a.npy", VALUES)
    (tmp_path / "broken.nii").write_bytes(b"no")
    for path in (tmp_path / "a.npy", tmp_path / "broken.nii", tmp_path / "gone.nii", tmp_path / "x.unknown", None):
        assert plan_export((VALUES, {"source": path}, "image"))


@pytest.mark.parametrize("given", [{}, {"scale": (2, 0.5, 0.5), "units": ("um",) * 3}, {"scale": (4, 1, 1)}])
def test_distances_of_a_picture_file_count_where_the_layer_has_none(tmp_path, given):
    values = VALUES.T.astype(np.uint16)
    metadata = {"axes": "ZYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5, "PhysicalSizeZ": 2.0}
    units = {f"PhysicalSize{axis}Unit": "µm" for axis in "XYZ"}
    tifffile.imwrite(tmp_path / "cells.ome.tif", values, metadata=metadata | units)
    layer = (values, {**given, "source": tmp_path / "cells.ome.tif"}, "image")
    if given:
        assert plan_export(layer)
        return
    with pytest.raises(GeometryError, match=r"0\.002 × 0\.0005 × 0\.0005 mm"):
        plan_export(layer)
    np.testing.assert_allclose(np.linalg.norm(as_volume(layer, SOURCE).affine[:3, :3], axis=0), (2e-3, 5e-4, 5e-4))


def test_a_live_layer_brings_its_path_and_its_series_lies_where_its_file_does(tmp_path):
    image = sitk.GetImageFromArray(VALUES)
    image.SetSpacing((0.5, 0.6, 2)), image.SetOrigin((3, -4, 5)), image.SetDirection((0, 1, 0, 0, 0, 1, 1, 0, 0))
    sitk.WriteImage(image, tmp_path / "scan.mha")
    with layer_source(path=str(tmp_path / "scan.mha"), reader_plugin="some"):
        layer = Image(VALUES, name="scan", scale=(2, 0.6, 0.5))
    with pytest.raises(GeometryError, match=r"layer 'scan': .* are not what its file scan\.mha says"):
        export(layer, tmp_path / "x")
    report = export(layer, tmp_path / "x", SOURCE)
    written = simpleitk_volume(report.path)
    expected = compose_affine((2, 0.6, 0.5), (3, -4, 5), np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]])[:, ::-1])
    places = {}
    for affine, values in ((written.affine, written.values), (expected, VALUES)):
        index = np.array(list(itertools.product(*map(range, values.shape)))).T
        at = np.rint(100 * (affine[:3, :3] @ index + affine[:3, 3:])).astype(int).T.tolist()
        places[len(places)] = dict(zip(map(tuple, at), values.ravel().tolist(), strict=True))
    assert places[0] == places[1]


class Special(Image):
    """Some plugin's own kind of image."""


def test_a_subclass_of_a_layer_is_that_layer(tmp_path):
    assert plan_export(Special(VALUES)).instances == SHAPE[0]
