"""Layers are placed while the user types: only those that something changed."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import LayerList
from napari.layers import Image, Labels

from napari_dicom_writer import ExportOptions, Patient, exporting, plan_export
from napari_dicom_writer._napari.dock.axes.edits import LayerEdits
from napari_dicom_writer._napari.dock.checklist.layer_state import layer_tuple
from napari_dicom_writer._napari.dock.preview.placing import Places
from napari_dicom_writer._napari.dock.preview.preview_panel import PreviewPanel

FLAT = (1e-30, 1, 1)  # planes that nothing tells apart, and no option can help


class Counting(Image):
    """Counts how often it was asked what it is."""

    asked = 0

    def as_layer_data_tuple(self):
        self.asked += 1
        if self.name == "broken":
            raise ZeroDivisionError("that none foresaw")
        return super().as_layer_data_tuple()


@pytest.fixture
def layers():
    return LayerList([Counting(np.zeros((3, 4, 5), np.uint8), name=str(i)) for i in range(3)])


@pytest.fixture
def places(layers, qtbot):
    preview = PreviewPanel()
    qtbot.addWidget(preview)
    preview.offer(list(layers), [layers[0]])
    return Places(layers, preview, LayerEdits())


def test_a_patient_moves_nothing(layers, places):
    places.refresh(ExportOptions())
    asked = [layer.asked for layer in layers]
    places.refresh(ExportOptions(patient=Patient(name="Doe^Jane")))
    assert [layer.asked for layer in layers] == [asked[0] + 1, *asked[1:]]  # the first is in the preview


def test_an_option_that_moves_one_moves_all(layers, places):
    layers[2].shear = [0.2, 0, 0]
    layers[1].scale = FLAT
    refused = places.refresh(ExportOptions())
    assert list(refused) == [layers[1]]  # the sheared one has a remedy
    before = [layer.asked for layer in layers]
    places.refresh(ExportOptions(world="RAS"))
    assert all(layer.asked > earlier for layer, earlier in zip(layers, before, strict=True))


def test_a_layer_that_was_edited_is_placed_anew(layers, places):
    assert not places.refresh(ExportOptions())
    layers[1].scale = FLAT
    places.forget(layers[1])
    assert list(places.refresh(ExportOptions())) == [layers[1]]


def test_what_lies_on_the_image_in_sight_is_placed_once(layers, places, monkeypatch):
    """With every key stroke otherwise, and there may be a hundred."""
    labels = [Labels(np.full((3, 4, 5), n + 1, np.uint8), name=f"labels {n}") for n in range(3)]
    layers.extend(labels)
    exported = [layers[0], *labels]
    places.take_plan(plan_export([layer_tuple(layer) for layer in exported]), exported)
    places.refresh(ExportOptions())
    placed, place = [], exporting.place_layer
    monkeypatch.setattr(
        exporting, "place_layer", lambda told, *rest: placed.append(told[1]["name"]) or place(told, *rest)
    )
    places.refresh(ExportOptions(patient=Patient(name="Doe^Jane")))
    assert placed == ["0"]
    places.forget(labels[1])
    places.refresh(ExportOptions())
    assert placed.count("labels 1") > placed.count("labels 0") == 0
    places.refresh(ExportOptions(world="RAS"))
    assert {"labels 0", "labels 2"} < set(placed)


def test_layers_come_and_go(layers, places):
    places.refresh(ExportOptions())
    late = Counting(np.zeros((3, 4, 5), np.uint8), scale=FLAT)
    layers.append(late)
    assert list(places.refresh(ExportOptions())) == [late]
    layers.remove(late)
    assert not places.refresh(ExportOptions())


def test_a_fault_is_told_in_place(layers, places):
    layers[2].name = "broken"
    refused = places.refresh(ExportOptions())
    assert "ZeroDivisionError" in refused[layers[2]].what
