"""What reviewers of segmentations look for: codes that mean what they say, and findings that are told apart."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Note, NoteKind, OptionsError
from napari_dicom_writer.standard import text
from napari_dicom_writer.standard.codes import UNKNOWN, Code, terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.plan.segments import SegmentPlan

# Words that tell no meaning from another.
_EMPTY = {"of", "the", "and", "structure", "entire", "region"}


def reviewed(plans: Sequence[SegmentPlan]) -> tuple[tuple[SegmentPlan, ...], list[Note]]:
    """Write the standard's own meanings beside its codes, and say where they were given otherwise.

    Raises
    ------
    OptionsError
        A code of another meaning, one code with two meanings, a type that is its category, a tracking UID of two
        segments, or text that DICOM cannot hold.
    """
    notes: dict[Code, Note] = {}
    meanings: dict[tuple[str, str], str] = {}
    trackers: dict[str, SegmentPlan] = {}
    right: set[tuple[str, str]] = set()
    result = []
    for plan in plans:
        if plan.tracking_uid in trackers:
            what = f"Segments {trackers[plan.tracking_uid].name!r} and {plan.name!r} have one tracking UID"
            raise OptionsError(what, "Give each finding its own", "segments")
        trackers[plan.tracking_uid] = plan
        _check(plan, right)
        parts = plan.structure
        if parts.category == parts.type and parts != UNKNOWN:
            what = f"Segment {plan.name!r} is of the type {parts.type}, which is its category, too"
            raise OptionsError(what, "Give a type that says more", "segments")
        written = {code: _standard(code, plan.name, notes) for code in parts.codes()}
        for code in written.values():
            if meanings.setdefault((code.value, code.scheme), code.meaning) != code.meaning:
                both = f"{meanings[code.value, code.scheme]!r} and {code.meaning!r}"
                raise OptionsError(f"Code {code.value} ({code.scheme}) is given as {both}", "Keep one", "segments")
        result.append(replace(plan, structure=parts.with_codes(written)))
    return tuple(result), list(notes.values())


def _check(plan: SegmentPlan, right: set[tuple[str, str]]) -> None:
    """Refuse text that its VR does not allow; what was `right` of another segment is not looked at again."""
    texts = [("SegmentAlgorithmName", plan.algorithm_name), ("TrackingUID", plan.tracking_uid)]
    texts.append(("RTROIInterpretedType", plan.interpreted_type))
    for code in plan.structure.codes():
        texts += [("CodingSchemeDesignator", code.scheme), ("CodeMeaning", code.meaning)]
    for keyword, value in texts:
        if (keyword, value) not in right:
            text.check(keyword, value, f"{text.title(keyword)} of segment {plan.name!r}")
            right.add((keyword, value))


@cache
def _known() -> dict[tuple[str, str], str]:
    return {(code.value, code.scheme): code.meaning for code in terms()}


def _standard(code: Code, segment: str, notes: dict[Code, Note]) -> Code:
    meaning = _known().get((code.value, code.scheme), code.meaning)
    if meaning.lower() == code.meaning.lower():
        return replace(code, meaning=meaning)
    if not _words(meaning) & _words(code.meaning):
        what = f"Segment {segment!r}: code {code.value} ({code.scheme}) means {meaning!r}, and not {code.meaning!r}"
        raise OptionsError(what, "Correct the code or its meaning", "segments")
    told = f"Code {code.value} ({code.scheme}) is written with its meaning {meaning!r}, not {code.meaning!r}"
    notes[code] = Note(NoteKind.INFO, told)
    return replace(code, meaning=meaning)


def _words(meaning: str) -> set[str]:
    return set(re.findall(r"\w+", meaning.lower())) - _EMPTY
