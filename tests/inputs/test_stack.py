"""Files of one picture each: one volume when asked for, and asked about when there are many."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from judges.readers import simpleitk_volume
from napari_dicom_writer import ExportError, load
from napari_dicom_writer.cli.main import main


def pictures(folder, count: int = 12, suffix: str = "png", size=(40, 50)) -> tuple[list, np.ndarray]:
    """Files whose natural order is not the order of their letters."""
    folder.mkdir(exist_ok=True)
    array = np.random.default_rng(3).integers(0, 255, (count, *size), dtype=np.uint8)
    files = [folder / f"slice {number}.{suffix}" for number in range(1, count + 1)]
    for file, plane in zip(files, array, strict=True):
        if suffix == "npy":
            np.save(file, plane)
        elif suffix == "tif":
            tifffile.imwrite(file, plane, photometric="minisblack")
        else:
            Pillow.fromarray(plane).save(file)
    return sorted(files), array


@pytest.mark.parametrize("suffix", ["png", "tif", "npy"])
def test_a_stack_is_in_the_natural_order_of_its_names(suffix, tmp_path, capsys):
    files, array = pictures(tmp_path / "in", suffix=suffix)
    arguments = ["--stack", "--spacing", "2mm", "500um", "500um"]
    assert main(["export", *map(str, files), str(tmp_path / "out"), *arguments]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"12 files are taken as planes, in the natural order of their names: slice 1.{suffix} to slice 12" in said
    reading = simpleitk_volume(tmp_path / "out")
    np.testing.assert_array_equal(reading.values, array)
    np.testing.assert_allclose(np.linalg.norm(reading.affine[:3, :3], axis=0), [2, 0.5, 0.5])


def test_a_folder_of_pictures_is_a_stack_too(tmp_path):
    _, array = pictures(tmp_path / "in")
    with pytest.raises(ExportError, match="folder of 12 image files.*stack=True"):
        load(tmp_path / "in")
    (volume,) = load(tmp_path / "in", stack=True)
    assert volume.name == "slice"
    np.testing.assert_array_equal(volume.read((), 3, 6), array[3:6])
    assert len(load(tmp_path / "in", stack=False)) == 12


def test_many_equal_pictures_are_asked_about(tmp_path):
    files, _ = pictures(tmp_path / "in")
    with pytest.raises(ExportError, match="12 files hold a picture of 40 × 50 each"):
        load(files)
    assert len(load(files[:2])) == 2
    assert len(load(files, stack=False)) == 12
    Pillow.fromarray(np.zeros((9, 9), np.uint8)).save(files[0])
    assert len(load(files)) == 12


def test_a_stack_may_be_time(tmp_path):
    files, _ = pictures(tmp_path / "in")
    (volume,) = load(files, stack=True, axes="TYX", time_step="40ms")
    assert (volume.axes, volume.leading_shape, volume.time_step) == (("time", "row", "column"), (12,), 0.04)


def test_colors_stay_colors_in_a_stack(tmp_path):
    array = np.random.default_rng(0).integers(0, 255, (3, 40, 50, 3), dtype=np.uint8)
    for number, plane in enumerate(array):
        Pillow.fromarray(plane).save(tmp_path / f"{number}.jpg", quality=95)
    (volume,) = load(tmp_path, stack=True)
    assert volume.rgb
    assert volume.lossy[0][0] == "ISO_10918_1"
    assert sum("compressed with loss" in note.text for note in volume.notes) == 1


@pytest.mark.parametrize("kind", ["size", "type", "volume"])
def test_what_does_not_fit_a_stack_is_refused_by_its_name(kind, tmp_path):
    files, array = pictures(tmp_path / "in", suffix="npy")
    other = {"size": array[0, 1:], "type": array[0].astype(np.uint16), "volume": array[:4]}[kind]
    np.save(files[3], other)
    with pytest.raises(ExportError, match=files[3].name):
        load(files, stack=True)


def test_a_stack_is_read_file_by_file(tmp_path):
    files, array = pictures(tmp_path / "in")
    (volume,) = load(files, stack=True)
    (tmp_path / "in" / "slice 9.png").unlink()
    np.testing.assert_array_equal(volume.read((), 0, 8), array[:8])
    with pytest.raises(ExportError, match="could not be read"):
        volume.read((), 8, 9)
