"""Pictures of the dock widget that sends, to a peer that has no room for all: a real viewer, a real association.

xvfb-run -a -s "-screen 0 1600x1200x24" python scripts/screenshots_sending.py docs/images
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import chdir
from pathlib import Path

from on_screen import wait
from qtpy.QtWidgets import QApplication, QMessageBox
from screenshots import Session

from napari_dicom_writer._napari.dock.parts.later import once

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from judges.faulty_peers import node

_FULL = 0xA700


def _answer(session: Session) -> None:
    """Picture the question once it is there, and say yes."""
    question = QApplication.activeModalWidget()
    if not isinstance(question, QMessageBox):
        _answer_later(session)
        return
    session.save("send-question", question)
    next(button for button in question.buttons() if button.text() == "Send").click()


def _answer_later(session: Session) -> None:
    timer = once(session.panel, 50)
    timer.timeout.connect(lambda: _answer(session))
    timer.start()


def main(images: Path) -> None:
    """Make every picture."""
    images = images.absolute()
    with tempfile.TemporaryDirectory() as scratch, chdir(scratch):
        for name in ("STATE", "CONFIG"):
            os.environ[f"NAPARI_DICOM_WRITER_{name}"] = str(Path(scratch) / name.lower())
        session = Session(images, Path(scratch))
        panel = session.panel
        panel.form.field("patient.name").value = "Doe^Jane"
        panel.form.field("patient.id").value = "0815"
        panel.form.field("study.description").value = "MR brain"
        with node(lambda number, _: _FULL if number > 20 else 0) as address:
            panel.target.choose("c-store")
            panel.target.peer.set_name(f"{address}?associations=1")
            editor = panel.target.peer.editor()
            editor.name.setText("pacs")
            editor.show()
            session.save("send-peer", editor)
            editor.keep_button.click()
            panel.target.peer.take(editor.outcome)
            session.settle()
            panel.target.peer.test_button.click()
            wait(lambda: not panel.target._said.isHidden())
            session.save("send-tested", panel.controls)
            _answer_later(session)
            panel.controls.export_button.click()
            wait(lambda: not panel.run.running, least=0.5)
            session.scroll(1)
            session.save("send-failed")
        session.viewer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
