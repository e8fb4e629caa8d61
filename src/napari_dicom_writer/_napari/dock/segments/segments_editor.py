"""The table of a layer's segments: what each label means, to be seen, found, said, and loaded from a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from napari_dicom_writer._napari.dock.parts.button_row import ButtonRow
from napari_dicom_writer._napari.dock.parts.choose_file import choose_file
from napari_dicom_writer._napari.dock.parts.ink import InkLabel
from napari_dicom_writer._napari.dock.parts.plain import wrapping
from napari_dicom_writer._napari.dock.segments.segment_details import SegmentDetails, takes_side
from napari_dicom_writer._napari.dock.segments.segment_model import NUMBER, Row, SegmentModel
from napari_dicom_writer._napari.dock.segments.segment_view import SegmentView
from napari_dicom_writer._napari.spelling import in_form
from napari_dicom_writer.errors import ExportError, NoteKind
from napari_dicom_writer.layers.segment_rows import SegmentEdits, sided
from napari_dicom_writer.model.segments import Segment
from napari_dicom_writer.options.choices import SegmentAlgorithm
from napari_dicom_writer.options.export import ExportOptions
from napari_dicom_writer.options.names import NAMES
from napari_dicom_writer.options.segment_files import as_segments, read_segments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from napari.layers import Layer

    from napari_dicom_writer.model.segments import Labels

_FEW = 8  # segments that are found without a search
_TABLES = "Tables of segments (*.csv *.json *.tsv *.txt *.ctbl *.label);;All files (*)"


class SegmentsEditor(QWidget):
    """Edits the segments of one layer; of every layer it keeps what is said.

    Attributes
    ----------
    changed : Signal(object)
        (Layer): something else is said of its segments.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edits: WeakKeyDictionary[Layer, SegmentEdits] = WeakKeyDictionary()
        self._layer: Layer | None = None
        self._labels: Sequence[int] | None = None  # in use, as far as they were found
        self._told: dict[int, Segment] = {}  # by layer and options
        self._options = ExportOptions()
        self._color_of: Any = None
        self._shown: list[Row] = []
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find: number, name, code, or “tissue”")
        self.search.setToolTip("“tissue” finds the segments of which nobody knows what they show")
        self.search.setAccessibleName("Find segments")
        self.search.setClearButtonEnabled(True)
        self.model = SegmentModel()
        self.view = SegmentView(self.model)
        self.details = SegmentDetails()
        self.load_button = QPushButton("Load table…")
        self.load_button.setToolTip("Names, codes and colors from CSV, JSON, a color table of 3D Slicer, or ITK-SNAP")
        self.undo_button = QPushButton("Undo all")
        self.undo_button.setToolTip("Forget what is said here of this layer's segments")
        self._below = InkLabel()
        self._below.setWordWrap(True)
        self._below.setTextFormat(Qt.TextFormat.PlainText)  # it may quote a file
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 0, 0, 6)
        buttons = ButtonRow([self.load_button, self.undo_button])
        for part in (self.search, self.view, self.details, buttons, self._below):
            column.addWidget(part)
        self._connect()

    def _connect(self) -> None:
        self.search.textChanged.connect(self.model.search)
        self.search.returnPressed.connect(self._enter_table)
        self.model.renamed.connect(lambda label, name: self._say([label], "name", name))
        self.model.modelReset.connect(self._show_details)
        selection = self.view.selectionModel()
        assert selection is not None  # noqa: S101 - it has a model
        selection.selectionChanged.connect(self._show_details)
        self.view.code_wanted.connect(self._ask_for_code)
        self.details.said.connect(lambda name, value: self._say(self.selected, name, value))
        self.details.search.chosen.connect(lambda _: self.view.setFocus())  # to go on with the next
        self.details.sided.connect(self._take_side)
        self.details.categorized.connect(self._take_category)
        self.load_button.clicked.connect(self._choose_table)
        self.undo_button.clicked.connect(self._undo)

    # --- what is said ------------------------------------------------------------------------------------------------

    @property
    def are_said(self) -> bool:
        """Whether anything is said of any layer."""
        return any(self._edits.values())

    def own(self, layer: Layer, labels: Callable[[], Labels | None], common: Any) -> tuple[Segment, ...] | None:
        """Return the option `segments` of a layer's own; None where nothing is said.

        Parameters
        ----------
        layer
        labels
            Tells what it says itself.
        common
            The option of all layers.
        """
        edits = self._edits.get(layer)
        if not edits:
            return None
        given = as_segments(common)
        return edits.own(_by_label(labels(), given), given)

    def load(self, layer: Layer, path: Path) -> None:
        """Take what a file says of a layer's segments; say why not, if it cannot be read."""
        self._say_below(NoteKind.INFO, "")
        try:
            segments = read_segments(path)
        except ExportError as error:
            refusal = error.refusals[0].spelled(in_form)
            self._say_below("refused", f"{refusal.what}. {refusal.remedy}.")
            return
        self._edits.setdefault(layer, SegmentEdits()).load(segments)
        if layer is self._layer and self._labels is not None:
            missing = set(self._labels) - {segment.label for segment in segments}
            rest = f", and not {len(missing):,} of this layer's labels" if missing else ""
            self._say_below(NoteKind.INFO, f"{path.name} names {len(segments):,} segments{rest}.")
        self.changed.emit(layer)

    def _say(self, labels: Sequence[int], name: str, value: Any) -> None:
        if self._layer is not None and labels:
            edits = self._edits.setdefault(self._layer, SegmentEdits())
            edits.change(labels, name, value, edits.before(self._told))
            self._tell()

    def _take_side(self, side: Any) -> None:
        segments = self._segments()
        for label in self.selected:
            if (structure := segments[label].structure) and takes_side(structure):
                self._say([label], "structure", sided(structure, side))

    def _take_category(self, category: Any) -> None:
        segments = self._segments()
        for label in self.selected:
            if structure := segments[label].structure:
                self._say([label], "structure", replace(structure, category=category))

    def _undo(self) -> None:
        if self._layer is not None:
            self._edits.pop(self._layer, None)
            self._say_below(NoteKind.INFO, "")
            self._tell()

    def _tell(self) -> None:
        if self._layer is not None:
            self._show()
            self.changed.emit(self._layer)

    # --- what is shown -----------------------------------------------------------------------------------------------

    def show_layer(
        self, layer: Layer, labels: Labels | None, in_use: Sequence[int] | None, options: ExportOptions
    ) -> None:
        """Show a layer.

        Parameters
        ----------
        layer
        labels
            What it says itself.
        in_use
            The labels that it holds; None as long as nobody has looked.
        options
            Its own, over those of all layers; their `segments` are those of all.
        """
        if layer is not self._layer:
            self.view.end_typing()  # of the layer before, whose selection is not this one's, either
            self.view.clearSelection()
            self.details.end_typing()
            self.search.clear()
            self._say_below(NoteKind.INFO, "")
        common = () if options.segments is None else as_segments(options.segments)
        self._layer, self._labels, self._options = layer, in_use, options
        self._told = _by_label(labels, common)
        self._color_of = labels.color_of if labels else None
        self._show()

    @property
    def selected(self) -> list[int]:
        """Labels of the selected segments."""
        selection = self.view.selectionModel()
        rows = sorted(index.row() for index in selection.selectedRows(NUMBER)) if selection else []
        return [self.model.row(row).segment.label for row in rows]

    @property
    def summary(self) -> str:
        """How many segments there are, and of how many it is not known what they show."""
        rows = self._shown
        unknown = sum(not row.known for row in rows)
        count = f"{len(rows):,} segment{'' if len(rows) == 1 else 's'}" if rows else "none named"
        return f"{count}, {f'{unknown:,} of them ' if unknown < len(rows) else ''}Tissue ?" if unknown else count

    def _segments(self) -> dict[int, Segment]:
        edits = self._edits.get(self._layer) if self._layer is not None else None
        return edits.segments(self._told) if edits else self._told

    def _rows(self) -> list[Row]:
        segments = self._segments()
        labels = sorted(segments) if self._labels is None else self._labels
        every = (segments.get(label, Segment(label=label)) for label in labels)
        return [Row(segment, self._made(segment)) for segment in every]

    def _made(self, segment: Segment) -> str:
        kind = segment.algorithm_type.lower() or self._options.segment_algorithm
        program = segment.algorithm_name or self._options.segment_algorithm_name
        return ", ".join(filter(None, (NAMES[SegmentAlgorithm][SegmentAlgorithm(kind)], program)))

    def _show(self) -> None:
        rows = self._shown = self._rows()
        self.search.setVisible(len(rows) > _FEW or bool(self.search.text()))
        self.model.show(rows, self._color_of)
        self.undo_button.setEnabled(bool(self._layer is not None and self._edits.get(self._layer)))
        self._show_details()

    def _show_details(self) -> None:
        segments = self._segments()
        self.details.show_segments([segments.get(n, Segment(label=n)) for n in self.selected], self._options)

    def _say_below(self, kind: str, text: str) -> None:
        """Say what came of loading a table."""
        self._below.set_kind(kind)
        self._below.setText(wrapping(text))
        self._below.setVisible(bool(text))

    # --- what leads where --------------------------------------------------------------------------------------------

    def reveal(self) -> QWidget:
        """Give the table the focus, on the first segment of which it is not known what it shows."""
        unknown = next((row for row in range(self.model.rowCount()) if not self.model.row(row).known), 0)
        if self.model.rowCount():
            self.view.selectRow(unknown)
        self.view.setFocus()
        return self.view

    def _enter_table(self) -> None:
        """Enter in the search leads to what was found."""
        if self.model.rowCount():
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)
            self.view.selectRow(0)

    def _ask_for_code(self) -> None:
        self.details.search.setFocus(Qt.FocusReason.OtherFocusReason)
        self.details.search.selectAll()

    def _choose_table(self) -> None:
        layer = self._layer
        path = choose_file(self, "Load a table of segments", kinds=_TABLES)
        if path is not None and layer is not None:
            self.load(layer, path)


def _by_label(labels: Labels | None, given: Sequence[Segment]) -> dict[int, Segment]:
    """What layer and options say, as the plan takes it: the options go before the layer."""
    said: Mapping[int, Segment] = {segment.label: segment for segment in labels.segments} if labels else {}
    return dict(said) | {segment.label: segment for segment in given}
