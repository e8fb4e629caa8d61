"""Refusals and assumptions, settled by their buttons."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pydicom

import napari_dicom_writer
from _napari.panels import click, export, fix_button, read, settle, texts
from napari_dicom_writer import ExportOptions, Patient, Series, Volume
from napari_dicom_writer import export as write
from napari_dicom_writer import read as opened
from napari_dicom_writer._napari.dock.axes.layer_editor import NAMES
from napari_dicom_writer._napari.dock.own.own_editor import SEGMENTS


def test_a_refusal_is_shown_and_settled_by_its_button(viewer, open_panel, qtbot, tmp_path):
    values = np.linspace(0, 1, 6 * 14 * 10, dtype=np.float32).reshape(6, 14, 10)
    values[0, 0, :3] = np.nan
    viewer.layers[0].data = values
    panel = open_panel()
    assert "It holds 3 NaN values" in texts(panel)
    assert not panel.controls.export_button.isEnabled()
    click(qtbot, fix_button(panel, "Fill with 0"))
    settle(qtbot, panel)
    assert "3 NaN values replaced by 0" in texts(panel)
    export(qtbot, panel)
    assert len(read(tmp_path / "out")) == 6


def test_a_sheared_layer_is_resampled_by_a_click(viewer, open_panel, qtbot):
    viewer.layers[0].shear = [0.2, 0, 0]
    panel = open_panel()
    assert "off a right angle" in panel.controls.status
    click(qtbot, fix_button(panel, "Resample"))
    settle(qtbot, panel)
    assert "Resampled, because" in texts(panel)
    assert panel.controls.export_button.isEnabled()


def test_the_unit_button_leads_to_the_field(viewer, open_panel, qtbot):
    viewer.layers[0].units = ("pixel",) * 3
    panel = open_panel()
    assert "Unit `pixel` taken as mm" in texts(panel)
    click(qtbot, fix_button(panel, "Set unit…"))
    field = panel.form.field("pixel_unit")
    assert not field.native.isHidden()
    field.value = "um"
    settle(qtbot, panel)
    assert "Unit `pixel` taken as um" in texts(panel)
    assert panel.plan.series[0].grid.pixel_spacing == ("0.0007", "0.0008")


def test_labels_painted_on_what_was_opened_go_into_its_study_by_a_click(viewer, open_panel, qtbot, tmp_path):
    options = ExportOptions(modality="MR", patient=Patient(name="Doe^Jane", id="7"))
    source = write(Volume(np.zeros((6, 14, 10), np.int16), spacing=(2, 1, 1), name="scan"), tmp_path / "in", options)
    viewer.layers.clear()
    ((data, attributes, _),) = opened(source.path)
    scan = viewer.add_image(data, **attributes)
    painted = viewer.add_labels(np.eye(14, 10, dtype=np.uint8)[None].repeat(6, 0), name="lesion", scale=scan.scale)
    viewer.layers.selection = {painted}
    panel = open_panel()
    assert "“scan” was opened from DICOM, and this may belong to its study" in texts(panel)
    click(qtbot, fix_button(panel, "Write into its study"))
    settle(qtbot, panel)
    assert "may belong to its study" not in texts(panel)
    export(qtbot, panel)
    found = pydicom.dcmread(panel.report.path)
    assert (str(found.PatientName), found.StudyInstanceUID) == ("Doe^Jane", source.plan.study.uid)
    assert len(found.ReferencedSeriesSequence) == 1


def test_what_was_opened_goes_into_its_study_by_a_click(viewer, open_panel, qtbot, tmp_path):
    options = ExportOptions(patient=Patient(name="Doe^Jane", id="7"), series=Series(number="3"))
    source = write(Volume(np.zeros((6, 14, 10), np.int16), spacing=(2, 1, 1), name="scan"), tmp_path / "in", options)
    viewer.layers.clear()
    ((data, attributes, _),) = opened(source.path)
    viewer.add_image(data, **attributes)
    panel = open_panel()
    assert "is written as a new study of nobody" in texts(panel)
    click(qtbot, fix_button(panel, "Write into its study"))
    settle(qtbot, panel)
    assert "The reference is the series that the layer was opened from" in texts(panel)
    export(qtbot, panel)
    assert {(str(d.PatientName), int(d.SeriesNumber), len(d.SourceImageSequence)) for d in read(tmp_path / "out")} == {
        ("Doe^Jane", 301, 1)
    }


def named_options() -> set[str]:
    """What any remedy in the source sets or leads to."""
    calls = [
        node
        for path in Path(napari_dicom_writer.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Fix"
    ]
    return {ast.literal_eval(call.args[0]) for call in calls if isinstance(call.args[0], ast.Constant)}


def test_every_remedy_leads_to_something_to_edit(open_panel):
    panel = open_panel()
    named = named_options()
    assert {"same_space", "axes", "segments", "nan"} <= named
    for name in named - {SEGMENTS, *NAMES}:
        assert panel.form.field(name), name


def test_a_result_beside_its_source_gets_a_space_of_its_own_by_a_click(viewer, open_panel, qtbot, tmp_path):
    options = ExportOptions(modality="MR", patient=Patient(name="Doe^Jane", id="7"))
    source = write(Volume(np.zeros((6, 14, 10), np.int16), spacing=(2, 1, 1)), tmp_path / "in", options).plan.study
    panel = open_panel()
    panel.form.field("reference").value = tmp_path / "in"
    settle(qtbot, panel)
    assert panel.plan.study.frame_of_reference_uid == source.frame_of_reference_uid
    click(qtbot, fix_button(panel, "New space"))
    settle(qtbot, panel)
    assert panel.plan.study.uid == source.uid
    assert panel.plan.study.frame_of_reference_uid != source.frame_of_reference_uid


def test_of_labels_no_modality_is_asked(viewer, open_panel, qtbot):
    labels = viewer.add_labels(np.ones((6, 14, 10), np.uint8), name="mask", scale=viewer.layers[0].scale)
    viewer.layers.select_all()
    panel = open_panel()
    panel._source_modality = "CT"  # of the file that the patient was copied from
    settle(qtbot, panel)
    assert "copied from a CT" in texts(panel)
    viewer.layers.selection = {labels}
    settle(qtbot, panel)
    assert "copied from a CT" not in texts(panel)
