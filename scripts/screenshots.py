"""Pictures of the dock widget in every state, for the documentation: a real viewer, real layers, real clicks.

    xvfb-run -a -s "-screen 0 1600x1200x24" python scripts/screenshots.py docs/images

Look at them afterwards: what is ugly, cramped or unclear here is so for every user.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from on_screen import open_viewer, wait
from qtpy.QtCore import QPoint, QRect
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget

from napari_dicom_writer import ExportOptions, Patient, Study, Volume, export
from napari_dicom_writer._napari.dock.reference.copy_dialog import CopyDialog
from napari_dicom_writer.demo.phantom import orientation_phantom
from napari_dicom_writer.layers.from_volume import to_layer

if TYPE_CHECKING:
    from napari_dicom_writer._napari.dock.panel import ExportPanel
    from napari_dicom_writer._napari.dock.preview.preview import PreviewWidget

_WIDTH = 340


class Session:
    """A viewer with the widget in a dock, and a folder for what is written."""

    def __init__(self, images: Path, scratch: Path, *, theme: str = "dark", width: int = _WIDTH) -> None:
        self.images, self.scratch = images, scratch
        self.viewer = open_viewer(1400, 1000, theme=theme)
        phantom = orientation_phantom()
        data, attributes, _ = to_layer(phantom)
        self.viewer.add_image(data, **{**attributes, "name": "scan"})
        noise = np.random.default_rng(0).normal(0, 8, phantom.shape).astype(np.float32)
        self.viewer.add_image(data + noise, **{**attributes, "name": "denoised"})
        dock, widget = self.viewer.window.add_plugin_dock_widget("napari-dicom-writer", "Export to DICOM…")
        dock.setFixedWidth(width)
        self.dock, self.panel = dock, widget.panel
        self.panel.target.set_path("exports/denoised")
        self.settle()

    def settle(self) -> None:
        """Wait for the plan and the preview of what was changed last."""
        # The first moment is the planner's, which waits for more changes.
        wait(lambda: not self.panel.controls.status.startswith("Checking"), least=1.0)

    def save(self, name: str, what: QWidget | None = None) -> None:
        """Save a picture of a widget, by default of the dock."""
        QApplication.processEvents()
        (what or self.dock).grab().save(str(self.images / f"{name}.png"))

    def scroll(self, share: float) -> None:
        """Scroll the form, from its beginning (0) to its end (1)."""
        bar = self.panel._scroll.verticalScrollBar()
        bar.setValue(round(share * bar.maximum()))
        wait(least=0.2)


def _window(session: Session) -> None:
    session.save("widget-window", session.viewer.window._qt_window)
    session.save("widget-ready")
    session.scroll(1)
    session.save("widget-preflight")


def _unfolded(session: Session) -> None:
    panel: ExportPanel = session.panel
    panel.form.reveal("patient.name").value = "Doe^Jane"
    panel.form.reveal("patient.birth_date").value = "2026-02-31"
    session.settle()
    session.scroll(0.5)
    session.save("widget-invalid")
    panel.form.field("patient.birth_date").value = "1970-02-28"
    session.settle()


def _refused(session: Session) -> None:
    layer = session.viewer.layers["denoised"]
    session.viewer.layers.selection = {layer}
    layer.data = np.where(layer.data > 900, np.nan, layer.data)
    layer.shear = [0.1, 0, 0]
    session.settle()
    session.scroll(1)
    session.save("widget-refused")


def _axes(session: Session) -> None:
    """A stack as a camera hands it over, without a scale: what is known is said, and one step is mistyped."""
    cells = np.random.default_rng(1).poisson(np.linspace(40, 400, 50), (3, 12, 40, 50)).astype(np.uint16)
    layer = session.viewer.add_image(cells, name="cells")
    session.viewer.layers.selection = {layer}
    session.settle()
    panel: ExportPanel = session.panel
    panel.editor.reveal("axes")
    step = panel.editor.table.cell(1, "step")
    said = {(0, "kind"): "channel", (1, "step"): "2.5", (2, "step"): "0.65", (3, "step"): "0.65"}
    said |= {(axis, "unit"): "µm" for axis in (1, 2, 3)}
    for cell, text in said.items():
        panel.editor.edits.say(layer, cell, text)
    panel.editor.edits.say(layer, "high", "600")
    session.settle()
    session.scroll(0)
    session.save("widget-axes")
    QApplication.setActiveWindow(session.viewer.window._qt_window)
    step.setFocus()
    panel.editor.edits.say(layer, (1, "step"), "2,5")
    session.settle()
    session.save("widget-axes-wrong")
    session.viewer.layers.remove(layer)
    session.viewer.layers.selection = {session.viewer.layers["denoised"]}
    panel.editor._fold._button.setChecked(False)
    session.settle()


def _segments(session: Session) -> None:
    """Organs by a model that names some of them as nobody else does; one is being searched for."""
    scan = session.viewer.layers["scan"]
    values = np.asarray(scan.data)
    _, rows, columns = np.indices(values.shape)
    eighths = 1 + columns * 4 // values.shape[2] + 4 * (rows * 2 // values.shape[1])
    labels = np.where(values > -500, eighths, 0)
    names = [
        "liver",
        "spleen",
        "kidney_left",
        "kidney_right",
        "class 5",
        "aorta",
        "vertebrae_L3",
        "lung_upper_lobe_left",
    ]
    layer = session.viewer.add_labels(
        labels.astype(np.uint8),
        name="organs",
        features={"index": range(1, 9), "name": names},
        **{name: getattr(scan, name) for name in ("scale", "translate", "affine", "units", "axis_labels")},
    )
    session.viewer.layers.selection = {scan, layer}
    session.settle()
    panel: ExportPanel = session.panel
    panel.preview.choose(layer)
    panel.own.segments_fold.open()
    panel.own.options_fold.open()
    panel.own.options.give(layer, "segmentation_type").value = "labelmap"
    session.settle()
    editor = panel.own.segments
    editor.view.selectRow(4)
    wait(least=0.2)
    panel._scroll.ensureWidgetVisible(panel.own.options.add_button)
    QApplication.setActiveWindow(session.viewer.window._qt_window)
    editor.details.search.setFocus()
    QTest.keyClicks(editor.details.search, "left kidn")
    wait(least=0.5)
    # Of the screen: the list that drops down is a window of its own.
    screen = session.viewer.window._qt_window.screen().grabWindow(0)
    place = QRect(session.dock.mapToGlobal(QPoint(0, 0)), session.dock.size())
    screen.copy(place).save(str(session.images / "widget-segments.png"))
    editor.details.search.completer().popup().hide()
    session.viewer.layers.remove(layer)
    session.viewer.layers.selection = {session.viewer.layers["denoised"]}
    session.settle()


def _tags(session: Session) -> None:
    session.panel.controls.tags_button.click()
    dialog = session.panel._tags
    dialog.entry.keyword.setText("FlipAngle")
    dialog.entry.value.setText("12")
    dialog.entry.set_button.click()
    session.settle()
    keywords = [dialog.model.row(row).keyword for row in range(dialog.model.rowCount())]
    dialog.table.selectRow(keywords.index("FlipAngle"))
    wait(least=0.3)
    session.save("tags", dialog)
    dialog.entry.remove_button.click()
    dialog.close()
    session.settle()


def _copy_dialog(session: Session) -> None:
    study = Study(date="2026-03-04", description="MR brain", accession_number="A-1234", referring_physician="Roe^Ann")
    patient = Patient(name="Doe^Jane", id="0815", birth_date="1970-02-28", sex="F", age="056Y")
    options = ExportOptions(patient=patient, study=study, modality="MR")
    source = export(Volume(np.zeros((1, 8, 8), np.int16), spacing=(1, 1, 1)), session.scratch / "source.dcm", options)
    dialog = CopyDialog(source.path, session.panel)
    dialog.show()
    wait(least=0.6)
    session.save("copy-from-dicom", dialog)
    dialog.close()


class _Slow:
    """An array whose planes take their time, so that the export can be seen running."""

    def __init__(self, array: Any) -> None:
        self._array, self.shape, self.dtype, self.ndim = array, array.shape, array.dtype, array.ndim
        self.chunks = (1, *array.shape[1:])

    def __getitem__(self, index: Any) -> Any:
        time.sleep(0.05)
        return self._array[index]


def _running_and_report(session: Session) -> None:
    layer = session.viewer.layers["scan"]
    large = layer.data.repeat(8, axis=1).repeat(8, axis=2)
    session.viewer.add_image(
        _Slow(large), name="slow scan", scale=(2, 0.15, 0.11), contrast_limits=layer.contrast_limits
    )
    session.panel.target.set_path("exports/slow-scan")
    session.settle()
    session.panel.controls.export_button.click()
    done: list[int] = []
    session.panel.run.progressed.connect(lambda count, *_: done.append(count))
    wait(lambda: bool(done) and done[-1] > large.shape[0] // 2)
    session.save("widget-running")
    wait(lambda: session.panel.report is not None)
    wait(least=0.3)
    session.save("widget-report")


def _opened(images: Path, scratch: Path) -> None:
    """A scan and its segmentation, exported and opened again."""
    phantom = orientation_phantom()
    data, attributes, _ = to_layer(phantom)
    labels = np.where(data > 700, 1, np.where(data > 200, 2, 0)).astype(np.uint8)
    place = {key: attributes[key] for key in ("scale", "affine", "units")}
    segments = [
        {"label": 1, "name": "letters", "color": (255, 140, 0)},
        {"label": 2, "name": "letters on the faces", "color": (40, 170, 195)},
    ]
    layers = [phantom, (labels, {**place, "name": "letters"}, "labels")]
    scene = export(layers, scratch / "scene", ExportOptions(modality="CT", segments=segments))
    viewer = open_viewer(1200, 800)
    viewer.open(str(scene.path), plugin="napari-dicom-writer")
    wait(least=1.0)
    viewer.window._qt_window.grab().save(str(images / "opened.png"))
    viewer.close()


def _ellipsoid(shape: tuple[int, ...], center: tuple[float, ...], radii: tuple[float, ...]) -> Any:
    """Return the voxels of an ellipsoid; all in shares of the shape."""
    at = (np.indices(shape).T + 0.5) / shape
    return ((((at - center) / radii) ** 2).sum(axis=-1) < 1).T


def _add_scene(session: Session) -> None:
    """Put labels, outlines and points onto the scan, and select all four."""
    scan = session.viewer.layers["scan"]
    place = {name: getattr(scan, name) for name in ("scale", "translate", "rotate", "shear", "affine", "units")}
    organs = _ellipsoid(scan.data.shape, (0.5, 0.4, 0.4), (0.3, 0.25, 0.2)).astype(np.uint8)
    organs[_ellipsoid(scan.data.shape, (0.5, 0.4, 0.4), (0.1, 0.08, 0.08))] = 0
    organs[_ellipsoid(scan.data.shape, (0.6, 0.65, 0.65), (0.15, 0.12, 0.12))] = 2
    names = {"index": [1, 2], "name": ["liver", "left kidney"]}
    colors = {None: "gray", 0: "transparent", 1: "#d7613f", 2: "#3fb8d7"}
    session.viewer.add_labels(organs, name="organs", features=names, colormap=colors, **place)
    plane, rows, columns = (length // 2 for length in scan.data.shape)
    corners = np.array([(0.4, 0.6), (0.4, 1.4), (1.0, 1.6), (1.4, 0.8)]) * (rows, columns)
    target = np.column_stack([np.full(4, plane), corners])
    session.viewer.add_shapes([target], shape_type="polygon", name="target", edge_color="#ffe14d", **place)
    seeds = [(plane, 0.6 * rows, 0.4 * columns), (plane, rows, 1.1 * columns)]
    session.viewer.add_points(seeds, name="seeds", face_color="#ff5cd6", **place)
    session.viewer.layers.selection = {layer for layer in session.viewer.layers if layer.name != "denoised"}
    session.panel.target.set_path("exports/study")
    _wait_for_marks(session, session.panel.preview.preview)
    session.scroll(0)


def _wait_for_marks(session: Session, preview: PreviewWidget) -> None:
    """Wait until the plan is there, and what lies on the image is seen."""
    wait(lambda: session.panel.controls.status.startswith("Ready") and bool(preview.overlays.marks(2)), least=1)
    wait(lambda: bool(preview.overlays.marks(2)), least=0.3)


def _scene(session: Session) -> None:
    """An image with all that may lie on it: in the dock, and enlarged as segments and as contours."""
    _add_scene(session)
    session.save("widget-scene")
    for name, object_ in (("preview-segments", "auto"), ("preview-contours", "rt-structure-set")):
        session.panel.form.field("object").value = object_
        session.settle()
        session.panel.preview.preview.clicked.emit(0)
        enlarged = session.panel.preview._enlarged
        enlarged.resize(520, 560)
        _wait_for_marks(session, enlarged.preview)
        session.save(name, enlarged)
        enlarged.close()
    session.panel.form.field("object").value = "auto"
    session.settle()


def main(images: Path) -> None:
    """Make every picture."""
    images = images.absolute()
    with tempfile.TemporaryDirectory() as scratch, chdir(scratch):
        session = Session(images, Path(scratch))
        for picture in (_window, _axes, _segments, _unfolded, _tags, _copy_dialog, _running_and_report, _refused):
            picture(session)
        session.viewer.close()
        session = Session(images, Path(scratch))
        _scene(session)
        session.viewer.close()
        narrow = Session(images, Path(scratch), theme="light", width=300)
        narrow.save("widget-narrow-light")
        _add_scene(narrow)
        narrow.save("widget-scene-light")
        narrow.viewer.close()
        _opened(images, Path(scratch))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
