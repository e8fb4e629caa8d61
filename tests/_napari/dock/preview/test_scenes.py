"""Whatever moves labels on their way into a file moves them in the preview: both are compared, place by place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from napari.layers import Image, Labels

from napari_dicom_writer import ExportOptions, LayerOptions, export, plan_export
from napari_dicom_writer._napari.dock.preview.overlay import read_marks
from napari_dicom_writer._napari.dock.preview.scenes import Scenes
from napari_dicom_writer._napari.dock.preview.sections import read_sections
from napari_dicom_writer.exporting import place_layer
from napari_dicom_writer.layers.inputs import tuple_of

if TYPE_CHECKING:
    from napari_dicom_writer._napari.dock.preview.view import View

SHAPE = (5, 8, 6)
MM = {"units": ("mm",) * 3}
PLACE = {"scale": (2.5, 0.7, 0.8), "translate": (10, -20, 30), **MM}


def labels_of(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(7).choice(np.array((0, 0, 2, 5), np.uint8), shape)


def shown(layers: list, options: ExportOptions) -> tuple[View, dict[int, np.ndarray]]:
    """What is to be seen of the first layer, and the labels in each section of it."""

    def place(layer):
        return place_layer(tuple_of(layer), options)

    scenes = Scenes(place)
    scenes.take(plan_export(list(map(tuple_of, layers)), options), layers)
    view = scenes.view(layers[0], place(layers[0]))
    (overlay,) = view.overlays
    table = np.array([0, *(segment.label for segment in overlay.segments)])
    marks = dict(read_marks(overlay, view.through, 192, lambda: None))
    assert view.grid == view.overlays[0].shown[0]
    return view, {normal: table[found.numbers] for normal, found in marks.items()}


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")  # of napari, which shows such layers straight
@pytest.mark.parametrize(
    ("image", "labels", "options"),
    [
        (PLACE, PLACE, {}),
        (PLACE, PLACE, {"world": "RAS"}),
        (PLACE, PLACE, {"planes": "coronal"}),
        (PLACE | {"scale": (-2.5, 0.7, -0.8)}, PLACE | {"scale": (-2.5, 0.7, -0.8)}, {}),
        (PLACE | {"rotate": (20, 10, -30)}, PLACE | {"rotate": (20, 10, -30)}, {}),
        (PLACE | {"shear": (0.3, 0, 0)}, PLACE | {"shear": (0.3, 0, 0)}, {"shear": "resample"}),
        (PLACE, PLACE | {"scale": (2.5, -0.7, 0.8), "translate": (10, -20 + 7 * 0.7, 30)}, {}),
        (PLACE, PLACE | {"scale": (2.0, 0.9, 1.1)}, {"resample_labels": "nearest"}),
        (PLACE, PLACE | {"rotate": (10, 0, 0)}, {"resample_labels": "nearest"}),
    ],
)
def test_labels_are_seen_where_they_are_written(tmp_path, image, labels, options):
    chosen = ExportOptions(segmentation_type="labelmap", **options)
    values = np.random.default_rng(1).integers(0, 100, SHAPE, np.int16)
    layers = [Image(values, name="scan", **image), Labels(labels_of(SHAPE), name="organs", **labels)]
    view, sections = shown(layers, chosen)
    path = export(list(map(tuple_of, layers)), tmp_path / "out", chosen).path
    written = next(d for d in map(pydicom.dcmread, path.rglob("*.dcm")) if d.Modality == "SEG")
    frames = {
        tuple(np.round(np.array(group.PlanePositionSequence[0].ImagePositionPatient, float), 3)): frame
        for group, frame in zip(written.PerFrameFunctionalGroupsSequence, written.pixel_array, strict=True)
    }
    planes, rows, columns = view.volume.shape
    positions = [view.grid.affine() @ (plane, 0, 0, 1) for plane in range(planes)]
    volume = np.stack([frames[tuple(np.round(place[:3], 3))] for place in positions])
    assert volume.shape == (planes, rows, columns)
    plane, row, column = view.through
    np.testing.assert_array_equal(sections[0], volume[plane])
    np.testing.assert_array_equal(sections[1], volume[:, row])
    np.testing.assert_array_equal(sections[2], volume[:, :, column])
    assert any(section.any() for section in sections.values())


def test_the_first_time_point_is_seen_over_the_first():
    place = {"scale": (1, 2.5, 0.7, 0.8), "units": ("s", "mm", "mm", "mm"), "axis_labels": ("t", "z", "y", "x")}
    values = labels_of((3, *SHAPE))
    layers = [Image(values.astype(np.int16), name="scan", **place), Labels(values, name="organs", **place)]
    view, sections = shown(layers, ExportOptions())
    np.testing.assert_array_equal(sections[0], values[0, view.through[0]])


def test_a_colored_picture_has_its_labels():
    place = {"scale": (0.7, 0.8), "units": ("mm", "mm")}
    values = labels_of(SHAPE[1:])
    layers = [Image(np.zeros((*values.shape, 3), np.uint8), rgb=True, **place), Labels(values, **place)]
    _, sections = shown(layers, ExportOptions())
    np.testing.assert_array_equal(sections[0], values)


def test_labels_of_a_series_on_disk_are_seen_over_it(tmp_path):
    values = np.random.default_rng(1).integers(0, 100, SHAPE, np.int16)
    source = export(tuple_of(Image(values, name="scan", **PLACE)), tmp_path / "in").path
    options = ExportOptions(reference=source)
    labels = Labels(labels_of(SHAPE)[1:], name="organs", **PLACE | {"translate": (12.5, -20, 30)})

    def place(layer):
        return place_layer(tuple_of(layer), options)

    scenes = Scenes(place)
    scenes.take(plan_export(tuple_of(labels), options), [labels])
    view, again = (scenes.view(labels, place(labels), options.reference) for _ in range(2))
    assert view.volume.array is again.volume.array
    assert view.volume.shape == SHAPE
    sections = dict(read_sections(view.volume, through=view.through))
    np.testing.assert_array_equal(sections[0], values[view.through[0]])
    np.testing.assert_array_equal(sections[1], values[:, view.through[1]])
    other = scenes.view(labels, place(labels))
    assert not other.volume.array[:].any()  # black: nobody says where it is


@pytest.mark.parametrize("alone", [False, True])
def test_fractions_are_seen_as_they_are_written(tmp_path, alone):
    fractions = np.random.default_rng(2).random((3, *SHAPE)).astype(np.float32)
    fractions[1] = 0  # no segment
    scan = Image(np.random.default_rng(1).integers(0, 100, SHAPE, np.int16), name="scan", **PLACE)
    labels = ("channel", "z", "y", "x")
    place = {"scale": (1, *PLACE["scale"]), "translate": (0, *PLACE["translate"]), "axis_labels": labels}
    probabilities = Image(fractions[:, ::-1], name="probabilities", units=("pixel", *MM["units"]), **place)
    probabilities.scale, probabilities.translate = (1, -2.5, 0.7, 0.8), (0, 20, -20, 30)
    own = {"object": "segmentation", "segmentation_type": "fractional"}
    layers = [probabilities] if alone else [scan, probabilities]
    options = ExportOptions(**own) if alone else ExportOptions()
    told = [tuple_of(one) if one is scan else (tuple_of(one), LayerOptions(**own)) for one in layers]
    scenes = Scenes(lambda layer: place_layer(tuple_of(layer), options))
    scenes.take(plan_export(told, options), layers)
    view = scenes.view(layers[0], place_layer(tuple_of(layers[0]), options))
    (overlay,) = view.overlays
    path = export(told, tmp_path / "out", options).path
    paths = [path] if alone else path.rglob("*.dcm")
    written = next(d for d in map(pydicom.dcmread, paths) if d.Modality == "SEG")
    found = np.zeros((2, *SHAPE))
    for frame, group in zip(written.pixel_array, written.PerFrameFunctionalGroupsSequence, strict=True):
        height = group.PlanePositionSequence[0].ImagePositionPatient[2]
        plane = round((float(height) - view.grid.affine()[2, 3]) / view.grid.affine()[2, 0])
        found[group.SegmentIdentificationSequence[0].ReferencedSegmentNumber - 1, plane] = frame
    assert set(written.pixel_array.flat) > {3, 200}
    for normal, marks in read_marks(overlay, view.through, 192, lambda: None):
        section = found.take(view.through[normal], axis=normal + 1)
        np.testing.assert_array_equal(marks.steps, section.max(axis=0))
        np.testing.assert_array_equal(marks.numbers, np.where(section.any(axis=0), section.argmax(axis=0) + 1, 0))
