"""What workers of a cluster read is what the driver read: files replaced, paths relative, buffers used again."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pydicom
import pytest

from judges.sources import Film, Named
from judges.volumes import indexed
from napari_dicom_writer import PixelError, Volume, export
from napari_dicom_writer.writing.cluster.recipes import recipe

distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.xdist_group("cluster")

RAMP = indexed((24, 40, 50), "int16")


def memory_map(tmp_path):
    whole = np.memmap(tmp_path / "source.raw", ">i2", "w+", offset=6, shape=(30, 40, 50))
    whole[:] = indexed((30, 40, 50))
    return whole[28:4:-1]


def stored(path):
    return np.stack([pydicom.dcmread(file).pixel_array for file in sorted(path.iterdir())])


@pytest.mark.parametrize("way", ["replaced", "moved away", "rewritten", "touched"])
def test_a_memory_map_whose_file_became_another_is_not_read_by_name(tmp_path, two, way):
    """Replaced before the export, it is still what is mapped; rewritten, it is another for all."""
    mapped = memory_map(tmp_path)
    found = recipe(Volume(mapped, name="map"))
    other = tmp_path / "other.raw"
    (np.fromfile(mapped.filename, np.uint8) ^ 1).tofile(other)
    if way == "replaced":
        other.replace(mapped.filename)
    elif way == "moved away":
        Path(mapped.filename).rename(tmp_path / "away")
        other.rename(mapped.filename)
    elif way == "rewritten":
        Path(mapped.filename).write_bytes(other.read_bytes())
    else:
        os.utime(mapped.filename, ns=(1, 1))
    with pytest.raises(PixelError, match="was changed or replaced"):
        found.volume()
    report = export(Volume(mapped, spacing=(2, 1, 1)), tmp_path / "x", client=two)
    np.testing.assert_array_equal(stored(report.path), mapped)


def test_a_file_that_changes_while_the_cluster_reads_it_is_refused(tmp_path, two):
    mapped = memory_map(tmp_path)

    def touch(done, total):
        if done == total:
            os.utime(mapped.filename, ns=(1, 1))

    with pytest.raises(PixelError, match="was changed or replaced"):
        export(Volume(mapped, spacing=(2, 1, 1)), tmp_path / "x", client=two, progress=touch)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("lazy", [False, True])
def test_a_zarr_store_of_a_relative_path_is_found_by_workers_elsewhere(tmp_path, two, monkeypatch, lazy):
    zarr = pytest.importorskip("zarr")
    import dask.array as da

    monkeypatch.chdir(tmp_path)
    array = zarr.create_array(store="data.zarr", shape=RAMP.shape, chunks=(8, 40, 50), dtype=RAMP.dtype)
    array[:] = RAMP
    before = two.run(os.getcwd)
    (tmp_path / "elsewhere").mkdir()
    try:
        two.run(os.chdir, str(tmp_path / "elsewhere"))
        source = da.from_zarr(array) if lazy else array
        report = export(Volume(source, spacing=(2, 1, 1)), tmp_path / "x", client=two)
    finally:
        for worker, folder in before.items():
            two.run(os.chdir, folder, workers=[worker])
    np.testing.assert_array_equal(stored(report.path), RAMP)


def test_a_source_that_is_another_for_the_workers_is_refused(tmp_path, two, monkeypatch):
    """It goes by a path in text, relative to the folder of each process."""
    monkeypatch.chdir(tmp_path)
    before = two.run(os.getcwd)
    (tmp_path / "elsewhere").mkdir()
    np.save("data.npy", RAMP)
    np.save("elsewhere/data.npy", RAMP + 1)
    try:
        two.run(os.chdir, str(tmp_path / "elsewhere"))
        with pytest.raises(PixelError, match="reads other data than the driver: a sample of its values differs"):
            export(Volume(Named("data.npy"), spacing=(2, 1, 1)), tmp_path / "x", client=two)
    finally:
        for worker, folder in before.items():
            two.run(os.chdir, folder, workers=[worker])
    assert not (tmp_path / "x").exists()


def test_workers_that_read_into_one_buffer_in_several_threads_lose_no_plane(tmp_path, two):
    film = Film(24)
    report = export(Volume(film, spacing=(2, 1, 1), window=(0, 99)), tmp_path / "x", client=two)
    found = stored(report.path)
    np.testing.assert_array_equal(found[:, 0, 0], np.arange(24))
    assert (found == found[:, :1, :1]).all()
