"""Whole exports: layers, options, target, and whether anybody cancels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from fuzz.layers import Layer, Stack, layers
from fuzz.places import PIXEL_UNITS
from fuzz.texts import HOSTILE, anything, rarely, sometimes
from judges.tables import MODALITIES
from napari_dicom_writer import ExportOptions, Patient, Series, Study
from napari_dicom_writer.codecs import open_codec
from napari_dicom_writer.errors import OptionsError
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

# Stands in every name and number of a patient, and must stand nowhere else.
MARK = "Zq7Kx"
PEOPLE = (
    {},
    {"name": f"{MARK}Doe^Jane", "id": f"{MARK}-0815", "birth_date": "1970-02-28", "sex": "F"},
    {"name": f"{MARK}山田^太郎=山田^太郎=やまだ", "id": f"{MARK} Ä", "age": "042Y", "weight": "71.5"},
    {"name": MARK, "id": ""},
)
_WRONG_PEOPLE = ({"name": f"{MARK}\\wrong", "id": "1"}, {"name": MARK, "id": MARK * 20}, {"birth_date": f"19{MARK}"})


def _installed(syntax: TransferSyntax) -> bool:
    try:
        open_codec(syntax)
    except OptionsError:
        return False
    return True


SYNTAXES = tuple(str(syntax) for syntax in TransferSyntax if _installed(syntax))
_UNITS = {"OT": ("US", "HU", "1"), "CT": ("HU", "US"), "MR": ("1", "ms", "mm2/s"), "PT": ("BQML", "GML")}
WRONG_UNITS = ("BQML", "mm2/s", "no such unit at all, and too long for a code", "µm", "\\")
_TARGETS = ("out.dcm", "new/folder/out", "脳 🧠", "-x", "a.b.c", "e\u0301", "..", "x" * 300, "y" * 250)
# What no file system takes as a name is not drawn.
_STRANGE_TARGETS = (*_TARGETS, *(text for text in HOSTILE if text.isprintable()))


@dataclass(frozen=True)
class Case:
    """One export.

    Attributes
    ----------
    layers : tuple of Layer
    options : dict
        Of `ExportOptions`, without its groups.
    patient, study, series : dict
        Of these groups.
    target : str
        Below the folder for it.
    cancel_at : int or None
        The call of the progress callback that cancels.
    look : bool
        Whether dciodvfy, which is slow to start, judges it.
    """

    layers: tuple[Layer, ...]
    options: dict[str, Any] = field(default_factory=dict)
    patient: dict[str, Any] = field(default_factory=dict)
    study: dict[str, Any] = field(default_factory=dict)
    series: dict[str, Any] = field(default_factory=dict)
    target: str = "out"
    cancel_at: int | None = None
    look: bool = True

    def export_options(self) -> ExportOptions:
        """Make the options, which may be refused."""
        return ExportOptions(
            patient=Patient(**self.patient), study=Study(**self.study), series=Series(**self.series), **self.options
        )

    def get(self, option: str) -> Any:
        """An option, or its default."""
        return self.options.get(option, ExportOptions.__dataclass_fields__[option].default)

    def stacks(self, layer: Layer) -> list[Stack]:
        """The series to expect of one of the layers."""
        return layer.stacks(
            pixel_unit=self.get("pixel_unit"),
            world=self.get("world"),
            unnamed_axis=self.get("unnamed_axis"),
            time=self.get("time"),
        )


@st.composite
def _texts(draw: st.DrawFn, fields: tuple[str, ...]) -> dict[str, Any]:
    """Most exports have none, so that not all are refused for them."""
    if not draw(rarely):
        return {}
    return {name: draw(anything) for name in fields if draw(st.booleans())}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw an export."""
    syntax = draw(st.sampled_from(("explicit-le", *SYNTAXES)))
    modality = draw(st.sampled_from(("OT", *MODALITIES)))
    options: dict[str, Any] = {"modality": modality, "transfer_syntax": syntax}
    choices = {
        "values": st.sampled_from(["exact", "fit"]),
        "nan": st.sampled_from([0, -1000.0, 0.1, 1e6]),
        "time": st.sampled_from(["one-series", "series-per-point"]),
        "unnamed_axis": st.sampled_from(["time", "channel"]),
        "pixel_unit": st.sampled_from([*PIXEL_UNITS]),
        "world": st.sampled_from(["LPS", "RAS"]),
        "shear": st.sampled_from(["refuse", "resample"]),
        "verify": st.sampled_from(["headers", "off"]),
        "workers": st.sampled_from([1, 2, 3]),
        "value_unit": st.sampled_from(_UNITS[modality]),
        "lossy_error": st.sampled_from([1, 3, 100, 255]),
        "lossy_ratio": st.sampled_from([1.5, 10, 1e6]),
    }
    seldom = ("values", "verify", "workers", "value_unit")
    for name, choice in choices.items():
        if draw(sometimes if name in seldom else st.booleans()):
            options[name] = draw(choice)
    if draw(rarely):
        options["nan"] = draw(st.sampled_from([1e306, float("nan"), -5e-324]))
    if draw(rarely):
        options["value_unit"] = draw(st.sampled_from(WRONG_UNITS))
    color = draw(sometimes) and (modality == "OT" or draw(rarely))
    kind = layers(color=color, large=syntax == "jpeg-2000-lossy", pixel_unit=options.get("pixel_unit", "mm"))
    target = st.sampled_from(_STRANGE_TARGETS) if draw(sometimes) else st.just("out")
    several = draw(st.lists(kind, min_size=1, max_size=3 if draw(sometimes) else 1))
    if draw(st.booleans()):
        # In one place: drawn by themselves, they lie apart and are refused.
        same = [layer for layer in several if (layer.form, layer.dims) == (several[0].form, several[0].dims)]
        several = [replace(layer, place=several[0].place) for layer in same]
    return Case(
        layers=tuple(several),
        options=options,
        patient=draw(st.sampled_from(_WRONG_PEOPLE if draw(rarely) else PEOPLE)),
        study=draw(_texts(("description", "id", "accession_number", "referring_physician"))),
        series=draw(_texts(("description", "protocol", "institution", "department", "station", "operator"))),
        target=draw(target),
        cancel_at=draw(st.sampled_from([1, 2, 5])) if draw(rarely) else None,
        look=draw(st.sampled_from([True, False, False, False])),
    )
