"""What may refuse an export, by the words of the documentation: where nothing here does, a refusal is a fault."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from fuzz.arrays import NOT_FINITE
from fuzz.cases import WRONG_UNITS
from fuzz.places import is_plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuzz.cases import Case
    from fuzz.layers import Layer


def excuses(case: Case) -> set[str]:
    """Name every reason for which this export may be refused."""
    found = set(_of_options(case))
    for layer in case.layers:
        found |= set(_of_layer(case, layer))
    if len(case.layers) > 1:
        found.add("apart")
    if case.target not in ("out", "out.dcm", "new/folder/out", "脳 🧠", "a.b.c", "-x"):
        found.add("target")
    if case.cancel_at is not None:
        found.add("cancelled")
    return found


def _of_options(case: Case) -> Iterator[str]:
    if case.options.get("value_unit") and case.get("modality") != "OT":
        yield "unit"
    if case.options.get("value_unit") and case.options["value_unit"] in WRONG_UNITS:
        yield "unit"
    if math.isnan(case.options.get("nan", 0)):
        yield "nan option"
    if case.study or case.series or not _valid_patient(case.patient):
        yield "text"


def _valid_patient(patient: dict[str, str]) -> bool:
    fits = "\\" not in patient.get("name", "") and len(patient.get("id", "")) <= 64
    return fits and patient.get("birth_date", "").replace("-", "").isdecimal() == ("birth_date" in patient)


def _of_layer(case: Case, layer: Layer) -> Iterator[str]:
    pixels, affine = layer.pixels, layer.affine(case.get("pixel_unit"), case.get("world"))
    spatial = layer.pixels.shape[len(layer.leading) :]
    if not is_plain(affine, (max(spatial),) * 3):
        yield "geometry"
    roles = [axis.role for axis in layer.leading]
    if roles.count("time") > 1:
        yield "axes"
    if layer.limits is not None and isinstance(layer.limits[0], str):
        yield "window"  # no pair of numbers
    if pixels.content in NOT_FINITE and case.options.get("nan") is None:
        yield "not finite"
    if pixels.samples > 1 and case.get("modality") != "OT":
        yield "colors"
    kind = np.dtype(pixels.dtype)
    narrow = kind.kind in "bui" and kind.itemsize <= 2
    if case.get("values") == "exact" and (not narrow or pixels.samples > 1 or case.get("modality") == "PT"):
        yield "not exact"
    if pixels.content in ("extremes", *NOT_FINITE) and kind.kind == "f":
        yield "huge"
    syntax = case.get("transfer_syntax")
    if syntax == "rle" and not _rle_pays(*(spatial[layer.order.index(i)] for i in range(layer.dims)[-2:])):
        yield "rle"
    if "lossy" in syntax:
        # Sizes, masks, exact values, and errors that eight bits cannot lose.
        yield "lossy"


def _rle_pays(rows: int, columns: int) -> bool:
    """Whether planes are large enough for the header and the counts of RLE, whatever they hold."""
    return min(rows, columns) > 10
