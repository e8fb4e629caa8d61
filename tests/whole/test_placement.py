"""Every voxel is found at its world place by readers that share no code with the writer."""

from __future__ import annotations

import warnings
from itertools import permutations, product

import numpy as np
import pytest

from judges.crossfile import series_faults
from judges.readers import TOLERANCE, VOLUME_READERS, read_series
from judges.tables import MODALITIES
from judges.volumes import SHAPE, SPACING, affine_of, assert_placed, indexed, rotation
from napari_dicom_writer import ExportOptions, GeometryError, Volume, export

with warnings.catch_warnings():
    # pydantic's deprecations inside napari
    warnings.simplefilter("ignore")
    from napari.layers import Image

VALUES = indexed()
READERS = pytest.mark.parametrize("reader", VOLUME_READERS)
ORIENTATIONS = [(order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3)]
MILLIMETERS = {"um": 1e-3, "mm": 1.0, "cm": 10.0}


def check(reader, path, values, affine):
    assert_placed(VOLUME_READERS[reader](path), values, affine, TOLERANCE[reader])


@READERS
@pytest.mark.parametrize("modality", MODALITIES)
def test_every_modality_places_voxels(tmp_path, indexed_volume, reader, modality):
    report = export(indexed_volume, tmp_path / "out", ExportOptions(modality=modality))
    check(reader, report.path, VALUES, indexed_volume.affine)


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_all_48_orientations(tmp_path, order, signs):
    linear = np.eye(3)[:, order] * signs @ np.diag(SPACING)
    affine = affine_of(linear, (-12.5, 40.25, 7.125))
    report = export(Volume(VALUES, affine=affine), tmp_path / "out", ExportOptions(modality="MR"))
    for reader in VOLUME_READERS:
        check(reader, report.path, VALUES, affine)


@pytest.mark.parametrize("seed", range(20))
def test_random_rotations(tmp_path, seed):
    rng = np.random.default_rng(seed)
    mirror = np.diag(rng.choice([-1, 1], 3))
    affine = affine_of(rotation(rng) @ mirror @ np.diag(rng.uniform(0.3, 4, 3)), rng.uniform(-300, 300, 3))
    report = export(Volume(VALUES, affine=affine), tmp_path / "out", ExportOptions(modality="CT"))
    for reader in VOLUME_READERS:
        check(reader, report.path, VALUES, affine)


@READERS
def test_array_axes_in_any_order(tmp_path, indexed_volume, reader):
    turned = Volume(VALUES.transpose(2, 0, 1), affine=indexed_volume.affine, axes=("column", "plane", "row"))
    check(reader, export(turned, tmp_path / "out").path, VALUES, indexed_volume.affine)


@READERS
def test_colors_are_placed(tmp_path, indexed_volume, reader):
    colors = np.stack([VALUES, VALUES + 60, VALUES + 120], axis=-1).astype("u1")
    report = export(Volume(colors, affine=indexed_volume.affine, rgb=True), tmp_path / "out")
    check(reader, report.path, colors, indexed_volume.affine)


@pytest.mark.parametrize("modality", ["OT", "MR"])
def test_each_time_point_is_placed(tmp_path, indexed_volume, modality):
    values = np.stack([VALUES, VALUES + 100])
    moving = Volume(values, affine=indexed_volume.affine, axes=("time", "plane", "row", "column"), time_step=1.5)
    apart = export(moving, tmp_path / "apart", ExportOptions(modality=modality, time="series-per-point"))
    for folder, expected in zip(sorted(apart.path.iterdir()), values, strict=True):
        for reader in VOLUME_READERS:
            check(reader, folder, expected, indexed_volume.affine)


def test_one_series_of_time_points_is_4d_in_dcm2niix(tmp_path, indexed_volume):
    values = np.stack([VALUES, VALUES + 100])
    moving = Volume(values, affine=indexed_volume.affine, axes=("time", "plane", "row", "column"), time_step=1.5)
    report = export(moving, tmp_path / "out", ExportOptions(modality="MR"))
    reading = VOLUME_READERS["dcm2niix"](report.path)
    assert reading.values.shape[0] == 2
    for found, expected in zip(reading.values, values, strict=True):
        assert_placed(type(reading)(found, reading.affine), expected, indexed_volume.affine, 1e-4)


@pytest.mark.parametrize(("distance", "spacing"), [(3e3, 1e-6), (1e6, 1e-6), (1e9, 1e-3), (1e13, 0.15)])
def test_far_from_the_origin_planes_are_even_or_refused(tmp_path, distance, spacing):
    """A DS has 16 bytes: far away too few are left for small steps."""
    volume = Volume(VALUES, spacing=(spacing,) * 3, position=(distance,) * 3)
    try:
        report = export(volume, tmp_path / "out")
    except GeometryError:
        assert distance > 1e9
    else:
        assert series_faults(read_series(report.path)[0], SHAPE) == []


# --- napari layers ----------------------------------------------------------------------------------------------------


def image(data=VALUES, **attributes):
    """A real layer. napari warns that it would show a slice of a rotated volume only approximately."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Non-orthogonal slicing", UserWarning)
        return Image(data, **attributes)


def world_affine(layer, units) -> np.ndarray:
    """Where napari itself puts the layer, as (plane, row, column) → LPS mm: world (z, y, x) reversed."""
    to_mm = np.diag([MILLIMETERS[unit] for unit in units] + [1])
    return np.eye(4)[[2, 1, 0, 3]] @ to_mm @ layer._data_to_world.affine_matrix


_RNG = np.random.default_rng(7)
_TURN = rotation(_RNG)
_QUARTER = np.array([[0, 0, -1], [1, 0, 0], [0, -1, 0]])
_SHEAR = np.array([[1, 0.3, -0.2], [0, 1, 0.4], [0, 0, 1]])
_SCALED_SHEAR = _TURN @ _SHEAR @ np.diag(SPACING)
# The layer's own transform is sheared, its affine takes the shear away again.
_UNDO = rotation(_RNG) @ np.diag(SPACING) @ np.linalg.inv(_SCALED_SHEAR)
TRANSFORMS = {
    "scale": {"scale": SPACING},
    "negative scale": {"scale": (2.5, -0.8, 0.7)},
    "all scales negative": {"scale": (-2.5, -0.8, -0.7), "translate": (5, 6, 7)},
    "translate": {"scale": SPACING, "translate": (-30.5, 12, 99)},
    "rotate": {"scale": SPACING, "rotate": _TURN, "translate": (1, 2, 3)},
    "angles": {"scale": SPACING, "rotate": (20, -35, 70)},
    "affine alone": {"affine": affine_of(_TURN @ np.diag(SPACING), (9, 8, 7))},
    "affine after the rest": {
        "scale": SPACING,
        "rotate": _TURN,
        "translate": (4, 5, 6),
        "affine": affine_of(rotation(_RNG) * 2, (-1, -2, -3)),
    },
    "shear undone": {
        "scale": SPACING,
        "rotate": _TURN,
        "shear": _SHEAR[np.triu_indices(3, 1)],
        "translate": (4, 5, 6),
        "affine": affine_of(_UNDO, (10, 20, 30)),
    },
    "axes exchanged": {"scale": SPACING, "affine": affine_of(_QUARTER, (3, 2, 1))},
}


@pytest.mark.parametrize("units", [("mm",) * 3, ("um",) * 3, ("cm",) * 3], ids=lambda units: units[0])
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_napari_transforms(tmp_path, transform, units):
    layer = image(units=units, **TRANSFORMS[transform])
    report = export(layer.as_layer_data_tuple(), tmp_path / "out")
    for reader in VOLUME_READERS:
        check(reader, report.path, VALUES, world_affine(layer, units))


@pytest.mark.parametrize("transform", ["scale", "negative scale", "translate", "axes exchanged"])
def test_each_axis_has_its_own_unit(tmp_path, transform):
    units = ("um", "mm", "cm")
    layer = image(units=units, **TRANSFORMS[transform])
    report = export(layer.as_layer_data_tuple(), tmp_path / "out")
    for reader in ("SimpleITK", "highdicom"):
        check(reader, report.path, VALUES, world_affine(layer, units))


@READERS
def test_a_layer_object_is_as_good_as_its_tuple(tmp_path, reader):
    layer = image(units=("mm",) * 3, name="tuple", **TRANSFORMS["rotate"])
    check(reader, export(layer, tmp_path / "out").path, VALUES, world_affine(layer, ("mm",) * 3))


@READERS
def test_ras_negates_x_and_y(tmp_path, reader):
    layer = image(units=("mm",) * 3, **TRANSFORMS["rotate"])
    report = export(layer, tmp_path / "out", ExportOptions(world="RAS"))
    check(reader, report.path, VALUES, np.diag([-1, -1, 1, 1]) @ world_affine(layer, ("mm",) * 3))


@READERS
def test_the_pixel_unit_is_a_length(tmp_path, reader):
    layer = image(scale=SPACING, translate=(100, 200, 300))
    report = export(layer, tmp_path / "out", ExportOptions(pixel_unit="250 um"))
    check(reader, report.path, VALUES, np.diag([0.25] * 3 + [1]) @ world_affine(layer, ("mm",) * 3))


def test_time_leads_the_spatial_axes_of_a_layer(tmp_path):
    values = np.stack([VALUES, VALUES + 100])
    turn = np.eye(4)
    turn[1:, 1:] = _TURN
    layer = image(values, scale=(2, *SPACING), translate=(0, 1, 2, 3), rotate=turn, units=("s", "mm", "mm", "mm"))
    report = export(layer, tmp_path / "out", ExportOptions(time="series-per-point"))
    space = layer._data_to_world.affine_matrix[1:, 1:]
    for folder, expected in zip(sorted(report.path.iterdir()), values, strict=True):
        for reader in VOLUME_READERS:
            check(reader, folder, expected, np.eye(4)[[2, 1, 0, 3]] @ space)


@pytest.mark.parametrize("reader", ["SimpleITK", "highdicom"])
def test_a_plane_lies_at_z_0(tmp_path, reader):
    layer = image(VALUES[0], scale=(0.8, 0.7), rotate=30, translate=(11, 22), units=("mm", "mm"))
    inner = layer._data_to_world.affine_matrix
    affine = np.eye(4)[[1, 2, 0, 3]]  # z is the plane's axis
    affine[:2, 1:3], affine[:2, 3] = inner[1::-1, :2], inner[1::-1, 2]
    report = export(layer, tmp_path / "one.dcm")
    folder = tmp_path / "folder"
    folder.mkdir()
    report.path.rename(folder / "one.dcm")
    check(reader, folder, VALUES[:1], affine)
