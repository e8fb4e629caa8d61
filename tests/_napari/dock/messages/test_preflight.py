"""The list of messages and its buttons."""

from __future__ import annotations

from qtpy.QtWidgets import QPushButton

from napari_dicom_writer._napari.dock.messages.preflight import Message, Preflight
from napari_dicom_writer.errors import Fix, NoteKind


def test_no_two_buttons_share_a_name(qtbot):
    preflight = Preflight()
    qtbot.addWidget(preflight)
    same = Fix("unnamed_axis", "channel", "Take as channel")
    fixes = [same, same, Fix("pixel_unit", None, "Set unit…"), Fix("value_unit", None, "Set unit…")]
    preflight.show_messages([Message(NoteKind.ASSUMED, f"message {n}", fix=fix) for n, fix in enumerate(fixes)])
    names = [button.text() for button in preflight.findChildren(QPushButton)]
    assert names == ["Take as channel", "Set unit…", "Set unit… “Unit of values”"]
    wanted = []
    preflight.fix_wanted.connect(wanted.append)
    preflight.findChildren(QPushButton)[-1].click()
    assert wanted[0].option == "value_unit"
