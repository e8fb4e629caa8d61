"""What was exported comes back into the viewer, where the layer is and with its values."""

from __future__ import annotations

import threading

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager

from napari_dicom_writer import ExportOptions, export
from napari_dicom_writer._napari.dock.work import load_back as show
from napari_dicom_writer._napari.dock.work.load_back import SeriesLoader, show_in_viewer


@pytest.fixture
def viewer():
    """A viewer without a window, which opens sooner."""
    return ViewerModel()


def add(viewer, data, **attributes):
    return viewer.add_image(data, **{"name": "scan", "units": ("mm",) * 3, "scale": (2.5, 0.7, 0.8), **attributes})


def scan(shape=(6, 20, 30), dtype="int16"):
    return np.random.default_rng(2).integers(0, 999, shape).astype(dtype)


def shown(viewer, qtbot, folder):
    loader = show_in_viewer(viewer, folder, None)
    with qtbot.waitSignal(loader.shown) as waiting:
        pass
    return waiting.args[0]


def corners(layer):
    """World place of the first and the last voxel, mm."""
    last = np.array(layer.data.shape[: layer.ndim]) - 1
    return [np.array(layer.data_to_world(index)) for index in (0 * last, last)]


def test_contours_come_back_as_shapes(viewer, qtbot, tmp_path):
    image = add(viewer, scan())
    square = np.array([(2, 3, 4), (2, 3, 14), (2, 12, 14), (2, 12, 4.0)])
    place = {key: image.as_layer_data_tuple()[1][key] for key in ("scale", "units")}
    drawn = (square[np.newaxis], {**place, "name": "organ", "shape_type": "polygon"}, "shapes")
    _, layer = shown(viewer, qtbot, export([image.as_layer_data_tuple(), drawn], tmp_path / "x").path)
    assert layer.name == "organ (DICOM)"
    np.testing.assert_allclose(layer.data[0], square, atol=1e-4)


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")  # napari's own, of rotated layers
@pytest.mark.parametrize("eager", [True, False])
@pytest.mark.parametrize(
    "place",
    [
        {},
        {"translate": (5, -6, 7)},
        {"rotate": (10, 20, 30)},
        {"scale": (-2.5, 0.7, 0.8)},
        {"units": ("um", "um", "um")},
    ],
    ids=str,
)
def test_it_lies_on_the_layer(viewer, qtbot, tmp_path, monkeypatch, eager, place):
    monkeypatch.setattr(show, "_EAGER_BYTES", 2**29 if eager else 0)
    image = add(viewer, scan(), contrast_limits=(100, 500), colormap="viridis", **place)
    report = export([image.as_layer_data_tuple()], tmp_path / "x")
    (layer,) = shown(viewer, qtbot, report.path)
    assert viewer.layers[-1] is layer
    assert layer.name == "scan (DICOM)"
    assert layer.colormap.name == "gray"
    np.testing.assert_allclose(layer.contrast_limits, (100, 500), atol=1)
    assert isinstance(layer.data, np.ndarray if eager else da.Array)
    # A left-handed layer is written in reversed plane order.
    flipped = "scale" in place
    np.testing.assert_array_equal(np.asarray(layer.data)[:: -1 if flipped else 1], image.data)
    millimeters = 1e-3 if "units" in place else 1
    expected = [corner * millimeters for corner in corners(image)]
    found = corners(layer)
    if flipped:
        expected = [[expected[1 - i][0], *expected[i][1:]] for i in (0, 1)]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_layer_in_pixels_and_its_copy_in_millimeters(viewer, qtbot, tmp_path):
    image = add(viewer, scan(), units=("pixel",) * 3)
    (layer,) = shown(viewer, qtbot, export([image.as_layer_data_tuple()], tmp_path / "x").path)
    np.testing.assert_allclose(corners(layer), corners(image))


@pytest.mark.parametrize("eager", [True, False])
def test_movies_channels_and_colors(viewer, qtbot, tmp_path, monkeypatch, eager):
    monkeypatch.setattr(show, "_EAGER_BYTES", 2**29 if eager else 0)
    data = scan((2, 3, 4, 20, 30))
    units = ("s", "pixel", "mm", "mm", "mm")
    image = add(viewer, data, axis_labels=("t", "c", "z", "y", "x"), units=units, scale=(1.5, 1, 2, 1, 1))
    layers = shown(viewer, qtbot, export([image.as_layer_data_tuple()], tmp_path / "x").path)
    assert len(layers) == 3
    for channel, layer in enumerate(layers):
        np.testing.assert_array_equal(np.asarray(layer.data), data[:, channel])
        assert layer.scale[0] == 1.5
    colors = scan((4, 40, 50, 3), "uint8")
    image = add(viewer, colors, rgb=True, name="slide")
    (layer,) = shown(viewer, qtbot, export([image.as_layer_data_tuple()], tmp_path / "y").path)
    assert layer.rgb
    np.testing.assert_array_equal(np.asarray(layer.data), colors)


@pytest.mark.parametrize("shape", [(10, 20, 1), (10, 1, 20), (1, 20, 30), (20, 30)])
def test_thin_ones(viewer, qtbot, tmp_path, shape):
    image = add(viewer, scan(shape), units=("mm",) * len(shape), scale=(1.0,) * len(shape))
    (layer,) = shown(viewer, qtbot, export([image.as_layer_data_tuple()], tmp_path / "x").path)
    np.testing.assert_array_equal(np.squeeze(layer.data), np.squeeze(image.data))


def test_floats_come_back_within_the_error_that_was_announced(viewer, qtbot, tmp_path):
    image = add(viewer, scan(dtype="float32") / 7)
    report = export([image.as_layer_data_tuple()], tmp_path / "x", ExportOptions(modality="CT"))
    (layer,) = shown(viewer, qtbot, report.path)
    error = report.plan.series[0].stored.largest_error
    assert np.abs(layer.data - image.data).max() <= error * 1.001


def test_lazy_planes_are_read_one_at_a_time(viewer, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(show, "_EAGER_BYTES", 0)
    image = add(viewer, scan())
    (layer,) = shown(viewer, qtbot, export([image.as_layer_data_tuple()], tmp_path / "x").path)
    assert layer.data.chunks[0] == (1,) * 6
    assert layer.data.chunks[1:] == ((20,), (30,))


def test_what_is_not_there_becomes_a_notification(viewer, qtbot, tmp_path):
    notification_manager.records.clear()
    loader = show_in_viewer(viewer, tmp_path / "gone", None)
    with qtbot.waitSignal(loader.failed):
        pass
    (record,) = notification_manager.records
    assert record.severity.value == "error"
    assert record.message.startswith("DICOM: There is no such folder or file")
    assert not viewer.layers


def test_a_viewer_closed_meanwhile_gets_nothing(make_napari_viewer, qtbot, tmp_path, monkeypatch):
    viewer = make_napari_viewer()
    reached, go = threading.Event(), threading.Event()
    real = show.read_series

    def read_series(folder):
        reached.set()
        assert go.wait(60)
        return real(folder)

    monkeypatch.setattr(show, "read_series", read_series)
    image = add(viewer, scan())
    report = export([image.as_layer_data_tuple()], tmp_path / "x")
    show_in_viewer(viewer, report.path, viewer.window._qt_window)
    qtbot.waitUntil(reached.is_set)
    threading.Timer(0.2, go.set).start()  # while closing waits for the thread
    viewer.close()
    qtbot.waitUntil(lambda: not any(t.name == "napari-dicom-writer" for t in threading.enumerate()))
    qtbot.wait(100)
    assert len(viewer.layers) <= 1


def test_it_can_be_cancelled(viewer, qtbot, tmp_path):
    image = add(viewer, scan((300, 20, 30)))
    report = export([image.as_layer_data_tuple()], tmp_path / "x", ExportOptions(verify="off"))
    loader = SeriesLoader(viewer)
    loader.load(report.path)
    loader.cancel()
    with qtbot.assertNotEmitted(loader.shown, wait=200):
        qtbot.waitUntil(lambda: not loader.running)
    assert len(viewer.layers) == 1
