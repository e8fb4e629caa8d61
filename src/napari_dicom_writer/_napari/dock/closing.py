"""What is asked before the widget is closed, what is said afterwards, and what is left to do when it is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from napari.utils.notifications import show_info
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QDockWidget, QMainWindow, QMessageBox, QWidget

from napari_dicom_writer.plan.sent import Resend

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dicom_writer._napari.dock.checklist.layer_list import LayerChecklist
    from napari_dicom_writer._napari.dock.checklist.layer_state import LayerWatch
    from napari_dicom_writer._napari.dock.work.planning import Planner
    from napari_dicom_writer.errors import ExportCancelled


class CloseGuard(QObject):
    """Asks before the dock or the window is closed with something in it that would be lost.

    A script that closes them is not asked.

    Parameters
    ----------
    widget
        In the dock, sooner or later.
    losses
        Says what would be lost, a few words each.
    """

    def __init__(self, widget: QWidget, losses: Callable[[], list[str]]) -> None:
        super().__init__(widget)
        self._widget, self._losses = widget, losses
        # Weak: closed, and not yet deleted by Qt, the widget would keep a whole viewer in memory.
        self._doors: WeakSet[QWidget] = WeakSet()

    def find_doors(self) -> None:
        """Look for the dock and the window that the widget is in now."""
        window = self._widget.window()
        if isinstance(window, QMainWindow) and window not in self._doors:  # a dock that floats is only hidden
            self._doors.add(window)
            window.installEventFilter(self)
        ancestor = self._widget.parent()
        while ancestor is not None and not isinstance(ancestor, QDockWidget):
            ancestor = ancestor.parent()
        if isinstance(ancestor, QWidget) and ancestor not in self._doors and hasattr(ancestor, "destroyOnClose"):
            self._doors.add(ancestor)
            close = ancestor.destroyOnClose
            # In the dock itself: napari makes a new button whenever the dock floats or comes back.
            ancestor.destroyOnClose = lambda: self._may_close() and close()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Ask when the user closes the window."""
        asks = event is not None and event.type() == QEvent.Type.Close and event.spontaneous()
        if not asks or self._may_close() or event is None:
            return False
        event.ignore()
        return True

    def _may_close(self) -> bool:
        losses = self._losses()
        if not losses:
            return True
        question = QMessageBox(QMessageBox.Icon.Question, "Close Export to DICOM?", "\n".join(losses))
        question.setParent(self._widget, question.windowFlags())
        close = question.addButton("Close", QMessageBox.ButtonRole.DestructiveRole)
        question.setDefaultButton(question.addButton("Keep open", QMessageBox.ButtonRole.RejectRole))
        question.exec()
        return question.clickedButton() is close


class Closing:
    """What is left to do when the panel is gone. Qt calls it when no widget is there any more."""

    def __init__(self, planner: Planner, watch: LayerWatch, checklist: LayerChecklist) -> None:
        self._planner, self._watch, self._checklist = planner, watch, checklist

    def close(self) -> None:
        """Stop planning, and listening to the viewer."""
        self._planner.close()
        self._watch.close()
        self._checklist.disconnect_layers()


def losses(*, running: bool, sending: bool, typed: bool, said: bool) -> list[str]:
    """Say what would be lost if the widget were closed now.

    Parameters
    ----------
    running, sending
        Whether an export runs, and goes to a peer.
    typed
        Whether there is something about a patient that was not exported.
    said
        The same of single layers and their segments.
    """
    found = []
    if running and sending:
        found.append("Sending will be cancelled; what was written and has not arrived waits on this machine.")
    elif running:
        found.append("The export that is running will be cancelled, and nothing will be written.")
    if typed:
        found.append("Patient data or attributes that you typed have not been exported.")
    if said:
        found.append("What you said of single layers and their segments has not been exported.")
    return found


def tell_cancelled(error: ExportCancelled) -> None:
    """Say in napari's corner what no widget can say any more."""
    waits = isinstance(error.refusals[0].fix, Resend)
    show_info(f"DICOM: {error}" if waits else "DICOM: cancelled, nothing was written")
