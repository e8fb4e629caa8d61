"""An export that runs while the viewer goes on, tells how far it is, and can be cancelled."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, Signal
from qtpy.QtWidgets import QDockWidget, QMainWindow

from napari_dicom_writer._napari.dock.work.activity import Activity
from napari_dicom_writer._napari.dock.work.background import Background, Leaving
from napari_dicom_writer._napari.dock.work.collecting import short_collections
from napari_dicom_writer._napari.dock.work.pace import Pace
from napari_dicom_writer._napari.faults import faults_as_export_errors
from napari_dicom_writer.errors import ExportCancelled, ExportError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.plan import ExportPlan
    from napari_dicom_writer.plan.report import ExportReport
    from napari_dicom_writer.plan.sent import Unsent


class Stage(StrEnum):
    """What an export is doing."""

    READING = "reading values"  # to choose how they are stored, or those of the first planes
    WRITING = "writing"
    CHECKING = "checking"  # that no layer changed, and the series as a whole
    SENDING = "sending"  # what was written to a peer


class _Counts:
    """How far an export is: stored by its thread, looked at by the viewer's."""

    def __init__(self) -> None:
        self.now = (0, 0)  # instances done and their total, in one object; of what is sent, bytes
        self.began = 0.0  # when writing, or sending, began
        self.sends = False

    def __call__(self, done: int, total: int) -> None:
        if self.sends:
            return  # it is only asked whether to go on
        if not done:  # again and again while values are scanned, and once more when writing begins
            self.began = time.monotonic()
        self.now = (done, total)

    def sent(self, done: int, total: int) -> None:
        """Count bytes that have gone out."""
        if not self.sends:
            self.began, self.sends = time.monotonic(), True
        self.now = (done, total)

    @property
    def stage(self) -> Stage:
        """What is being done."""
        done, total = self.now
        if self.sends:
            return Stage.SENDING
        return Stage.READING if not done else Stage.WRITING if done < total else Stage.CHECKING


class ExportRun(QObject):
    """Runs one export at a time in a thread.

    Belongs to the main thread. Where its parent is a widget that is closed, taken out of its dock or deleted, the
    export is cancelled; its staging area is gone before the parent is.

    Attributes
    ----------
    progressed : Signal
        (instances done, total, bytes a second, seconds left): at most 20 times a second. Both rates are NaN as long as
        nobody can know.
    sent : Signal
        The same while it is sent to a peer: (bytes gone out, total, bytes a second, seconds left).
    staged : Signal
        (str): a `Stage` begins.
    finished : Signal
        (ExportReport): the series is published.
    failed : Signal
        (ExportError): nothing was published, or not all of it has arrived.
    cancelled : Signal
        (ExportCancelled): the same, by the user's wish.
    """

    progressed = Signal(int, int, float, float)
    sent = Signal(object, object, float, float)  # no int, which ends at 2 GB
    staged = Signal(str)
    finished = Signal(object)
    failed = Signal(object)
    cancelled = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background("napari-dicom-writer", Leaving.CLEANLY, self)
        self._background.looked.connect(self._tell)
        self._background.ended.connect(self._end)
        self._counts = _Counts()
        self._pace: Pace | None = None
        self._size = 0
        self._agreed: ExportPlan | None = None
        self._stage = ""
        self._watched: list[QObject] = []
        self._activity: Activity | None = None

    @property
    def running(self) -> bool:
        """Whether an export was started whose end was not told yet."""
        return self._background.running

    def start(
        self,
        layers: Sequence[Any],
        path: str | os.PathLike[str],
        options: ExportOptions,
        *,
        size: int = 0,
        agreed: ExportPlan | None = None,
        to: str | None = None,
    ) -> None:
        """Start to export; every way it may end is told by a signal, later.

        Parameters
        ----------
        layers
            Layer tuples, alone or with options of their own, made now: what happens to the layers afterwards does not
            matter, and `export` notices arrays that are edited in place.
        path, options, to
            As for `export`.
        size
            Bytes that will be written, from the plan, for the rate; without it that stays NaN.
        agreed
            The plan that was shown, as for `export`.

        Raises
        ------
        RuntimeError
            If an earlier export has not ended.
        """
        tuples, counts = list(layers), _Counts()
        self._agreed = agreed

        def work(stop_if_asked: Callable[[], None]) -> ExportReport:
            # Here, in the thread: the dock widget opens without waiting for what writing needs.
            from napari_dicom_writer.exporting import export

            def progress(done: int, total: int) -> None:
                counts(done, total)
                stop_if_asked()

            def sending(done: int, total: int) -> None:
                counts.sent(done, total)
                stop_if_asked()

            shown: dict[str, Any] = {} if agreed is None else {"agreed": agreed}
            shown |= {} if to is None else {"to": to, "sending": sending}
            with short_collections(), faults_as_export_errors():
                return export(tuples, path, options, progress=progress, **shown)

        self._begin(work, counts, size)

    def resend(self, unsent: Unsent) -> None:
        """Send what has not arrived of the export that ran last; told by the same signals."""
        counts, agreed = _Counts(), self._agreed

        def work(stop_if_asked: Callable[[], None]) -> ExportReport:
            from napari_dicom_writer.destinations.network.deliver import resend
            from napari_dicom_writer.plan.report import ExportReport

            assert agreed is not None  # noqa: S101 - it was shown, or nothing would have been sent
            start = time.monotonic()
            with faults_as_export_errors():
                sent = resend(unsent, stop_if_asked, counts.sent)
            seconds = time.monotonic() - start
            return ExportReport(unsent.folder, agreed, agreed.bytes, seconds, agreed.verify, sent)

        self._begin(work, counts, self._size)

    def _begin(self, work: Callable[[Callable[[], None]], ExportReport], counts: _Counts, size: int) -> None:
        if self.running:
            raise RuntimeError("An earlier export has not ended")
        self._counts, self._pace, self._size, self._stage = counts, None, size, ""
        self._activity = Activity(self._background.cancel)
        self.destroyed.connect(self._activity.close)
        self._background.begin(work)
        self._watched = _ancestors(self)
        for ancestor in self._watched:
            ancestor.installEventFilter(self)

    def cancel(self) -> None:
        """Stop soon: after the instance, or the slab, at hand."""
        self._background.cancel()

    def wait(self, seconds: float | None = None) -> bool:
        """Block until the export has ended, and return whether it has; the signals come from the event loop, later."""
        return self._background.wait(seconds)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Cancel when the parent is closed, or is in what is taken out of its dock: napari deletes it late, if ever."""
        if watched is not None and event is not None:
            closed = event.type() == QEvent.Type.Close and watched is self.parent()
            if closed or (event.type() == QEvent.Type.ParentChange and watched.parent() is None):
                self.cancel()
        return False

    def _tell(self) -> None:
        done, total = self._counts.now
        if not total:
            return
        stage = self._counts.stage
        if stage is Stage.SENDING and stage != self._stage:
            self._pace = None  # that of a disk
        rate = left = math.nan
        if done:
            self._pace = self._pace or Pace(self._counts.began)
            rate, left = self._pace.judge(time.monotonic(), done, total)
        if stage != self._stage:
            self._stage = stage
            self.staged.emit(stage)
        if stage is Stage.SENDING:
            self.sent.emit(done, total, rate, left)
        else:
            self.progressed.emit(done, total, rate * self._size / total if self._size else math.nan, left)
        # Last of all: while napari draws its bar anything may happen, this object may be deleted.
        if self._activity is not None:
            self._activity.show(done, total, stage)

    def _end(self, outcome: Any) -> None:
        if self._activity is not None:
            self.destroyed.disconnect(self._activity.close)
            self._activity.close()
            self._activity = None
        for ancestor in self._watched:
            with suppress(RuntimeError):  # it was deleted
                ancestor.removeEventFilter(self)
        self._watched = []
        if isinstance(outcome, ExportCancelled):
            self.cancelled.emit(outcome)
        elif isinstance(outcome, ExportError):
            self.failed.emit(outcome)
        else:
            self.finished.emit(outcome)


def _ancestors(run: QObject) -> list[QObject]:
    """What holds it, below the dock and the window."""
    found = []
    ancestor = run.parent()
    while ancestor is not None and not isinstance(ancestor, QDockWidget | QMainWindow):
        found.append(ancestor)
        ancestor = ancestor.parent()
    return found
