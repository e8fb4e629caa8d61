"""The dock widget as a user works it: real clicks, from opening to a judged series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QHelpEvent, QWheelEvent
from qtpy.QtWidgets import QApplication, QLabel, QPushButton, QTableView, QWidget

from judges.readers import dciodvfy, dicom_files, dicom_validator
from napari_dicom_writer import Modality, Patient, Study
from napari_dicom_writer._napari import preferences
from napari_dicom_writer._napari.dock.form.form import GROUPS, _members_of
from napari_dicom_writer._napari.dock.reference.copy_dialog import Copied, CopyDialog

PLUGIN = "napari-dicom-writer"
PATIENT = ("Quirrell^Zebediah", "PID-77-31337", "19630221")


@pytest.fixture
def viewer(make_napari_viewer):
    viewer = make_napari_viewer()
    rng = np.random.default_rng(4)
    viewer.add_image(
        rng.integers(-1000, 2000, (6, 14, 10), dtype=np.int16),
        name="scan",
        scale=(2.5, 0.7, 0.8),
        translate=(10, -20, 30),
        units=("mm", "mm", "mm"),
    )
    return viewer


@pytest.fixture
def open_panel(viewer, settings, tmp_path, qtbot):
    """Open the widget the way the menu does, and wait for its first plan."""

    def opened(path: str | None = "out"):
        _, widget = viewer.window.add_plugin_dock_widget(PLUGIN, "Export to DICOM…")
        panel = widget.panel
        if path:
            panel.target.set_path(str(tmp_path / path))
        settle(qtbot, panel)
        return panel

    return opened


def settle(qtbot, panel) -> None:
    """Wait until what was changed last is planned."""
    with qtbot.waitSignal(panel.planner.planned, timeout=10_000, raising=False):
        panel.planner.request()


def texts(panel) -> str:
    return "\n".join(message.text for message in panel.preflight.messages)


def click(qtbot, button: QWidget) -> None:
    assert button.isEnabled(), button
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def fix_button(panel, label: str) -> QPushButton:
    return next(b for b in panel.preflight.findChildren(QPushButton) if b.text() == label and not b.isHidden())


def export(qtbot, panel):
    with qtbot.waitSignal(panel.run.finished, timeout=30_000):
        click(qtbot, panel.controls.export_button)
    return panel.report


def read(folder: Path) -> list[pydicom.FileDataset]:
    return sorted(map(pydicom.dcmread, folder.rglob("*.dcm")), key=lambda d: d.InstanceNumber)


def assert_is_the_scan(folder: Path, layer) -> None:
    datasets = read(folder)
    assert [float(v) for v in datasets[0].ImagePositionPatient] == [30, -20, 10]
    assert [float(v) for v in datasets[0].PixelSpacing] == [0.7, 0.8]
    np.testing.assert_array_equal(np.stack([d.pixel_array for d in datasets]), layer.data)


def test_from_opening_to_a_judged_series(viewer, open_panel, qtbot, tmp_path):
    panel = open_panel()
    assert panel.controls.status.startswith("Ready: 1 series · 6 instances")
    panel.form.reveal("patient.name")
    qtbot.keyClicks(panel.form.field("series.description").native, "Denoised")
    panel.form.field("modality").value = Modality.CT
    settle(qtbot, panel)
    assert "taken as Hounsfield units" in texts(panel)
    report = export(qtbot, panel)
    assert report.path == tmp_path / "out"
    assert_is_the_scan(tmp_path / "out", viewer.layers[0])
    assert {d.SeriesDescription for d in read(tmp_path / "out")} == {"Denoised"}
    errors, _ = dciodvfy(dicom_files(tmp_path / "out"))
    assert not errors
    assert not dicom_validator(dicom_files(tmp_path / "out"))
    assert "Every voxel and every header read back" in texts(panel)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_what_was_written_can_be_laid_over_the_layer(viewer, open_panel, qtbot):
    panel = open_panel()
    report = export(qtbot, panel)
    buttons = {b.text(): b for b in panel.report_actions.findChildren(QPushButton)}
    click(qtbot, buttons["Copy report"])
    assert QApplication.clipboard().text() == str(report)
    click(qtbot, buttons["Show in napari"])
    qtbot.waitUntil(lambda: len(viewer.layers) == 2, timeout=10_000)
    original, shown = viewer.layers
    np.testing.assert_array_equal(np.asarray(shown.data), original.data)
    corners = np.array([[0, 0, 0], [5, 13, 9]])
    for corner in corners:
        np.testing.assert_allclose(shown.data_to_world(corner), original.data_to_world(corner), atol=1e-6)


def test_tags_are_shown_before_writing_and_follow_the_form(open_panel, qtbot):
    panel = open_panel()
    click(qtbot, panel.controls.tags_button)
    table = panel._tags.findChild(QTableView)

    def shown() -> dict[str, str]:
        model = table.model()
        return {model.index(r, 1).data(): model.index(r, 3).data() for r in range(model.rowCount())}

    assert shown()["Modality"] == "OT"
    panel.form.field("modality").value = Modality.MR
    settle(qtbot, panel)
    assert shown()["Modality"] == "MR"
    panel._tags.close()


def test_patient_and_study_are_copied_into_the_form(open_panel, qtbot, tmp_path, monkeypatch):
    panel = open_panel()
    copied = Copied(Patient(name="Doe^Jane", id="0815"), Study(instance_uid="1.2.3", description="CT head"), "CT")
    monkeypatch.setattr(CopyDialog, "choose", lambda parent: copied)  # the dialog itself is tested in test_copy_dialog
    panel.form.reveal("patient.name")
    click(qtbot, panel.copy_button)
    settle(qtbot, panel)
    assert panel.plan.study.uid == "1.2.3"
    assert "copied from a CT; this is written as OT" in texts(panel)
    click(qtbot, fix_button(panel, "Write as CT"))
    settle(qtbot, panel)
    export(qtbot, panel)
    first = read(tmp_path / "out")[0]
    assert (str(first.PatientName), first.PatientID, first.StudyInstanceUID, first.Modality) == (
        "Doe^Jane",
        "0815",
        "1.2.3",
        "CT",
    )


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


def test_an_existing_target_is_overwritten_by_a_click(open_panel, qtbot, tmp_path):
    panel = open_panel()
    export(qtbot, panel)
    first = read(tmp_path / "out")[0].SOPInstanceUID
    assert panel.target.path == str(tmp_path / "out-2")
    panel.target.set_path(str(tmp_path / "out"))
    settle(qtbot, panel)
    assert "exists already" in texts(panel)
    click(qtbot, fix_button(panel, "Overwrite"))
    settle(qtbot, panel)
    export(qtbot, panel)
    assert read(tmp_path / "out")[0].SOPInstanceUID != first


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


def test_invalid_text_is_marked_while_typing(open_panel, qtbot):
    panel = open_panel()
    field = panel.form.reveal("patient.birth_date")
    qtbot.keyClicks(field.native, "2026-02-3")
    assert "“Birth date” is not written as a date" in field.error
    assert "border" in field.native.styleSheet()
    qtbot.waitUntil(lambda: "Refused" in panel.controls.status)
    assert not panel.controls.export_button.isEnabled()
    field.native.clear()
    qtbot.keyClicks(field.native, "2026-02-28")
    assert not field.error
    settle(qtbot, panel)
    assert panel.controls.export_button.isEnabled()


def test_geometry_follows_the_layer_without_planning(viewer, open_panel, qtbot):
    panel = open_panel()
    preview = panel.preview.preview
    qtbot.waitUntil(lambda: bool(preview.cuts))
    assert preview.cuts[0].letters == ("R", "L", "A", "P")
    panel.form.field("world").value = "RAS"
    qtbot.waitUntil(lambda: preview.cuts[0].letters == ("L", "R", "P", "A"))
    viewer.layers[0].scale = (5, 0.7, 0.8)
    qtbot.waitUntil(lambda: any("5" in line for line in preview.lines))


def test_layers_come_go_and_are_renamed(viewer, open_panel, qtbot):
    panel = open_panel()
    other = viewer.add_image(
        np.zeros((6, 14, 10), np.uint8), name="mask", units=("mm",) * 3, scale=(2.5, 0.7, 0.8), translate=(10, -20, 30)
    )
    settle(qtbot, panel)
    assert [layer.name for layer in panel.checklist.checked] == ["mask"]  # follows the selection
    viewer.layers.selection = set(viewer.layers)
    settle(qtbot, panel)
    assert len(panel.plan.series) == 2
    assert panel.controls.export_button.text() == "Export 2 series"
    other.name = "renamed"
    settle(qtbot, panel)
    assert panel.plan.series[1].description == "renamed"
    viewer.layers.remove(other)
    settle(qtbot, panel)
    assert len(viewer.layers) == 1
    viewer.layers.clear()
    settle_nothing(qtbot, panel)
    assert "Check or select an image layer" in panel.controls.status
    assert not panel.controls.export_button.isEnabled()


def settle_nothing(qtbot, panel) -> None:
    qtbot.waitUntil(lambda: "Check or select" in panel.controls.status)


@pytest.mark.parametrize("add", ["add_points", "add_shapes", "add_vectors"])
def test_a_layer_of_another_kind_that_is_added_meanwhile_disturbs_nothing(viewer, open_panel, qtbot, add):
    panel = open_panel()
    data = {
        "add_points": np.zeros((1, 3)),
        "add_shapes": [np.array([[0, 0, 0], [0, 0, 5], [0, 5, 5], [0, 5, 0]])],
        "add_vectors": np.zeros((1, 2, 3)),
    }[add]
    getattr(viewer, add)(data, name="other")  # which selects it
    settle_nothing(qtbot, panel)
    assert panel.preview.layer is viewer.layers["scan"]
    viewer.layers.selection = set(viewer.layers)
    settle(qtbot, panel)
    assert panel.controls.export_button.isEnabled()


def test_other_layers_stay_visible_with_the_reason(viewer, open_panel, qtbot):
    viewer.add_shapes([np.array([[0, 0, 0], [0, 0, 5], [0, 5, 5], [0, 5, 0]])], name="tumor")
    viewer.add_points(np.zeros((1, 3)), name="seeds")
    viewer.layers.selection = {viewer.layers["scan"]}
    panel = open_panel()
    rows = [panel.checklist._list.item(i) for i in range(panel.checklist._list.count())]
    assert [row.text().splitlines()[0] for row in rows] == ["seeds", "tumor", "scan"]
    assert "It is a shapes layer" in rows[1].text()
    assert not rows[1].flags() & Qt.ItemFlag.ItemIsEnabled
    assert "Secondary Capture · 6 planes" in rows[2].text()


def test_layers_that_are_selected_and_cannot_be_exported_are_announced(viewer, open_panel, qtbot):
    viewer.add_points(np.zeros((1, 3)), name="seeds")
    viewer.layers.select_all()
    panel = open_panel()
    assert "layer 'seeds' is left out: It is a points layer" in texts(panel)
    assert panel.controls.status.startswith("Ready: 1 layer left out · 1 series")
    viewer.layers.selection = {viewer.layers["scan"]}
    settle(qtbot, panel)
    assert "left out" not in texts(panel) + panel.controls.status


def test_nothing_is_planned_while_nobody_looks(viewer, settings, qtbot, tmp_path):
    from napari_dicom_writer._napari.widget import ExportWidget

    widget = ExportWidget(viewer)
    qtbot.addWidget(widget)
    widget.panel.target.set_path(str(tmp_path / "out"))
    widget.show()
    settle(qtbot, widget.panel)
    widget.hide()
    planned = []
    widget.panel.planner.started.connect(lambda: planned.append(True))
    viewer.layers[0].scale = (9, 9, 9)
    qtbot.wait(400)
    assert not planned
    assert not widget.panel.controls.export_button.isEnabled()
    widget.show()
    qtbot.waitUntil(widget.panel.controls.export_button.isEnabled)
    assert widget.panel.plan.series[0].grid.pixel_spacing == ("9", "9")


def test_what_failed_can_be_tried_again_with_the_layers_of_now(viewer, open_panel, qtbot, tmp_path, monkeypatch):
    panel = open_panel("folder/out")
    monkeypatch.setattr(panel, "isActiveWindow", lambda: True)  # no window is, on a screen without a window manager
    (tmp_path / "folder").touch()  # in the way
    with qtbot.waitSignal(panel.run.failed, timeout=30_000):
        click(qtbot, panel.controls.export_button)
        viewer.layers[0].scale = (9, 9, 9)  # while it runs
    qtbot.waitUntil(lambda: not panel.planner.busy)
    assert not panel.controls.export_button.isEnabled()
    (tmp_path / "folder").unlink()
    QApplication.sendEvent(panel, QEvent(QEvent.Type.ActivationChange))  # the user was in a file manager
    qtbot.waitUntil(panel.controls.export_button.isEnabled)
    assert panel.plan.series[0].grid.pixel_spacing == ("9", "9")
    export(qtbot, panel)


def test_a_box_that_is_clicked_ends_following(viewer, open_panel, qtbot, settings):
    panel = open_panel()
    panel.checklist._list.item(0).setCheckState(Qt.CheckState.Unchecked)
    settle_nothing(qtbot, panel)
    assert not panel.checklist.checked
    assert settings.dock.follow_selection is False


def test_cancel_leaves_nothing(viewer, open_panel, qtbot, tmp_path):
    viewer.layers[0].data = np.zeros((2000, 64, 64), np.int16)
    panel = open_panel()
    panel.run.progressed.connect(lambda *_: panel.controls.cancel_button.click())
    with qtbot.waitSignal(panel.run.cancelled, timeout=20_000):
        click(qtbot, panel.controls.export_button)
        panel.controls.cancel_button.click()
    assert list(tmp_path.iterdir()) == []
    assert "Cancelled, nothing was written" in panel.controls.status
    settle(qtbot, panel)
    assert panel.controls.export_button.isEnabled()


def test_two_widgets_export_side_by_side(viewer, settings, qtbot, tmp_path):
    from napari_dicom_writer._napari.widget import ExportWidget

    widgets = [ExportWidget(viewer) for _ in range(2)]
    panels = [widget.panel for widget in widgets]
    for number, (widget, panel) in enumerate(zip(widgets, panels, strict=True)):
        qtbot.addWidget(widget)
        panel.target.set_path(str(tmp_path / f"out{number}"))
        settle(qtbot, panel)
    with qtbot.waitSignals([panel.run.finished for panel in panels], timeout=30_000):
        for panel in panels:
            click(qtbot, panel.controls.export_button)
    for number in range(2):
        assert_is_the_scan(tmp_path / f"out{number}", viewer.layers[0])


def test_a_widget_that_is_gone_listens_to_nothing(viewer, settings, qtbot):
    from napari_dicom_writer._napari.widget import ExportWidget

    layers, layer = viewer.layers, viewer.layers[0]
    emitters = [layers.events.inserted, layers.events.removed, layers.events.reordered, layers.selection.events.changed]
    emitters += [layer.events.data, layer.events.scale, layer.events.name]
    before = [len(emitter.callbacks) for emitter in emitters]
    widget = ExportWidget(viewer)
    panel = widget.panel  # so that Python keeps it
    settle(qtbot, panel)
    assert [len(emitter.callbacks) for emitter in emitters] > before
    with qtbot.waitSignal(widget.destroyed):
        widget.deleteLater()
    assert [len(emitter.callbacks) for emitter in emitters] == before


def test_closing_the_dock_during_an_export_leaves_nothing(viewer, open_panel, qtbot, tmp_path):
    viewer.layers[0].data = np.zeros((3000, 64, 64), np.int16)
    panel = open_panel()
    click(qtbot, panel.controls.export_button)
    qtbot.waitUntil(lambda: any(tmp_path.iterdir()), timeout=10_000)
    viewer.window.remove_dock_widget("all")
    qtbot.waitUntil(lambda: not any(tmp_path.iterdir()), timeout=10_000)


def test_settings_are_remembered_and_patients_never(viewer, open_panel, settings, qtbot, tmp_path):
    panel = open_panel()
    name, identifier, birth = PATIENT
    for option, value in (
        ("patient.name", name),
        ("patient.id", identifier),
        ("patient.birth_date", birth),
        ("study.description", "Zebediahs knee"),
        ("series.operator", "Quirrell^Op"),
        ("modality", "MR"),
        ("nan", -7.0),
        ("series.institution", "Clinic"),
        ("verify", "headers"),
        ("overwrite", True),
    ):
        panel.form.field(option).value = value
    settle(qtbot, panel)
    export(qtbot, panel)
    panel.form.reveal("patient.name")
    remembered = preferences.options_from_preferences()
    assert (remembered.modality, remembered.nan, remembered.verify) == ("MR", -7.0, "headers")
    assert remembered.series.institution == "Clinic"
    assert not remembered.overwrite
    assert preferences.dock_state()["identity"] is True
    written = [p for p in Path(settings.config_path).parent.rglob("*") if p.is_file()]
    assert any(b"Clinic" in p.read_bytes() for p in written)  # the search finds what is there
    for path in [*written, *napari_files()]:
        content = path.read_bytes()
        assert not [
            value for value in (name, identifier, birth, "Zebediah", "Quirrell") if value.encode() in content
        ], path


def test_a_bad_preference_costs_no_other(viewer, open_panel, settings, qtbot):
    settings.export.modality, settings.export.world, settings.export.pixel_unit = "CT", "RAS", "banana"
    settings.institution.institution, settings.institution.station = "a\\b", "Room 7"
    panel = open_panel()
    assert "Not used: the preference “Length of one pixel unit” is 'banana', a unit that is not known" in texts(panel)
    assert "Not used: the preference “Institution” holds a backslash" in texts(panel)
    options = panel.form.options()
    assert (options.modality, options.world, options.pixel_unit, options.series.station) == (
        "CT",
        "RAS",
        "mm",
        "Room 7",
    )
    panel.form.field("verify").value = "headers"
    settle(qtbot, panel)
    kept = settings.export
    assert (kept.modality, kept.world, kept.pixel_unit, kept.verify) == ("CT", "RAS", "banana", "headers")
    assert settings.institution.institution == "a\\b"


def test_preferences_that_are_set_meanwhile_stay(viewer, open_panel, settings, qtbot):
    panel = open_panel()
    settings.export.world = "RAS"
    panel.form.field("verify").value = "headers"
    settle(qtbot, panel)
    assert (settings.export.world, settings.export.verify) == ("RAS", "headers")


def napari_files() -> list[Path]:
    """Everything that napari, magicgui and Qt keep for a user, where it is not under the settings of the tests."""
    homes = [
        Path.home() / sub
        for sub in (
            ".config/napari",
            ".cache/napari",
            ".local/share/napari",
            ".config/QtProject.conf",
            ".cache/magicgui",
            ".local/share/magicgui",
        )
    ]
    return [
        p
        for home in homes
        for p in ([home] if home.is_file() else home.rglob("*"))
        if p.is_file() and p.stat().st_size < 10_000_000
    ]


def test_every_control_can_be_reached_and_is_named(open_panel):
    panel = open_panel()
    for fold in panel.form._folds.values():
        fold.open()
    unnamed = [
        child
        for child in panel.form.findChildren(QWidget)
        if child.focusPolicy() & Qt.FocusPolicy.TabFocus
        and child.isVisible()
        and not (child.accessibleName() or child.toolTip() or getattr(child, "text", str)())
    ]
    assert not [w for w in unnamed if not isinstance(w, QLabel)]
    name = panel.form.field("patient.name")
    point = QPoint(3, 3)
    QApplication.sendEvent(name.native, QHelpEvent(QEvent.Type.ToolTip, point, name.native.mapToGlobal(point)))
    assert "(0010,0010)" in name.native.toolTip()


@pytest.mark.parametrize(("width", "points"), [(280, 9), (300, 16)])
def test_nothing_is_cut_off_in_a_narrow_dock_or_in_large_letters(viewer, settings, qtbot, tmp_path, width, points):
    from napari_dicom_writer._napari.widget import ExportWidget

    widget = ExportWidget(viewer)
    qtbot.addWidget(widget)
    panel = widget.panel
    widget.setStyleSheet(f"QWidget {{ font-size: {points}pt; }}")
    for folds in (panel.form._folds.values(), *panel.form._inner.values()):
        for fold in folds:
            fold.open()
    viewer.layers[0].units = ("pixel",) * 3  # a message with a button
    panel.target.set_path(str(tmp_path / "out"))
    widget.resize(width, 800)
    widget.show()
    settle(qtbot, panel)
    export(qtbot, panel)
    panel.report_actions.show_report(panel.report)
    qtbot.wait(50)
    assert panel._scroll.widget().width() == panel._scroll.viewport().width()
    assert widget.width() == width


def test_where_the_keyboard_is_can_be_seen(viewer, settings, qtbot):
    from napari_dicom_writer._napari.widget import ExportWidget

    window = viewer.window._qt_window  # with napari's theme
    widget = ExportWidget(viewer, window)
    widget.resize(340, 800)
    widget.setWindowFlags(Qt.WindowType.Window)
    widget.show()
    QApplication.setActiveWindow(widget)
    panel = widget.panel
    settle(qtbot, panel)
    for place in (panel.controls.export_button, panel.form._folds["Pixels"]._button, panel.checklist._list):
        panel.target.choose_button.setFocus()
        before = place.grab().toImage()
        place.setFocus(Qt.FocusReason.TabFocusReason)
        assert place.hasFocus()
        assert place.grab().toImage() != before, place
    widget.deleteLater()


def test_tab_goes_from_top_to_bottom(open_panel, qtbot):
    panel = open_panel()
    for fold in panel.form._folds.values():
        fold.open()
    fields = panel.form._fields
    by_editor = {field.native: name for name, field in reversed(fields.items())}  # in whatever order they are made
    widget, reached = panel.form, []
    for _ in range(2000):
        widget = widget.nextInFocusChain()
        if widget in by_editor and by_editor[widget] not in reached:
            reached.append(by_editor[widget])
    first = reached.index("modality")
    expected = []
    for groups in GROUPS.values():
        members = [member for group in groups for member in _members_of(group)]
        for rare in (False, True):  # those under "More" come last
            expected += [name for name, _, item in members if item.metadata["rare"] is rare]
    assert reached[first:] + reached[:first] == expected


def test_the_wheel_scrolls_and_changes_no_choice(open_panel, qtbot):
    panel = open_panel()
    box = panel.form.field("modality").native
    turn = QWheelEvent(
        QPointF(5, 5),
        QPointF(box.mapToGlobal(QPoint(5, 5))),
        QPoint(0, -120),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(box, turn)
    assert panel.form.field("modality").value == "OT"


@pytest.mark.parametrize("menu", ["napari/file/io_utilities", "napari/layers/data"])
def test_menus_open_it(viewer, menu):
    from app_model.types import MenuItem
    from napari._app_model import get_app_model

    items = [item for item in get_app_model().menus.get_menu(menu) if isinstance(item, MenuItem)]
    assert any(item.command.title.startswith("Export to DICOM") for item in items), [i.command.title for i in items]


def test_a_path_that_is_typed_anew_is_what_was_typed(open_panel, qtbot, tmp_path):
    panel = open_panel(path=None)
    line, proposed = panel.target._path, panel.target.path
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    qtbot.keyClicks(line, str(tmp_path / "mine"))
    settle(qtbot, panel)
    assert panel.target.path == str(tmp_path / "mine")
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert panel.target.path == proposed


def test_a_free_name_is_proposed(viewer, settings, qtbot, tmp_path):
    from napari_dicom_writer._napari.dock.foot.target import TargetRow

    (tmp_path / "scan").mkdir()
    (tmp_path / "scan" / "x").touch()
    row = TargetRow(tmp_path)
    qtbot.addWidget(row)
    row.propose_name("../scan")
    assert row.path == str(tmp_path / "scan-2")
    (tmp_path / "one.dcm").touch()
    row.set_path(str(tmp_path / "one.dcm"))
    row.advance()
    assert row.path == str(tmp_path / "one-2.dcm")
    (tmp_path / "one.zip").touch()
    row.set_path(str(tmp_path / "one.zip"))
    row.advance()
    assert row.path == str(tmp_path / "one-2.zip")
    row.set_path(str(tmp_path / "scan" / "DICOMDIR"))
    row.advance()
    assert row.path == str(tmp_path / "scan-2" / "DICOMDIR")
    row.set_path(str(tmp_path / "mine"))
    row.propose_name("other")
    assert row.path == str(tmp_path / "mine")
    row.take_folder(tmp_path)
    assert row.path == str(tmp_path / "other")


@pytest.mark.parametrize(("name", "made", "shown"), [("x.zip", "x.zip", False), ("x/DICOMDIR", "x", True)])
def test_the_name_says_what_kind_of_target_it_is(viewer, settings, qtbot, tmp_path, name, made, shown):
    from napari_dicom_writer._napari.widget import ExportWidget

    viewer.add_image(np.zeros((3, 4, 5), np.int16), scale=(2, 1, 1))
    widget = ExportWidget(viewer)
    qtbot.addWidget(widget)
    panel = widget.panel
    panel.target.set_path(str(tmp_path / name))
    settle(qtbot, panel)
    export(qtbot, panel)
    assert [path.name for path in tmp_path.iterdir()] == [made]
    assert panel.report_actions._show_button.isVisibleTo(panel.report_actions) == shown


def test_after_an_export_the_next_one_gets_a_name_of_its_own(viewer, settings, qtbot, tmp_path):
    from napari_dicom_writer._napari.widget import ExportWidget

    widget = ExportWidget(viewer)
    qtbot.addWidget(widget)
    panel = widget.panel
    panel.target.take_folder(tmp_path)
    panel.target.take_folder(tmp_path)
    panel.target._typed = False
    panel.target.propose_name("scan")
    settle(qtbot, panel)
    assert panel.target.path == str(tmp_path / "scan")
    export(qtbot, panel)
    qtbot.waitUntil(panel.controls.export_button.isEnabled)
    assert "Wrote 1 series" in texts(panel)  # the report stays
    assert panel.target.path == str(tmp_path / "scan-2")
    export(qtbot, panel)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["scan", "scan-2"]


def test_a_renamed_layer_is_followed_by_the_proposed_name(viewer, open_panel, qtbot):
    panel = open_panel(path=None)
    viewer.layers[0].name = "renamed"
    settle(qtbot, panel)
    assert Path(panel.target.path).name == "renamed"


def test_a_failure_is_told_and_can_be_tried_again(viewer, open_panel, qtbot, tmp_path):
    panel = open_panel()
    (tmp_path / "out").touch()  # after the plan was made
    with qtbot.waitSignal(panel.run.failed):
        click(qtbot, panel.controls.export_button)
    assert "is in the way" in panel.controls.status
    (tmp_path / "out").unlink()
    export(qtbot, panel)
    assert_is_the_scan(tmp_path / "out", viewer.layers[0])


def test_a_loss_that_was_not_shown_is_asked_about(viewer, open_panel, qtbot, tmp_path):
    """Values edited in place tell nobody: what was planned is no longer so."""
    viewer.layers[0].data = viewer.layers[0].data.astype(np.int32)
    panel = open_panel()
    viewer.layers[0].data[0, 0, 0] = 10**9
    with qtbot.waitSignal(panel.run.failed, timeout=30_000):
        click(qtbot, panel.controls.export_button)
    assert "Not as it was shown" in panel.controls.status
    assert not (tmp_path / "out").exists()
    qtbot.waitUntil(panel.controls.export_button.isEnabled)
    report = export(qtbot, panel)
    assert any("largest error" in note.text for note in report.plan.notes)


def test_bad_preferences_are_told(viewer, settings, open_panel):
    settings.export.pixel_unit = "parsec/second"
    panel = open_panel()
    assert "Not used: the preference “Length of one pixel unit”" in texts(panel)
