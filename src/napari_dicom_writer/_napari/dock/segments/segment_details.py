"""What the selected segments show and how they were made: of one, or of many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QWidget

from napari_dicom_writer._napari.dock.parts.mark import LeaveWheel, write_unless_typed
from napari_dicom_writer._napari.dock.segments.code_search import CodeSearch
from napari_dicom_writer.layers.segment_rows import side_of
from napari_dicom_writer.options.choices import SegmentAlgorithm
from napari_dicom_writer.options.names import NAMES
from napari_dicom_writer.standard.codes import LEFT, RIGHT, UNKNOWN, categories, structure_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.model.segments import Segment
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.standard.codes import Structure

_SEVERAL = "several"
_SIDES = {"no side": None, "left": LEFT, "right": RIGHT}


class SegmentDetails(QWidget):
    """Editors of the selected segments.

    Attributes
    ----------
    said : Signal(str, object)
        Field of `Segment`, and the value that all of them have now.
    sided : Signal(object)
        `Code` of the side that all of them are on now, or None.
    categorized : Signal(object)
        `Code` of the category that all of them are of now.
    """

    said = Signal(str, object)
    sided = Signal(object)
    categorized = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = CodeSearch()
        self.category, self.side, self.made, self.program = QComboBox(), QComboBox(), QComboBox(), QLineEdit()
        self.category.setAccessibleName("Category")
        self.category.setToolTip("Segmented Property Category: that of the code, unless another one is chosen")
        self.side.addItems([*_SIDES])
        self.side.setAccessibleName("Side")
        self.side.setToolTip("Laterality, where the term does not say the side itself")
        self.made.setAccessibleName("How the selected segments were made")
        self.made.setToolTip("Segment Algorithm Type")
        self.program.setAccessibleName("Program that made the selected segments")
        self.program.setToolTip("Segment Algorithm Name; empty: as the options say")
        for box in self._boxes:
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(5)
        self._leave_wheel = LeaveWheel([*self._boxes], self)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setVerticalSpacing(4)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        rows = {"Shows": self.search, "Category": self.category, "Side": self.side}
        rows |= {"Made": self.made, "Program": self.program}
        for title, editor in rows.items():
            self._form.addRow(QLabel(title), editor)
        self.search.chosen.connect(lambda structure: self.said.emit("structure", structure))
        self.category.activated.connect(lambda _: self.categorized.emit(self.category.currentData()))
        self.side.activated.connect(lambda _: self.sided.emit(_SIDES[self.side.currentText()]))
        self.made.activated.connect(lambda _: self.said.emit("algorithm_type", self.made.currentData()))
        self.program.textEdited.connect(lambda text: self.said.emit("algorithm_name", text.strip()))

    @property
    def _boxes(self) -> tuple[QComboBox, ...]:
        return self.category, self.side, self.made

    def show_segments(self, segments: Sequence[Segment], options: ExportOptions) -> None:
        """Show what is said of these, and where nothing is, what the options say."""
        self.setEnabled(bool(segments))
        for box in self._boxes:
            box.setPlaceholderText(_SEVERAL if segments else "")
        structures = {segment.structure if segment.structure != UNKNOWN else None for segment in segments}
        structure = structures.pop() if len(structures) == 1 else None
        unknown = "Tissue: search for a code" if segments else "Select segments above"
        self.search.show_structure(structure, _SEVERAL if structures else unknown)
        self._show_category(segments)
        self._show_side(segments)
        self._show_made({segment.algorithm_type for segment in segments}, options)
        programs = {segment.algorithm_name for segment in segments}
        program = programs.pop() if len(programs) == 1 else ""
        self.program.setPlaceholderText(
            _SEVERAL if programs else options.segment_algorithm_name or "such as TotalSegmentator"
        )
        write_unless_typed(self.program, program)

    def end_typing(self) -> None:
        """Take what is said of other segments into the lines, also where somebody typed."""
        self.search.setModified(False)
        self.program.setModified(False)

    def _show_category(self, segments: Sequence[Segment]) -> None:
        known = [segment.structure for segment in segments if segment.structure not in (None, UNKNOWN)]
        self.category.setEnabled(bool(known) and len(known) == len(segments))
        found = {structure.category for structure in known if structure}
        if known and not self.category.count():  # the terms take a moment to load
            for code in categories().values():
                self.category.addItem(code.meaning, code)
        at = [index for index in range(self.category.count()) if {self.category.itemData(index)} == found]
        self.category.setCurrentIndex(at[0] if at else -1)

    def _show_side(self, segments: Sequence[Segment]) -> None:
        sides = {side_of(segment.structure) if segment.structure else None for segment in segments}
        open_ones = [segment for segment in segments if segment.structure and takes_side(segment.structure)]
        self.side.setEnabled(bool(segments) and len(open_ones) == len(segments))
        # A side that is neither, as in files of others, is none of these.
        known = [index for index, code in enumerate(_SIDES.values()) if {code} == sides]
        self.side.setCurrentIndex(known[0] if known else -1)

    def _show_made(self, kinds: set[str], options: ExportOptions) -> None:
        names: dict[Any, str] = dict(NAMES[SegmentAlgorithm])
        common = f"as the option: {names[options.segment_algorithm]}"
        if common != self.made.itemText(0):  # or it would change while somebody chooses
            self.made.clear()
            self.made.addItem(common, "")
            for kind, name in names.items():
                self.made.addItem(name, kind.value.upper())
        self.made.setCurrentIndex(self.made.findData(kinds.pop()) if len(kinds) == 1 else -1)


def takes_side(structure: Structure) -> bool:
    """Whether a side can be said of a structure: it is known, and its term does not say it."""
    term = structure.region or structure.type
    return structure != UNKNOWN and structure_of(term, LEFT).laterality is not None
