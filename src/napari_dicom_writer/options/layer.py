"""Options that one layer has for itself, beside those of the whole export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from napari_dicom_writer.errors import OptionsError, Refusals
from napari_dicom_writer.mention import mention
from napari_dicom_writer.options.export import ExportOptions
from napari_dicom_writer.options.fields import kinds
from napari_dicom_writer.standard.patient_study import OF_PATIENT_OR_STUDY
from napari_dicom_writer.standard.text import title

if TYPE_CHECKING:
    from napari_dicom_writer.options.groups import Pet, Series


class Given(TypedDict, total=False):
    """The fields of `ExportOptions` that a layer may have for itself; enumerated ones take their strings, too."""

    modality: str
    object: str
    safety_agency: str
    series: Series | Mapping[str, str]
    pet: Pet | Mapping[str, str]
    attributes: Mapping[str, Any]
    segmentation_type: str
    fractional_type: str
    fraction_maximum: float
    segments: Any
    segment_algorithm: str
    segment_algorithm_name: str
    resample_labels: str
    structures: str
    empty_frames: bool
    values: str
    float_display: str
    nan: float | None
    value_unit: str
    quantity: str
    companion: bool
    time: str
    unnamed_axis: str
    pixel_unit: str
    world: str
    geometry: str
    planes: str
    shear: str
    spacing_at: str
    concatenation: bool
    transfer_syntax: str
    lossy_error: int
    lossy_ratio: float


class LayerOptions:
    """What one layer of an export is told for itself; what is not given is that of the export's `ExportOptions`.

    Of `series` and `pet`, each text that is given counts for itself; as a mapping, an empty one does, too. `attributes`
    are joined, the layer's first. Patient, study, and whatever else all layers have in common, are not a layer's.

    Raises
    ------
    OptionsError
        As `ExportOptions`; or for what all layers have in common, with the reason.

    Examples
    --------
    >>> from napari_dicom_writer import Series
    >>> own = LayerOptions(modality="MR", series=Series(number="7"))
    >>> options = own.over(ExportOptions(modality="CT", series=Series(body_part="CHEST")))
    >>> options.modality, options.series.number, options.series.body_part
    (<Modality.MR: 'MR'>, '7', 'CHEST')
    >>> LayerOptions(series={"body_part": ""}).over(options).series.body_part
    ''
    """

    def __init__(self, **given: Unpack[Given]) -> None:
        refusals = Refusals()
        known = {item.name: item.metadata.get("common", "") for item in fields(ExportOptions)}
        for name in given:
            with refusals.collect("options"):
                if name not in known:
                    raise OptionsError(f"{name!r} is not an option", f"Use one of {', '.join(own_options())}")
                if known[name]:
                    what = f"A layer has no {mention(name)} of its own: {known[name]}"
                    raise OptionsError(what, "Give it to the whole export")
        refusals.raise_if_any()
        values, said = dict[str, Any](given), dict[str, dict[str, Any]]()
        for name, kind in kinds(ExportOptions).items():
            if name in values and is_dataclass(kind):
                with refusals.collect("options"):
                    values[name], said[name] = _group(name, kind, values[name])
        refusals.raise_if_any()
        checked = ExportOptions(**values)
        self.given: Mapping[str, Any] = {name: said.get(name, getattr(checked, name)) for name in given}
        for keyword in self.given.get("attributes", ()):
            with refusals.collect("options"):
                if keyword in OF_PATIENT_OR_STUDY:
                    what = f"A layer has no {title(keyword)} of its own: it is of the patient or the study"
                    raise OptionsError(what, "Give it to the whole export")
        refusals.raise_if_any()

    def __repr__(self) -> str:
        return f"LayerOptions({', '.join(f'{name}={value!r}' for name, value in self.given.items())})"

    def over(self, options: ExportOptions) -> ExportOptions:
        """Return the options of the export, with those of the layer in their place."""
        joined = {name: _joined(getattr(options, name), value) for name, value in self.given.items()}
        return replace(options, **joined)

    @property
    def alone(self) -> ExportOptions:
        """What the layer is told, and nothing of the export."""
        return self.over(ExportOptions())


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an export is told, layer by layer.

    Attributes
    ----------
    common : ExportOptions
    own : Mapping of int to LayerOptions
        By the position of their layer among the exported ones.
    """

    common: ExportOptions
    own: Mapping[int, LayerOptions]

    def of(self, index: int) -> ExportOptions:
        """Return the options of one layer."""
        return self.own[index].over(self.common) if index in self.own else self.common

    def says(self, index: int, name: str) -> bool:
        """Whether a layer has an option for itself."""
        return index in self.own and name in self.own[index].given


def has_own_options(layer: Any) -> bool:
    """Whether it is a layer with its options, (layer, `LayerOptions`)."""
    return isinstance(layer, tuple) and len(layer) == 2 and isinstance(layer[1], LayerOptions)


def own_options() -> list[str]:
    """Names of the options that a layer may have for itself."""
    return [item.name for item in fields(ExportOptions) if not item.metadata.get("common")]


def _group(name: str, kind: Any, value: Any) -> tuple[Any, dict[str, Any]]:
    """Return a group of options, and what of it is said: of a mapping all, else what is not as in a fresh group."""
    if not isinstance(value, Mapping):
        found = {item.name: getattr(value, item.name, item.default) for item in fields(kind)}
        return value, {item.name: found[item.name] for item in fields(kind) if found[item.name] != item.default}
    known = [item.name for item in fields(kind)]
    if unknown := [member for member in value if member not in known]:
        raise OptionsError(f"'{name}.{unknown[0]}' is not an option", f"Use one of {', '.join(known)}")
    made = kind(**value)
    return made, {member: getattr(made, member) for member in value}


def _joined(common: Any, own: Any) -> Any:
    """Put what a layer says in the place of what all say: of a group, and of attributes, one by one."""
    if is_dataclass(common) and not isinstance(common, type):
        return replace(common, **own)
    return {**common, **own} if isinstance(common, Mapping) and isinstance(own, Mapping) else own
