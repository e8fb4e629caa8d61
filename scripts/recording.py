"""A recording of the whole way, for the documentation: a real viewer on a virtual screen, real clicks, real files.

    xvfb-run -a -s "-screen 0 1400x1000x24" python scripts/recording.py docs/images/recording.gif

Where `make viewers` has set up OHIF, it ends with the files shown there. Look at it afterwards.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import chdir
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from on_screen import open_viewer, wait
from PIL import Image, ImageDraw, ImageFont
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLineEdit, QWidget

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from napari_dicom_writer import ExportOptions, Patient, Series, Study, Volume, export
from napari_dicom_writer._napari.dock.panel import ExportPanel
from napari_dicom_writer._napari.dock.segments.segment_model import NAME
from napari_dicom_writer.demo.phantom import orientation_phantom

_OHIF = Path(__file__).parents[1] / ".viewers" / "package"
_SIZE = (1200, 806)
_SHOWN = (960, 645)  # pixels of the recording, without the line below; as wide for its height as the browser's page
_LINE = 34
_COLORS = 200
_INK, _GROUND, _POINTER = "#f0f1f2", "#16181d", "#ffd23f"


@dataclass
class Film:
    """Pictures, and how long each stays.

    Attributes
    ----------
    caption : str
        What is written below the next ones.
    """

    caption: str = ""
    _frames: list[Image.Image] = field(default_factory=list)
    _durations: list[int] = field(default_factory=list)

    def add(self, picture: Image.Image, milliseconds: int, pointer: tuple[float, float] | None = None) -> None:
        """Add a picture, with a pointer at a place of it (as shares of its width and height)."""
        frame = Image.new("RGB", (_SHOWN[0], _SHOWN[1] + _LINE), _GROUND)
        frame.paste(picture.convert("RGB").resize(_SHOWN, Image.Resampling.LANCZOS))
        draw = ImageDraw.Draw(frame)
        draw.text((14, _SHOWN[1] + 7), self.caption, _INK, ImageFont.load_default(17))
        if pointer is not None:
            x, y = pointer[0] * _SHOWN[0], pointer[1] * _SHOWN[1]
            draw.ellipse((x - 9, y - 9, x + 9, y + 9), outline=_POINTER, width=3)
        self._frames.append(frame)
        self._durations.append(milliseconds)

    def save(self, path: Path) -> None:
        """Write it, in one palette for all pictures, so that only what changes is stored."""
        every, height = self._frames[::-2], _SHOWN[1] + _LINE
        sample = Image.new("RGB", (_SHOWN[0], height * len(every)))
        for place, frame in enumerate(every):
            sample.paste(frame, (0, place * height))
        palette = sample.quantize(_COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        first, *others = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self._frames)
        first.save(path, save_all=True, append_images=others, duration=self._durations, loop=0, optimize=True)


class Stage:
    """napari on the screen, and somebody who clicks.

    Parameters
    ----------
    film
        What it is recorded on.
    """

    def __init__(self, film: Film) -> None:
        self.film = film
        self.viewer = open_viewer(*_SIZE)
        self.window: QWidget = self.viewer.window._qt_window
        wait(least=1)

    def shoot(self, milliseconds: int = 1200, at: QPoint | None = None) -> None:
        """Take a picture of the screen, with the pointer at a place of it."""
        wait(least=0.25)
        screen = QApplication.primaryScreen()
        image = screen.grabWindow(0, 0, 0, *_SIZE).toImage()
        with tempfile.TemporaryDirectory() as folder:
            image.save(f"{folder}/screen.png")
            picture = Image.open(f"{folder}/screen.png").convert("RGB")
        pointer = None if at is None else (at.x() / _SIZE[0], at.y() / _SIZE[1])
        self.film.add(picture, milliseconds, pointer)

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Show where the pointer is, then click."""
        place = at or widget.rect().center()
        self.shoot(700, widget.mapToGlobal(place))
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place)

    def menu(self, title: str, words: str) -> None:
        """Open a menu of the menu bar, and choose what begins with some words."""
        bar = self.window.menuBar()
        (action,) = [one for one in bar.actions() if one.text().replace("&", "") == title]
        self.click(bar, bar.actionGeometry(action).center())
        popup = action.menu()
        wait(popup.isVisible)
        chosen = next(one for one in popup.actions() if one.text().replace("&", "").startswith(words))
        self.click(popup, popup.actionGeometry(chosen).center())

    def type(self, widget: QWidget, text: str) -> None:
        """Type into a field, in place of what is there."""
        self.click(widget)
        QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(widget, text)
        QTest.keyClick(widget, Qt.Key.Key_Tab)

    def stroke(self, points: list[tuple[float, float]]) -> None:
        """Draw with the pointer over the canvas, through places that are shares of its width and height."""
        canvas = self.viewer.window._qt_viewer.canvas.native
        places = [QPoint(round(x * canvas.width()), round(y * canvas.height())) for x, y in points]
        QTest.mouseMove(canvas, places[0])
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=places[0])
        for place in places[1:]:
            QTest.mouseMove(canvas, place)
            self.shoot(250, canvas.mapToGlobal(place))
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=places[-1])


def patients_scan(folder: Path) -> Path:
    """Somebody's CT, as it comes from the archive."""
    patient = Patient(name="Doe^Jane", id="0815", birth_date="1970-02-28", sex="F")
    study = Study(date="2026-03-04", description="CT abdomen", accession_number="A-1234")
    series = Series(description="portal venous", number="3", body_part="ABDOMEN")
    phantom = orientation_phantom()
    affine = phantom.affine.copy()
    affine[:, 0] *= 2
    volume = Volume(np.asarray(phantom.array)[::2], affine=affine, window=(-300, 700), name="portal venous")
    return export(volume, folder, ExportOptions(modality="CT", patient=patient, study=study, series=series)).path


def record(film: Film, scan: Path, target: Path) -> Path:
    """Go the whole way in napari.

    Returns
    -------
    Path
        The file that was written.
    """
    film.caption = "1  A patient's scan, opened in napari from its DICOM files"
    stage = Stage(film)
    stage.shoot(900)
    stage.viewer.open(str(scan), plugin="napari-dicom-writer")
    stage.shoot(1600)
    film.caption = "2  Mark what was found, in a layer of labels"
    _paint(stage)
    film.caption = "3  Plugins > Export to DICOM…"
    stage.menu("Plugins", "Export to DICOM")
    wait(lambda: bool(_panels()), least=1)
    (panel,) = _panels()
    panel.target.set_path(str(target))
    _settled(stage, panel)
    stage.shoot(2200)
    film.caption = "4  Name what was marked: the code follows from the name"
    _name(stage, panel, "liver tumor")
    film.caption = "5  Say which scan it belongs to: patient, study and place are taken from there"
    _belongs(stage, panel, scan)
    film.caption = "6  Before anything is written: what it becomes, where it lies, what is assumed"
    _look_through(stage, panel)
    film.caption = "7  Export: written, read back, compared, and only then put in its place"
    _settled(stage, panel)
    stage.click(panel.controls.export_button)
    wait(lambda: panel.report is not None)
    stage.shoot(3500)
    written = panel.report.path
    stage.viewer.close()
    return written


def _panels() -> list[Any]:
    return [one for one in QApplication.allWidgets() if isinstance(one, ExportPanel)]


def _paint(stage: Stage) -> None:
    buttons = stage.viewer.window._qt_viewer.layerButtons
    stage.click(buttons.newLabelsButton)
    layer = stage.viewer.layers[-1]
    layer.name = "lesion"
    layer.brush_size, layer.n_edit_dimensions = 14, 3
    layer.mode = "paint"
    stage.shoot(900)
    stage.stroke([(0.50, 0.50), (0.52, 0.47), (0.55, 0.45), (0.57, 0.48), (0.55, 0.51)])
    stage.shoot(1200)


def _settled(stage: Stage, panel: ExportPanel) -> None:
    # The first moment is the planner's, which waits for more changes.
    wait(lambda: not panel.controls.status.startswith("Checking"), least=1.5)


def _name(stage: Stage, panel: ExportPanel, name: str) -> None:
    view = panel.own.segments.view
    panel.own.reveal_segments()
    wait(lambda: view.isVisible() and view.model().rowCount() > 0, least=0.3)
    panel._scroll.ensureWidgetVisible(view)
    index = view.model().index(0, NAME)
    place = view.visualRect(index).center()
    stage.click(view.viewport(), place)
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    wait(lambda: view.viewport().findChild(QLineEdit) is not None)
    line = view.viewport().findChild(QLineEdit)
    QTest.keyClicks(line, name)
    stage.shoot(900)
    QTest.keyClick(line, Qt.Key.Key_Return)
    _settled(stage, panel)
    panel._scroll.ensureWidgetVisible(panel.own.segments.details)
    stage.shoot(2200)


def _belongs(stage: Stage, panel: ExportPanel, scan: Path) -> None:
    field = panel.form.reveal("reference")
    wait(least=0.3)
    panel._scroll.ensureWidgetVisible(field)
    line = field.native if isinstance(field.native, QLineEdit) else field.native.findChild(QLineEdit)
    stage.type(line, str(scan))
    _settled(stage, panel)
    stage.shoot(2200)


def _look_through(stage: Stage, panel: ExportPanel) -> None:
    bar = panel._scroll.verticalScrollBar()
    for share in (0.0, 0.5, 1.0):
        bar.setValue(round(share * bar.maximum()))
        stage.shoot(1500)


def show(film: Film, files: list[Path], written: Path) -> None:
    """Open it over its scan in OHIF, from an archive."""
    from judges.browser.measure import settle
    from judges.browser.viewer import viewer
    from judges.peers import orthanc

    header = pydicom.dcmread(written, stop_before_pixels=True)
    frames = header.PerFrameFunctionalGroupsSequence
    position = frames[len(frames) // 2].PlanePositionSequence[0].ImagePositionPatient
    with (
        tempfile.TemporaryDirectory() as home,
        orthanc(Path(home)) as archive,
        viewer(_OHIF / "dist", f"http://127.0.0.1:{archive.http}") as browser,
    ):
        for file in files:
            archive.store(file)
        with browser.study(header.StudyInstanceUID, mpr=False) as (page, _):
            settle(page, 1)
            for milliseconds, script, given in (
                (1200, "world => judge.show(world)", list(map(float, position))),
                (3500, "series => judge.overlay(series)", header.SeriesInstanceUID),
            ):
                page.evaluate(script, given)
                page.wait_for_timeout(4000)
                film.add(Image.open(BytesIO(page.screenshot())), milliseconds)


def main(path: Path) -> None:
    """Record into a file."""
    path = path.absolute()
    film = Film()
    with tempfile.TemporaryDirectory() as scratch, chdir(scratch):
        scan = patients_scan(Path("portal-venous"))
        written = record(film, scan, Path("lesion"))
        if _OHIF.exists():
            film.caption = "8  From an archive, in a viewer: OHIF shows it over the scan"
            show(film, [*sorted(scan.glob("*.dcm")), written], written)
    film.save(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
