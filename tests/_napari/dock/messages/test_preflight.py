"""The list of messages and its buttons."""

from __future__ import annotations

import numpy as np
from qtpy.QtWidgets import QPushButton

from napari_dicom_writer import plan_export
from napari_dicom_writer._napari.dock.messages.preflight import Message, Preflight, plan_messages
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


def test_what_holds_for_many_layers_is_said_once_and_names_each_in_its_long_form():
    labels = np.tile(np.arange(2, dtype=np.uint8), (2, 4, 2))
    place = {"units": ("mm",) * 3}
    plan = plan_export([(labels, {"name": f"l{n}", **place}, "labels") for n in range(9)])
    messages = plan_messages(plan)
    assert len(plan.notes) >= 9 > len(messages)
    joined = [message for message in messages if message.text.startswith("layers 'l0', 'l1', 'l2' and 6 more: ")]
    assert joined
    assert all(f"layer 'l{n}'" in message.details for message in joined for n in range(9))


def test_hundreds_of_messages_are_laid_out_only_when_asked_for(qtbot, monkeypatch):
    preflight = Preflight()
    qtbot.addWidget(preflight)
    made = []
    row = preflight._row
    monkeypatch.setattr(preflight, "_row", lambda message: made.append(message.text) or row(message))
    texts = [f"message {n}" for n in range(300)]
    preflight.show_messages([Message(NoteKind.LOST, text) for text in texts])
    assert len(made) <= 20
    (button,) = preflight.findChildren(QPushButton)
    assert button.text() == f"Show {300 - len(made)} more messages"
    button.click()
    assert made == texts
    assert button.isHidden()
    assert len(preflight.messages) == 300
