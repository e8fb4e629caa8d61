"""Options of one layer's own: given by the line of the layer, seen, and taken back."""

from __future__ import annotations

import pytest

from _napari.panels import click, export, fix_button, read, settle
from napari_dicom_writer._napari.dock.form.members import own_members
from napari_dicom_writer.options.layer import own_options


def reached(first, last):
    """Widgets in the order of Tab."""
    widgets = [first]
    while widgets[-1] is not last:
        widgets.append(widgets[-1].nextInFocusChain())
    return widgets


OWN = [name for members in own_members().values() for name, _, _ in members]


def test_every_option_that_a_layer_may_have_is_offered():
    assert {name.partition(".")[0] for name in OWN} == set(own_options()) - {
        "segments",
        "attributes",
    }  # which have editors of their own


@pytest.fixture
def two(viewer):
    scan = viewer.layers[0]
    other = viewer.add_image(scan.data, name="other", scale=scan.scale, translate=scan.translate, units=scan.units)
    viewer.layers.selection = {scan, other}
    return scan, other


def test_a_layer_has_its_own_until_it_is_taken_back(viewer, two, open_panel, qtbot, tmp_path):
    scan, other = two
    panel = open_panel()
    own = panel.own
    panel.checklist._list.setCurrentRow(0)
    assert panel.preview.layer is other
    own.options.give(other, "series.description").value = "Only other"
    own.options.give(other, "modality").value = "MR"
    backs = own.options._pages[other].backs
    order = [own.options.field(other, "series.description").native, backs["series.description"]]
    order += [own.options.field(other, "modality").native, backs["modality"], own.options.add_button]
    assert [widget for widget in reached(order[0], order[-1]) if widget in order] == order
    settle(qtbot, panel)
    assert [(s.description, s.modality) for s in panel.plan.series] == [("scan", "OT"), ("Only other", "MR")]
    assert own.options_fold._told == "description: Only other · modality: MR, magnetic resonance"
    assert panel.form._labels["modality"].text() == "Modality *"
    assert "“other”" in panel.form._labels["modality"].toolTip()
    entry = own.options.give(other, "attributes").entry
    entry.keyword.setText("FlipAngle")
    entry.value.setText("12")
    entry.set_button.click()
    # It stays with its layer.
    panel.preview.choose(scan)
    settle(qtbot, panel)
    assert own.options_fold._told == "all options as below"
    panel.preview.choose(other)
    assert own.options.field(other, "series.description").value == "Only other"
    assert panel.losses() == ["What you said of single layers and their segments has not been exported."]
    export(qtbot, panel)
    assert panel.losses() == []
    written = read(tmp_path / "out")
    assert {d.SeriesDescription: d.Modality for d in written} == {"scan": "OT", "Only other": "MR"}
    assert {d.SeriesDescription: d.get("FlipAngle") for d in written} == {"scan": None, "Only other": 12}
    backs["modality"].click()
    settle(qtbot, panel)
    assert [s.modality for s in panel.plan.series] == ["OT", "OT"]
    assert panel.form._labels["modality"].text() == "Modality"


def test_an_empty_text_is_one_of_its_own(viewer, two, open_panel, qtbot):
    panel = open_panel()
    panel.form.field("series.description").value = "T1"
    panel.own.options.give(two[1], "series.description").value = ""
    settle(qtbot, panel)
    assert [series.description for series in panel.plan.series] == ["T1 scan", "other"]
    assert panel.own.options.summary(two[1]) == "description: –"
    assert panel.own.options.field(two[1], "series.description").native.placeholderText() == "the layer's name"


def test_what_is_wrong_is_said_and_places_nothing_anew(viewer, two, open_panel, qtbot):
    _, other = two
    panel = open_panel()
    panel.preview.choose(other)
    panel.own.options_fold.open()
    settle(qtbot, panel)
    panel.own.options.give(other, "pixel_unit").value = "apple"
    qtbot.waitUntil(lambda: "apple" in panel.controls.status)
    assert panel.plan is None
    assert panel.own.options.summary(other).startswith("⚠")
    assert panel.checklist.checked == list(two)
    panel.own.options.take_back(other, "pixel_unit")
    settle(qtbot, panel)
    assert panel.plan is not None


def test_a_remedy_goes_to_the_layer_that_has_the_option_for_itself(viewer, open_panel, qtbot):
    scan = viewer.layers[0]
    labels = viewer.add_labels(
        (scan.data > 0).astype("u1"), name="mask", scale=scan.scale, translate=scan.translate, units=scan.units
    )
    viewer.layers.selection = {scan, labels}
    panel = open_panel()
    panel.own.options.give(labels, "segmentation_type")
    settle(qtbot, panel)
    click(qtbot, fix_button(panel, "Write the other"))
    settle(qtbot, panel)
    assert panel.form.field("segmentation_type").value == "auto"
    assert panel.own.options.field(labels, "segmentation_type").value == "binary"
    assert panel.plan.series[1].stored.masks
    viewer.layers.remove(labels)
    settle(qtbot, panel)
    assert panel.plan.instances == scan.data.shape[0]
