"""Body parts as Body Part Examined calls them, and the codes of the same anatomic regions (PS3.16 annex L)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

from napari_dicom_writer.standard.codes import Code


class BodyPart(NamedTuple):
    """One row of the annex.

    Attributes
    ----------
    region : Code
        Of SNOMED CT.
    paired : bool
        Whether there is one on each side.
    """

    region: Code
    paired: bool


def body_part(term: str) -> BodyPart | None:
    """Look up a defined term; None of one that the annex does not list.

    Examples
    --------
    >>> body_part("KNEE")
    BodyPart(region=Code(value='72696002', scheme='SCT', meaning='Knee'), paired=True)
    """
    return _annex().get(term)


@cache
def _annex() -> dict[str, BodyPart]:
    rows = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return {term: BodyPart(Code(value, "SCT", meaning), paired) for term, (value, meaning, paired) in rows.items()}
