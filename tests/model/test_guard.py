"""What is edited while it is exported is refused, whatever the edit; what is not is written as it was."""

from __future__ import annotations

import zlib

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image

from judges.readers import read as read_files
from judges.readers import real_values
from napari_dicom_writer import ExportError, ExportOptions, LayerError, Volume, export, plan_export
from napari_dicom_writer.model import guard
from napari_dicom_writer.model.guard import Guarded, Guards
from napari_dicom_writer.model.slabs import read, slabs

SHAPE = (40, 24, 30)
ATTRIBUTES = {"name": "brain", "scale": (2.0, 0.5, 0.5), "units": ("mm",) * 3}


def scan(dtype="int16", shape=SHAPE):
    return np.random.default_rng(5).integers(0, 999, shape).astype(dtype)


def written(path):
    return np.stack([real_values(d) for d in read_files(path)])


def run(layers, path, at=None, action=None, **options):
    """Export layers, and do something once when so many instances are done."""
    done_before = []

    def progress(done, _total):
        if done == at and not done_before:
            done_before.append(done)
            action()

    return export(layers, path, ExportOptions(**options), progress=progress)


@pytest.mark.parametrize(
    "arrange",
    [
        lambda a: a,
        np.asfortranarray,
        lambda a: a[:, ::-1],
        lambda a: a[::-2, 1:],
        lambda a: np.asfortranarray(a)[:, :, ::-1],
        lambda a: a.astype(">i2"),
        lambda a: np.broadcast_to(a[:, :1], SHAPE),
        lambda a: np.ma.masked_array(a, mask=False),
    ],
    ids=["C", "Fortran", "flipped", "sliced", "Fortran flipped", "big-endian", "broadcast", "no mask"],
)
def test_arrays_are_written_as_they_are(tmp_path, arrange):
    array = arrange(scan())
    report = run([(array, ATTRIBUTES, "image")], tmp_path / "x")
    np.testing.assert_array_equal(written(report.path), array)


@pytest.mark.parametrize("small", [True, False])
def test_pieces_of_any_size(tmp_path, monkeypatch, small):
    monkeypatch.setattr(guard, "_PIECE_BYTES", 100 if small else 2**30)
    array = np.asfortranarray(scan())
    report = run([(array, ATTRIBUTES, "image")], tmp_path / "x")
    np.testing.assert_array_equal(written(report.path), array)


def test_a_memory_map_is_guarded(tmp_path):
    (tmp_path / "raw").write_bytes(scan().tobytes())
    array = np.memmap(tmp_path / "raw", np.int16, "r+", shape=SHAPE)
    report = run([(array, ATTRIBUTES, "image")], tmp_path / "x")
    np.testing.assert_array_equal(written(report.path), scan())
    with pytest.raises(LayerError, match="changed"):
        run([(array, ATTRIBUTES, "image")], tmp_path / "y", 3, lambda: array.fill(0))
    assert not (tmp_path / "y").exists()


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_how_much_is_read_back_changes_nothing_that_is_written(tmp_path, dtype):
    array = scan(dtype, (64, 300, 300)) * (1 if dtype == "int16" else np.float32(0.37))
    windows = {plan_export(array, ExportOptions(verify=level)).series[0].window for level in ("full", "off")}
    for level in ("full", "headers", "off"):
        report = export(array, tmp_path / level, ExportOptions(verify=level))
        windows.add(report.plan.series[0].window)
    assert len(windows) == 1


def test_movies_and_colors(tmp_path):
    movie = scan(shape=(3, 8, 40, 50))
    attributes = {"axis_labels": ("t", "z", "y", "x")}
    report = run([(movie, attributes, "image")], tmp_path / "movie")
    assert written(report.path).shape == (24, 40, 50)
    np.testing.assert_array_equal(written(report.path), movie.reshape(24, 40, 50))
    colors = scan("uint8", (6, 40, 50, 3))
    report = run([(colors, {"rgb": True}, "image")], tmp_path / "colors")
    np.testing.assert_array_equal(np.stack([d.pixel_array for d in read_files(report.path)]), colors)


EDITS = {
    "one voxel": lambda a: a.__setitem__((3, 4, 5), a[3, 4, 5] + 1),
    "the last voxel": lambda a: a.__setitem__((-1, -1, -1), a[-1, -1, -1] + 1),
    "everything": lambda a: a.fill(7),
    "planes swapped": lambda a: a.__setitem__(slice(0, 2), a[1::-1].copy()),
    "turned over": lambda a: a.__setitem__(slice(None), a[:, ::-1].copy()),
    "rolled": lambda a: a.__setitem__(slice(None), np.roll(a, 1, axis=2)),
    "a half": lambda a: a.__setitem__(slice(20, None), 0),
}


@pytest.mark.parametrize("at", [1, 20, 40])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_edits_during_an_export_are_refused(tmp_path, edit, order, at):
    array = scan().copy(order=order)
    with pytest.raises(LayerError, match=r"^layer 'brain': It changed while it was exported. Nothing was written"):
        run([(array, ATTRIBUTES, "image")], tmp_path / "x", at, lambda: edit(array))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("level", ["full", "headers", "off"])
def test_an_edit_between_scan_and_writing_that_clips_is_refused(tmp_path, level):
    array, calls = scan("float32") / 7, []

    def progress(done, _total):
        calls.append(done)
        if calls == [0, 0]:  # before the scan, and after it
            array.fill(1e6)

    with pytest.raises(ExportError, match="changed|differ"):
        export([(array, ATTRIBUTES, "image")], tmp_path / "x", ExportOptions(verify=level), progress=progress)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("level", ["headers", "off"])
@pytest.mark.parametrize("way", ["array", "Volume", "layer"])
def test_every_way_in_is_guarded_however_much_is_read_back(tmp_path, way, level):
    array = scan()
    given = {"array": array, "Volume": Volume(array, spacing=(1, 1, 1)), "layer": Image(array)}[way]
    with pytest.raises(LayerError, match="It changed while it was exported"):
        run(given, tmp_path / "x", 20, lambda: np.negative(array, out=array), verify=level)
    assert not list(tmp_path.iterdir())


def test_what_changes_and_changes_back_is_written_as_it_was(tmp_path):
    array, edits = scan(), []

    def progress(done, _total):
        if done in (10, 30) and done not in edits:
            edits.append(done)
            np.negative(array, out=array)

    report = export((array, ATTRIBUTES, "image"), tmp_path / "x", progress=progress)
    assert edits == [10, 30]
    np.testing.assert_array_equal(written(report.path), array)


def test_an_edit_of_the_second_layer_names_it(tmp_path):
    one, two = scan(), scan()
    layers = [(one, {**ATTRIBUTES, "name": "one"}, "image"), (two, {**ATTRIBUTES, "name": "two"}, "image")]
    with pytest.raises(LayerError, match="layer 'two'"):
        run(layers, tmp_path / "x", 60, lambda: two.fill(0))
    assert not list(tmp_path.iterdir())


def test_edits_before_the_export_and_new_data_do_not_matter(tmp_path):
    array = scan()
    layers = [[array, ATTRIBUTES, "image"]]
    array[0] = 5

    def reassign():
        layers[0][0] = np.zeros(SHAPE)

    report = run([tuple(layers[0])], tmp_path / "x", 10, reassign)
    np.testing.assert_array_equal(written(report.path), array)


def test_only_what_was_written_counts(tmp_path):
    """A stride leaves planes out, and what happens there is no matter."""
    array = scan()
    report = run([(array[::2], ATTRIBUTES, "image")], tmp_path / "x", 5, lambda: array[1::2].fill(0))
    assert len(written(report.path)) == 20


def test_level_0_of_a_multiscale_image_is_guarded_and_the_plan_still_knows_the_others(tmp_path):
    levels = [scan(), scan()[::2, ::2, ::2]]
    attributes = {**ATTRIBUTES, "multiscale": True}
    report = run([(levels, attributes, "image")], tmp_path / "x")
    assert any("of its 2 resolutions the full one" in note.text for note in report.plan.notes)
    np.testing.assert_array_equal(written(report.path), levels[0])
    with pytest.raises(LayerError, match="changed"):
        run([(levels, attributes, "image")], tmp_path / "y", 5, lambda: levels[0].fill(0))


def test_a_sheared_volume_is_guarded_beneath_its_resampling(tmp_path):
    array = scan()
    layer = (array, {**ATTRIBUTES, "shear": [0.2, 0, 0]}, "image")
    with pytest.raises(LayerError, match="changed"):
        run([layer], tmp_path / "x", 5, lambda: array.fill(0), shear="resample")
    assert run([layer], tmp_path / "x", shear="resample").path.exists()


@pytest.mark.parametrize("array", [da.zeros((4, 4, 4)), np.ma.masked_equal(np.zeros((4, 4, 4)), 0)], ids=type)
def test_other_arrays_pass_as_they_are(array):
    volume = Volume(array, spacing=(1, 1, 1))
    assert Guards().over(volume, "") is volume


def test_a_mask_that_hides_something_is_refused_as_ever(tmp_path):
    with pytest.raises(Exception, match="masked array"):
        run([(np.ma.masked_equal(scan(), 5), ATTRIBUTES, "image")], tmp_path / "x")


def test_scattered_planes_are_gathered():
    """Otherwise every voxel of a plane would come with a cache line of its own."""
    array = np.asfortranarray(scan("uint8", (70, 40, 50)))
    volume = Volume(Guarded(array), spacing=(1, 1, 1))
    for slab in slabs(volume):
        assert len(slab.planes) >= 64 or slab.planes.stop == 70
        values = read(volume, slab)
        assert values[0].flags.c_contiguous
        np.testing.assert_array_equal(values, array[slab.planes.start : slab.planes.stop])


def test_slabs_of_a_guarded_array_fit_the_processors_cache():
    volume = Volume(Guarded(np.zeros((200, 512, 512), np.int16)), spacing=(1, 1, 1))
    assert {len(slab.planes) for slab in slabs(volume)} == {8}


def test_both_checksums_are_the_same():
    data = scan().reshape(-1).view(np.uint8)
    assert guard._fastest_crc32()(data, 1) == zlib.crc32(data, 1)


def test_what_is_only_looked_at_is_not_copied_and_still_guarded():
    array = scan("float32")
    guards = Guards()
    guards.scan_only(on=True)
    volume = guards.over(Volume(array, spacing=(1, 1, 1)), "layer 'brain'")
    looked_at = read(volume, slabs(volume)[0])
    assert np.shares_memory(looked_at, array)
    np.testing.assert_array_equal(looked_at, array)
    guards.scan_only(on=False)
    copied = read(volume, slabs(volume)[0])
    assert not np.shares_memory(copied, array)
    np.testing.assert_array_equal(copied, array)
    array[3, 4, 5] += 1
    with pytest.raises(LayerError, match="changed"):
        read(volume, slabs(volume)[0])
    with pytest.raises(LayerError, match="changed"):
        guards.check_unchanged(lambda: None)


# Planes that are too large to be copied: handed out as they are, and looked at where they are used.

LARGE = (9, 300, 500)


@pytest.mark.parametrize("level", ["full", "headers", "off"])
@pytest.mark.parametrize("dtype", ["int16", "float32"])
@pytest.mark.parametrize("at", [1, 5])
def test_edits_of_large_planes_are_refused(tmp_path, dtype, at, level):
    array = scan(dtype, LARGE) / np.array(7, dtype) if dtype == "float32" else scan(dtype, LARGE)
    before = array.copy()
    try:
        run([(array, ATTRIBUTES, "image")], tmp_path / "x", at, lambda: array.fill(7), verify=level)
    except LayerError as error:
        assert str(error).startswith("layer 'brain': It changed while it was exported. Nothing was written")  # noqa: PT017
        assert not list(tmp_path.iterdir())
    else:
        # Planes that were scanned first, and had all been used before the edit.
        assert (dtype, level) in (("float32", "off"), ("float32", "headers"))
        np.testing.assert_allclose(written(tmp_path / "x"), before, atol=0.01)


def test_large_planes_are_not_copied():
    array = scan("float32", LARGE)
    guarded = Guards().over(Volume(array, spacing=(1, 1, 1)), "it")
    assert all(np.shares_memory(read(guarded, slab), array) for slab in slabs(guarded))


@pytest.mark.parametrize("scanned", [False, True])
def test_a_large_plane_that_changes_while_it_is_used_is_noticed(scanned):
    """At the end, or as soon as it was used where it had been looked at before."""
    array, guards = scan("float32", LARGE), Guards()
    guards.scan_only(on=scanned)
    volume = guards.over(Volume(array, spacing=(1, 1, 1)), "it")
    plane = read(volume, slabs(volume)[0])[0]
    if scanned:
        with volume.steady(plane):
            pass
    guards.scan_only(on=False)
    with pytest.raises(LayerError, match="it: It changed"):  # noqa: PT012
        with volume.steady(plane):
            array[0, -1, -1] += 1
        assert not scanned
        guards.check_unchanged(lambda: None)


def test_a_large_plane_that_was_scanned_is_not_read_a_third_time():
    array, guards = scan("float32", LARGE), Guards()
    guards.scan_only(on=True)
    volume = guards.over(Volume(array, spacing=(1, 1, 1)), "it")
    planes = read(volume, slabs(volume)[0])
    for scanning in (True, False):
        guards.scan_only(on=scanning)
        for plane in planes:
            with volume.steady(plane):
                pass
    array.fill(0)
    guards.check_unchanged(lambda: None)


def test_large_planes_that_change_and_change_back_between_uses_are_noticed(tmp_path):
    array, edits = scan("float32", LARGE) / np.float32(7), []

    def progress(done, _total):
        if done in (3, 6) and done not in edits:
            edits.append(done)
            np.negative(array, out=array)

    with pytest.raises(ExportError, match="changed|differ"):
        export((array, ATTRIBUTES, "image"), tmp_path / "x", ExportOptions(workers=1), progress=progress)


@pytest.mark.parametrize("view", [np.s_[::-1], np.s_[:, ::-1], np.s_[:, :, ::2], np.s_[:, 1:, 3:]])
def test_large_planes_are_written_as_they_are(tmp_path, view):
    array = scan("int16", (3, 600, 900))[view]
    report = run([(array, ATTRIBUTES, "image")], tmp_path / "x")
    np.testing.assert_array_equal(written(report.path), array)
