"""The real manifest, through napari's ways of opening: DICOM is opened in its place, and all else is left to others."""

from __future__ import annotations

import os
import shutil
import sys

import npe2
import numpy as np
import pydicom
import pytest
import tifffile
import zarr
from napari.utils import progress

from judges.volumes import indexed, oblique
from napari_dicom_writer import ExportOptions, Volume, export
from napari_dicom_writer._napari.reader import get_reader

PLUGIN = "napari-dicom-writer"
RIGHT_HANDED = oblique() @ np.diag([-1, 1, 1, 1])  # the order of its planes stays
AFFINES = [RIGHT_HANDED, RIGHT_HANDED @ np.diag([1, 0.5, 2, 1])]


@pytest.fixture
def folder(tmp_path):
    """Two series."""
    volumes = [
        Volume(indexed((5, 6, 7)) + n, affine=AFFINES[n], name=name, window=(0, 99)) for n, name in enumerate("ab")
    ]
    return export(volumes, tmp_path / "study", ExportOptions(modality="MR")).path


def voxel(layer) -> np.ndarray:
    return np.array(layer.data_to_world((1, 2, 3)))[::-1]


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
def test_a_folder_opens_as_its_series(make_napari_viewer, folder):
    viewer = make_napari_viewer()
    viewer.open(folder, plugin=PLUGIN)
    assert [layer.name for layer in viewer.layers] == ["a", "b"]
    for number, layer in enumerate(viewer.layers):
        np.testing.assert_array_equal(layer.data, indexed((5, 6, 7)) + number)
        np.testing.assert_allclose(voxel(layer), (AFFINES[number] @ (1, 2, 3, 1))[:3], atol=1e-6)
        assert layer.source.reader_plugin == PLUGIN
    assert viewer.dims.axis_labels == ("z", "y", "x")


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
def test_a_file_opens_whatever_the_case_of_its_name(make_napari_viewer, folder):
    path, viewer = min(folder.rglob("*.dcm")), make_napari_viewer()
    for number, suffix in enumerate((".dcm", ".DCM", ".IMA", ".dicom")):
        path = path.rename(path.with_suffix(suffix))
        viewer.open(path, plugin=PLUGIN)
        assert viewer.layers[number].data.shape == (1, 6, 7)


@pytest.mark.parametrize("directions", [((1, 0, 0), (0, 0, -1), (0, 1, 0)), ((0, 1, 0), (0, 0, -1), (1, 0, 0))])
def test_planes_of_any_direction_are_shown_as_the_world_lies(make_napari_viewer, tmp_path, directions):
    """Sagittal and coronal: a slice along the head is one along the head, and not a line."""
    values = indexed((5, 6, 7))
    direction = np.array(directions, float).T
    path = export(Volume(values, spacing=(3, 2, 1), direction=direction), tmp_path / "x", ExportOptions()).path
    viewer = make_napari_viewer()
    (layer,) = viewer.open(path, plugin=PLUGIN)
    at = layer.world_to_data(viewer.dims.point)
    shown = layer._slice.image.view
    np.testing.assert_array_equal(shown, np.asarray(layer.data)[round(at[0])])
    world = np.linalg.norm(layer._data_to_world.affine_matrix[:3, :3], axis=1)
    assert world.round(6).tolist() == [2, 3, 1] if directions[0][1] else [2, 1, 3]


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
def test_files_that_shall_be_a_stack_are_one(make_napari_viewer, folder):
    paths = sorted(folder.rglob("*.dcm"))[:5]
    viewer = make_napari_viewer()
    viewer.open([str(path) for path in reversed(paths)], stack=True, plugin=PLUGIN)
    assert viewer.layers[0].data.shape == (5, 6, 7)
    np.testing.assert_allclose(voxel(viewer.layers[0]), (AFFINES[0] @ (1, 2, 3, 1))[:3], atol=1e-6)


def test_what_is_worth_knowing_is_a_notification(make_napari_viewer, folder, monkeypatch):
    shown = []
    monkeypatch.setattr("napari.utils.notifications.show_warning", shown.append)
    paths = sorted(folder.rglob("*.dcm"))[:5]
    for path in paths:
        dataset = pydicom.dcmread(path)
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.ImagePositionPatient = [0, 0, int(dataset.InstanceNumber) * 3]
        dataset.save_as(path)
    paths[2].unlink()
    viewer = make_napari_viewer()
    viewer.open(paths[0].parent, plugin=PLUGIN)
    assert shown == ["DICOM: a: 1 plane is missing, and blank: plane 2"]


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
def test_of_many_files_progress_is_shown(make_napari_viewer, folder, monkeypatch):
    monkeypatch.setattr("napari_dicom_writer._napari.reader._MANY", 1)
    monkeypatch.setattr("napari_dicom_writer.reading.catalogue._TOLD_EVERY", 2)
    shown, real = [], progress.update
    monkeypatch.setattr(progress, "update", lambda bar, n=1: shown.append((bar.n + n, bar.total)) or real(bar, n))
    make_napari_viewer().open(min(folder.rglob("*.dcm")).parent, plugin=PLUGIN)
    assert [each for each in shown if each[1] == 5] == [(0, 5), (2, 5), (4, 5)]
    assert not progress._all_instances


def test_without_a_viewer_npe2_reads_it(folder):
    layers, reader = npe2.read_get_reader([str(folder)], stack=False, plugin_name=PLUGIN)
    assert [attributes["name"] for _, attributes, _ in layers] == ["a", "b"]
    assert reader.plugin_name == PLUGIN


# --- what belongs to others -------------------------------------------------------------------------------------------


def tiffs(folder):
    for number in range(3):
        tifffile.imwrite(folder / f"{number}.tif", np.zeros((4, 5), np.uint8))


def store(folder, zarr_format=3):
    zarr.save_group(str(folder / "image.zarr"), zarr_format=zarr_format, a=np.zeros((4, 5)))


def store_of_old(folder):
    store(folder, 2)


def nothing(folder):
    pass


def texts(folder):
    (folder / "notes").write_text("\x02\x00\x00\x00UL no element at all")
    (folder / "list.dcm").write_text("x" * 500)


def pipe(folder):
    os.mkfifo(folder / "pipe.dcm")


@pytest.mark.parametrize("make", [tiffs, store, store_of_old, nothing, texts, pipe])
def test_folders_of_others_are_declined(tmp_path, make):
    if make is pipe and sys.platform == "win32":
        pytest.skip("there are none")
    make(tmp_path)
    assert get_reader(str(tmp_path)) is None
    for path in tmp_path.rglob("*"):
        assert get_reader(str(path)) is None


def test_a_store_beside_dicom_is_not_looked_into(tmp_path, folder):
    store(tmp_path)
    (tmp_path / "image.zarr" / "inside.dcm").write_bytes(min(folder.rglob("*.dcm")).read_bytes())
    shutil.rmtree(folder)
    assert get_reader(str(tmp_path)) is None


def test_large_folders_of_others_are_declined_soon(tmp_path, folder, monkeypatch):
    monkeypatch.setattr("napari_dicom_writer.reading.catalogue._LOOKED_AT", 20)
    for number in range(30):
        (tmp_path / f"{number}").write_bytes(b"x")
    assert get_reader(str(tmp_path)) is None
    assert get_reader(str(folder)) is not None


def test_napari_opens_tiffs_as_before(make_napari_viewer, tmp_path):
    tiffs(tmp_path)
    viewer = make_napari_viewer()
    viewer.open(tmp_path / "0.tif")
    assert viewer.layers[0].source.reader_plugin == "napari"


def test_one_file_that_is_none_declines_them_all(folder, tmp_path):
    (tmp_path / "x.dcm").write_text("x")
    assert get_reader([str(min(folder.rglob("*.dcm"))), str(tmp_path / "x.dcm")]) is None
    assert get_reader([]) is None
    assert get_reader(str(tmp_path / "nowhere.dcm")) is None
