"""The options as a form, generated from the fields of `ExportOptions`: a new option appears by itself."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, Signal
from qtpy.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from napari_dicom_writer._napari.dock.form.fields import OptionField
from napari_dicom_writer._napari.dock.form.members import GROUPS, members_of
from napari_dicom_writer._napari.dock.parts.fold import Fold
from napari_dicom_writer._napari.dock.parts.plain import tooltip
from napari_dicom_writer.errors import Refusals
from napari_dicom_writer.options.export import ExportOptions
from napari_dicom_writer.options.fields import kinds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qtpy.QtGui import QMouseEvent

    from napari_dicom_writer.options.groups import Patient, Study


class OptionsForm(QWidget):
    """Edits `ExportOptions`, group by group.

    Parameters
    ----------
    options
        What the form starts with.
    is_open
        Title → whether that group starts unfolded.

    Attributes
    ----------
    changed : Signal
        After every edit, whether valid or not.
    folded : Signal(str, bool)
        Title of a group that was folded (False) or unfolded (True).
    """

    changed = Signal()
    folded = Signal(str, bool)

    def __init__(
        self, options: ExportOptions, is_open: Mapping[str, bool] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._fields: dict[str, OptionField] = {}  # by the option's name, such as "modality" or "patient.name"
        self._folds: dict[str, Fold] = {}
        self._bodies: dict[str, QWidget] = {}
        self._inner: dict[str, tuple[Fold, ...]] = {}  # what to unfold to see a field
        self._labels: dict[str, _Label] = {}
        self._attributes: Mapping[str, Any] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for title, groups in GROUPS.items():
            fold = self._make_group(groups, title, is_open=bool(is_open and is_open.get(title)))
            self._folds[title] = fold
            layout.addWidget(fold)
        self.show_options(options)
        for field in self._fields.values():
            field.changed.connect(self.changed)
        self.changed.connect(self._summarize)
        self._summarize()
        self._align()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the font."""
        super().changeEvent(event)
        if event is not None and event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._align()

    def _align(self) -> None:
        """Let the editors of all groups begin at one place; those that few need, whose names are long, at another."""
        for rare in (False, True):
            labels = [label for name, label in self._labels.items() if (len(self._inner[name]) > 1) is rare]
            for label in labels:
                label.setMinimumWidth(0)  # of the font before
            widest = max(label.sizeHint().width() for label in labels)
            for label in labels:
                label.setMinimumWidth(widest)

    def add_below(self, title: str, widget: QWidget) -> None:
        """Put a widget at the end of a group."""
        layout = self._bodies[title].layout()
        assert layout is not None  # noqa: S101 - made below
        layout.addWidget(widget)

    def options(self) -> ExportOptions:
        """Return what the form says.

        Raises
        ------
        OptionsError
            With everything that is wrong.
        """
        refusals = Refusals()
        values: dict[str, Any] = {"attributes": self._attributes}
        for name, kind in kinds(ExportOptions).items():
            if isinstance(kind, type) and dataclasses.is_dataclass(kind):
                values |= self._build(kind, f"{name}.", refusals, into=name)
        options = self._build(ExportOptions, "", refusals, into="", **values)
        refusals.raise_if_any()
        return options[""]  # type: ignore[no-any-return]  # built by its type

    def show_options(self, options: ExportOptions) -> None:
        """Fill the form."""
        for name, field in self._fields.items():
            group, _, member = name.rpartition(".")
            field.value = getattr(getattr(options, group) if group else options, member)

    def show_group(self, name: str, group: Patient | Study) -> None:
        """Fill the fields of one group, ``patient`` or ``study``."""
        for item in dataclasses.fields(group):
            self._fields[f"{name}.{item.name}"].value = getattr(group, item.name)

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Other attributes, which are given in the table of tags."""
        return self._attributes

    def take_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Take what is given in the table of tags."""
        self._attributes = attributes
        self.changed.emit()

    def identity(self) -> dict[str, Any]:
        """Return what is in the fields of patient and study, valid or not, and the other attributes."""
        fields = {name: field.value for name, field in self._fields.items() if name.startswith(("patient.", "study."))}
        return fields | {"attributes": self._attributes}

    def field(self, name: str) -> OptionField:
        """Return the field of an option, such as ``modality`` or ``patient.name``."""
        return self._fields[name]

    def reveal(self, name: str) -> OptionField:
        """Unfold what hides an option, give it the focus, and return its field."""
        for fold in self._inner[name]:
            fold.open()
        self._fields[name].setFocus()
        return self._fields[name]

    def show_owned(self, owned: Mapping[str, str]) -> None:
        """Mark the options that single layers have for themselves; name → those layers."""
        for name, label in self._labels.items():
            label.mark(owned.get(name, ""))

    def set_summary(self, title: str, text: str) -> None:
        """Say in the heading of a folded group what it holds."""
        self._folds[title].set_summary(text)

    def _make_group(self, groups: Iterable[str], title: str, *, is_open: bool) -> Fold:
        body, rare = QWidget(), QWidget()
        form, more = _form_layout(), _form_layout(rare)
        members = [member for group in groups for member in members_of(group)]
        more_fold = Fold("More", rare)
        outer = QVBoxLayout(body)
        outer.setContentsMargins(10, 0, 0, 6)
        outer.addLayout(form)
        fold = Fold(title, body, is_open=is_open)
        for name, owner, item in members:
            field = OptionField(owner, item)
            label = _Label(field)
            (more if item.metadata["rare"] else form).addRow(label, field)
            self._labels[name] = label
            self._fields[name] = field
            self._inner[name] = (fold, more_fold) if item.metadata["rare"] else (fold,)
        if any(item.metadata["rare"] for _, _, item in members):
            outer.addWidget(more_fold)
            self._inner[title] = (more_fold,)
        self._bodies[title] = body
        fold.toggled.connect(lambda opened: self.folded.emit(title, opened))
        return fold

    def _build(self, owner: type, prefix: str, refusals: Refusals, *, into: str, **values: Any) -> dict[str, Any]:
        """Build one dataclass from its fields; an empty result if it was refused."""
        for item in dataclasses.fields(owner):
            if field := self._fields.get(prefix + item.name):
                with refusals.collect("options"):
                    values[item.name] = field.value
        with refusals.collect("options"):
            return {into: owner(**values)}
        return {}

    def _summarize(self) -> None:
        """Say in each heading what differs from the defaults, the patient always."""
        for title, groups in GROUPS.items():
            names = [name for group in groups for name, _, _ in members_of(group)]
            wrong = [self._fields[name].label for name in names if self._fields[name].error]
            told = [
                self._fields[name].told for name in names if not self._fields[name].is_default or name in _ALWAYS_TOLD
            ]
            self.set_summary(title, f"⚠ {', '.join(wrong)}" if wrong else " · ".join(filter(None, told)))
            if rare := self._inner.get(title):
                hidden = [
                    self._fields[n] for n in names if rare[0] in self._inner[n] and not self._fields[n].is_default
                ]
                rare[0].set_summary(", ".join(field.label for field in hidden))


class _Label(QLabel):
    """What a field is called; clicked, it leads to the field, and toggles a switch."""

    def __init__(self, field: OptionField) -> None:
        super().__init__(field.label)
        self._field = field

    def mark(self, layers: str) -> None:
        """Say which layers have this option for themselves."""
        self.setText(f"{self._field.label} *" if layers else self._field.label)
        self.setToolTip(tooltip(f"* Not of {layers}: see “Only this layer”" if layers else ""))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Do as the field's own box would."""
        super().mouseReleaseEvent(event)
        self._field.setFocus()
        if isinstance(self._field.value, bool):
            self._field.value = not self._field.value


# What a folded group says though it is as in fresh options.
_ALWAYS_TOLD = {"modality", "patient.name", "values", "pixel_unit", "world", "transfer_syntax", "verify"}


def _form_layout(parent: QWidget | None = None) -> QFormLayout:
    layout = QFormLayout(parent) if parent else QFormLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setVerticalSpacing(4)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    # Where a dock is narrow or letters are large, a field goes below its label rather than out of sight.
    layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    return layout
