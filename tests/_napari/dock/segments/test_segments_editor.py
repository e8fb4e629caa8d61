"""The table of segments as a user works it, judged by what stands in the file."""

from __future__ import annotations

from time import process_time

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLineEdit

from _napari.panels import activate, click, export, fix_button, read, settle, texts
from napari_dicom_writer import ExportOptions
from napari_dicom_writer._napari.dock.own.own_editor import OwnEditor
from napari_dicom_writer._napari.dock.segments.segment_model import NAME, SHOWS

NAMES = ["liver", "blob", "kidney"]


@pytest.fixture
def organs(viewer):
    """Labels on the scan, with names for three of four."""
    data = np.zeros(viewer.layers[0].data.shape, np.uint8)
    for label in (1, 2, 3, 7):
        data[label % 5, label : label + 2] = label
    scan = viewer.layers[0]
    features = {"index": [1, 2, 3], "name": NAMES}
    layer = viewer.add_labels(
        data, name="organs", features=features, scale=scan.scale, translate=scan.translate, units=scan.units
    )
    viewer.layers.selection = {scan, layer}
    return layer


def cells(panel, column: int) -> dict[int, str]:
    model = panel.own.segments.model
    return {model.row(r).segment.label: model.index(r, column).data() for r in range(model.rowCount())}


def row_of(model, label: int) -> int:
    (row,) = [r for r in range(model.rowCount()) if model.row(r).segment.label == label]
    return row


def select(panel, *labels: int) -> None:
    editor = panel.own.segments
    editor.view.clearSelection()
    for label in labels:
        row = row_of(editor.model, label)
        flags = editor.view.selectionModel().SelectionFlag
        editor.view.selectionModel().select(editor.model.index(row, 0), flags.Select | flags.Rows)


def segments(folder) -> dict[str, object]:
    seg = next(dataset for dataset in read(folder) if dataset.Modality == "SEG")
    return {item.SegmentLabel: item for item in seg.SegmentSequence if item.SegmentNumber}  # 0 is the background


def test_from_names_to_codes_in_the_file(viewer, organs, open_panel, qtbot, tmp_path):
    panel = open_panel(on_screen=True)
    # The button of the note leads to the first segment that nobody knows.
    click(qtbot, fix_button(panel, "Name segments…"))
    editor, details = panel.own.segments, panel.own.segments.details
    assert panel.preview.layer is organs
    assert cells(panel, NAME) == {1: "liver", 2: "blob", 3: "kidney", 7: "Label 7"}
    assert cells(panel, SHOWS) == {1: "Liver", 2: "Tissue ?", 3: "Kidney", 7: "Tissue ?"}
    assert editor.selected == [2]
    # A name in place, which says what it is.
    editor.model.setData(editor.model.index(row_of(editor.model, 7), NAME), "spleen")
    # A code by a few letters.
    activate(qtbot, viewer.window._qt_window)
    details.search.setFocus()
    qtbot.keyClicks(details.search, "right kidn")
    popup = details.search.completer().popup()
    assert popup.isVisible()
    qtbot.keyClick(popup, Qt.Key.Key_Down)
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    select(panel, 3)
    details.side.setCurrentIndex(details.side.findText("left"))
    details.side.activated.emit(details.side.currentIndex())
    select(panel, 1)
    assert details.category.currentText() == "Anatomical Structure"
    details.category.setCurrentText("Morphologically Abnormal Structure")
    details.category.activated.emit(details.category.currentIndex())
    select(panel, 1, 2, 3)
    assert details.category.currentText() == ""
    details.made.setCurrentIndex(details.made.findData("AUTOMATIC"))
    details.made.activated.emit(details.made.currentIndex())
    qtbot.keyClicks(details.program, "Net")
    settle(qtbot, panel)
    assert "is not known: coded as Tissue" not in texts(panel)
    assert cells(panel, SHOWS) == {1: "Liver", 2: "Kidney, right", 3: "Kidney, left", 7: "Spleen"}
    # It stays when another layer is looked at, and the layer itself knows nothing of it.
    panel.checklist._list.setCurrentRow(1)
    assert panel.preview.layer is viewer.layers[0]
    qtbot.waitUntil(panel.own.segments_fold.isHidden)
    panel.checklist._list.setCurrentRow(0)
    qtbot.waitUntil(lambda: cells(panel, SHOWS).get(7) == "Spleen")
    assert list(organs.features["name"]) == NAMES
    export(qtbot, panel)
    written = segments(tmp_path / "out")
    assert list(written) == ["liver", "blob", "kidney", "spleen"]
    categories = [item.SegmentedPropertyCategoryCodeSequence[0].CodeMeaning for item in written.values()]
    assert categories == ["Morphologically Abnormal Structure", *["Anatomical Structure"] * 3]
    types = {name: item.SegmentedPropertyTypeCodeSequence[0] for name, item in written.items()}
    assert [code.CodeMeaning for code in types.values()] == ["Liver", "Kidney", "Kidney", "Spleen"]
    sides = [types[n].SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning for n in ("blob", "kidney")]
    assert sides == ["Right", "Left"]
    assert [item.SegmentAlgorithmType for item in written.values()] == ["AUTOMATIC"] * 3 + ["SEMIAUTOMATIC"]
    assert [item.SegmentAlgorithmName for item in written.values()] == ["Net"] * 3 + ["unknown"]
    click(qtbot, editor.undo_button)
    settle(qtbot, panel)
    assert cells(panel, SHOWS) == {1: "Liver", 2: "Tissue ?", 3: "Kidney", 7: "Tissue ?"}


def test_a_table_is_loaded_searched_and_said_to_be_none(viewer, organs, open_panel, qtbot, tmp_path):
    panel = open_panel(on_screen=True)
    editor = panel.own.segments
    table = tmp_path / "table.csv"
    table.write_text("label,name\n2,aorta\n7,tibia left\n")
    panel.preview.choose(organs)
    settle(qtbot, panel)
    editor.load(organs, table)
    assert editor._below.text() == "table.csv names 2 segments, and not 2 of this layer's labels."
    settle(qtbot, panel)
    assert cells(panel, SHOWS) == {1: "Liver", 2: "Aorta", 3: "Kidney", 7: "Tibia, left"}
    assert [s.name for s in panel.plan.series[-1].segments] == ["liver", "aorta", "kidney", "tibia left"]
    editor.search.setText("tibia")
    assert list(cells(panel, NAME)) == [7]
    editor.search.setText("10200004")
    assert list(cells(panel, NAME)) == [1]
    editor.search.clear()
    (tmp_path / "none.csv").write_text("")
    editor.load(organs, tmp_path / "none.csv")
    assert "holds no segments" in editor._below.text()
    assert cells(panel, NAME)[2] == "aorta"
    organs.features.loc[0, "name"] = "spleen"  # in place
    organs.events.features()
    qtbot.waitUntil(lambda: cells(panel, SHOWS)[1] == "Spleen")
    # A plan that comes meanwhile writes over no name that is being typed.
    panel.own.segments_fold.open()
    activate(qtbot, viewer.window._qt_window)
    editor.view.edit(editor.model.index(1, NAME))
    name = editor.view.viewport().findChild(QLineEdit)
    qtbot.keyClicks(name, "spl")
    settle(qtbot, panel)
    assert name.text() == "spl"


def test_what_is_typed_of_a_layer_is_not_said_of_the_next(viewer, organs, open_panel, qtbot):
    """Another plugin may bring the next one in sight, whoever has the focus."""
    other = viewer.add_labels(organs.data, name="other", features=organs.features.copy(), scale=organs.scale)
    panel = open_panel(on_screen=True)
    editor = panel.own.segments
    viewer.layers.selection = {organs, other}
    panel.preview.choose(organs)
    panel.own.segments_fold.open()
    settle(qtbot, panel)
    activate(qtbot, viewer.window._qt_window)
    select(panel, 2)
    editor.details.program.setFocus()
    qtbot.keyClicks(editor.details.program, "Net")
    panel.preview.choose(other)
    assert not editor.selected
    assert editor.details.program.text() == ""
    panel.preview.choose(organs)
    editor.view.setCurrentIndex(editor.model.index(1, NAME))
    editor.view.edit(editor.view.currentIndex())
    qtbot.keyClicks(editor.view.viewport().findChild(QLineEdit), "aorta")
    panel.preview.choose(other)
    assert cells(panel, SHOWS)[2] == "Tissue ?"
    panel.preview.choose(organs)
    assert cells(panel, SHOWS)[2] == "Aorta"


def test_an_emptied_code_is_tissue_and_half_a_word_is_nothing(viewer, organs, open_panel, qtbot):
    panel = open_panel(on_screen=True)
    panel.preview.choose(organs)
    panel.own.segments_fold.open()
    settle(qtbot, panel)
    activate(qtbot, viewer.window._qt_window)
    select(panel, 1)
    line = panel.own.segments.details.search
    assert line.text() == "Liver (10200004, SCT)"
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "lobe")
    line.completer().popup().hide()
    panel.own.segments.load_button.setFocus()
    assert line.text() == "Liver (10200004, SCT)"
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "xyzzy")
    assert "No code" in line.accessibleDescription()
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    settle(qtbot, panel)
    assert cells(panel, SHOWS)[1] == "Tissue ?"
    assert "'liver'" in texts(panel)


def test_many_segments_stay_quick(viewer, qtbot):
    """Each look at 2,000 segments, and each letter of a search, takes little of the viewer's own time."""
    names = {"index": np.arange(1, 2001), "name": [f"cell {n}" for n in range(1, 2001)]}
    layer = viewer.add_labels(np.ones((2, 3), np.uint16), name="cells", features=names)
    own = OwnEditor()
    qtbot.addWidget(own)
    own.show_layer(layer, ExportOptions())
    start = process_time()
    own.show_layer(layer, ExportOptions())
    own.segments.search.setText("cell 1711")
    assert own.segments.model.count == (1, 2000)
    assert process_time() - start < 0.5
    layer.features = {"index": [1], "name": ["liver"]}
    own.segments.search.clear()
    own.show_layer(layer, ExportOptions())
    assert own.segments.model.count == (1, 1)


def test_regions_that_are_drawn_are_named(viewer, open_panel, qtbot, tmp_path):
    scan = viewer.layers[0]
    square = np.array([[1, 2, 2], [1, 2, 6], [1, 6, 6], [1, 6, 2]], float)
    shapes = viewer.add_shapes([square], name="mine", scale=scan.scale, translate=scan.translate, units=scan.units)
    viewer.layers.selection = {scan, shapes}
    panel = open_panel()
    panel.checklist._list.setCurrentRow(0)
    settle(qtbot, panel)
    assert cells(panel, NAME) == {1: "mine"}
    panel.own.segments.model.setData(panel.own.segments.model.index(0, NAME), "left kidney")
    settle(qtbot, panel)
    export(qtbot, panel)
    plan = next(dataset for dataset in read(tmp_path / "out") if dataset.Modality == "RTSTRUCT")
    assert plan.StructureSetROISequence[0].ROIName == "left kidney"
    code = plan.RTROIObservationsSequence[0].RTROIIdentificationCodeSequence[0]
    assert code.CodeMeaning == "Kidney"
