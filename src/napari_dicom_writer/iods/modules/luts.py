"""From stored values to what is displayed: Modality LUT, VOI LUT, Real World Value Mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset

from napari_dicom_writer.iods.modules.functional_groups import code_item, one_item
from napari_dicom_writer.standard.quantities import QUANTITIES, QUANTITY, ucum

if TYPE_CHECKING:
    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.plan.plan import SeriesPlan


def modality_lut(series: SeriesPlan, rescale_type: str) -> Attributes:
    """Modality LUT (C.11.1)."""
    stored = series.stored
    return {"RescaleIntercept": stored.intercept, "RescaleSlope": stored.slope, "RescaleType": rescale_type}


def voi_lut(series: SeriesPlan) -> Attributes:
    """VOI LUT (C.11.2) without its function, see `Window`."""
    window = series.window
    if window is None:
        return {}
    return {"WindowCenter": window.center, "WindowWidth": window.width}


def unit_code(unit: str) -> Dataset:
    """Measurement Units Code Sequence, an item of UCUM; empty for values without a unit."""
    item, code = Dataset(), ucum(unit)
    if len(code.value) > 16:  # what a Code Value holds (PS3.3 8.1)
        item.LongCodeValue = code.value
    else:
        item.CodeValue = code.value
    item.CodingSchemeDesignator, item.CodeMeaning = code.scheme, code.meaning
    return item


def _mapping(unit: str, told: str) -> Dataset:
    item, quantity = Dataset(), QUANTITIES.get(told)
    item.LUTExplanation = quantity.code.meaning if quantity else "Values of the napari layer"
    item.LUTLabel = told.upper()[:16] or "LAYER_VALUES"
    item.MeasurementUnitsCodeSequence = [unit_code(unit)]
    if quantity:
        item.QuantityDefinitionSequence = one_item(
            ValueType="CODE",
            ConceptNameCodeSequence=[code_item(QUANTITY)],
            ConceptCodeSequence=[code_item(quantity.code)],
        )
    return item


def real_world_value_mapping(series: SeriesPlan, quantity: str = "") -> Attributes:
    """Real World Value Mapping macro (C.7.6.16.2.11): real values where an IOD has no Modality LUT."""
    stored, item = series.stored, _mapping(series.options.value_unit, quantity)
    limits = (-32768, 32767) if stored.signed else (0, 2**stored.bits - 1)
    vr = "SS" if stored.signed else "US"  # as Pixel Representation says; pydicom cannot know it inside a sequence
    item.add_new("RealWorldValueFirstValueMapped", vr, limits[0])
    item.add_new("RealWorldValueLastValueMapped", vr, limits[1])
    item.RealWorldValueIntercept = float(stored.intercept)
    item.RealWorldValueSlope = float(stored.slope)
    return {"RealWorldValueMappingSequence": [item]}


def float_value_mapping(series: SeriesPlan) -> Attributes:
    """Real World Value Mapping (C.7.6.16.2.11) of floats: they are the real values, all that their type holds."""
    item = _mapping(series.options.value_unit, series.options.quantity)
    limit = float(np.finfo(series.stored.dtype).max)
    item.DoubleFloatRealWorldValueFirstValueMapped = -limit
    item.DoubleFloatRealWorldValueLastValueMapped = limit
    item.RealWorldValueIntercept, item.RealWorldValueSlope = 0.0, 1.0
    return {"RealWorldValueMappingSequence": [item]}
