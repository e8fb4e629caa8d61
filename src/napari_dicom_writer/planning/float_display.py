"""Floats, for those who read values or for those who look: a Rescale Slope, or stored values and a mapping beside.

No one way satisfies all (docs/viewers.md has the measurements): viewers that round real values to whole ones show few
gray levels of a small range, and programs that read values know no Real World Value Mapping.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.errors import Fix, Note, NoteKind, OptionsError
from napari_dicom_writer.mention import mention
from napari_dicom_writer.options.choices import FloatDisplay
from napari_dicom_writer.plan.stored_values import Method, ModalityLUT

if TYPE_CHECKING:
    import numpy as np

    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.stored_values import PixelRules, StoredValues

_SMALL = 100  # of a larger range, rounding to whole values costs no gray level that anybody sees


def rules_for(rules: PixelRules, dtype: np.dtype[Any], options: ExportOptions) -> PixelRules:
    """Return the rules of an object as the option changes them for a layer of this dtype.

    Raises
    ------
    OptionsError
        If the object cannot go without its slope.
    """
    if options.float_display is not FloatDisplay.STORED or dtype.kind != "f" or rules.lut is ModalityLUT.REAL_WORLD:
        return rules
    if not rules.mappable:
        raise OptionsError(
            f"Readers of {rules.name} go by its Rescale Slope, and {mention('float_display', 'stored')} leaves it out",
            f"Choose {mention('float_display', 'rescale')}, or {mention('object', 'sc')}",
            "options",
            fix=Fix("float_display", FloatDisplay.RESCALE, "With a slope"),
        )
    return replace(rules, lut=ModalityLUT.REAL_WORLD)


def display_notes(
    limits: tuple[float, float] | None, stored: StoredValues, rules: PixelRules, options: ExportOptions
) -> list[Note]:
    """Say which programs show what of floats of a small range, and whether the option changes anything.

    Parameters
    ----------
    limits
        Real values displayed black and white; None of colors.
    stored, rules, options
        As planned, and as the object has them without the option.
    """
    if options.float_display is FloatDisplay.STORED:
        return _without_effect(stored, rules)
    if limits is None or stored.method is not Method.QUANTIZE or stored.mapped:
        return []
    span = limits[1] - limits[0]
    if not span < _SMALL:
        return []
    levels = f"{int(span) + 1} gray level{'' if span < 1 else 's'}"
    text = (
        f"Displayed over a range of {span:.3g}: DCMTK and its viewers show at most {levels}, "
        f"Orthanc's renderer others, and highdicom and ImageJ show white at {span / (span + 1):.0%} of its brightness"
    )
    fix = Fix("float_display", FloatDisplay.STORED, "Store for display") if rules.mappable else None
    hint = f"{mention('float_display', 'stored')} shows every level, and hides the real values from most other programs"
    return [Note(NoteKind.INFO, text, hint=hint if fix else "", fix=fix)]


def _without_effect(stored: StoredValues, rules: PixelRules) -> list[Note]:
    """Say where the option was given for nothing."""
    never = rules.lut is ModalityLUT.REAL_WORLD
    if stored.mapped and not never:
        return []
    why = f"{rules.name} never has a slope" if never else "it is for floats that need a slope"
    return [Note(NoteKind.INFO, f"{mention('float_display', 'stored')} changes nothing: {why}")]
