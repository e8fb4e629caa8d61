"""From stored values to what is displayed: Modality LUT, VOI LUT, Real World Value Mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset

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
    code = Dataset()
    if len(unit) > 16:  # what a Code Value holds (PS3.3 8.1)
        code.LongCodeValue = unit
    else:
        code.CodeValue = unit or "1"
    code.CodingSchemeDesignator = "UCUM"
    code.CodeMeaning = unit or "no units"
    return code


def _mapping(unit: str) -> Dataset:
    item = Dataset()
    item.LUTExplanation = "Values of the napari layer"
    item.LUTLabel = "LAYER_VALUES"
    item.MeasurementUnitsCodeSequence = [unit_code(unit)]
    return item


def real_world_value_mapping(series: SeriesPlan, unit: str) -> Attributes:
    """Real World Value Mapping macro (C.7.6.16.2.11): real values where an IOD has no Modality LUT."""
    stored, item = series.stored, _mapping(unit)
    limits = (-32768, 32767) if stored.signed else (0, 2**stored.bits - 1)
    vr = "SS" if stored.signed else "US"  # as Pixel Representation says; pydicom cannot know it inside a sequence
    item.add_new("RealWorldValueFirstValueMapped", vr, limits[0])
    item.add_new("RealWorldValueLastValueMapped", vr, limits[1])
    item.RealWorldValueIntercept = float(stored.intercept)
    item.RealWorldValueSlope = float(stored.slope)
    return {"RealWorldValueMappingSequence": [item]}


def float_value_mapping(series: SeriesPlan, unit: str) -> Attributes:
    """Real World Value Mapping (C.7.6.16.2.11) of floats: they are the real values, all that their type holds."""
    item = _mapping(unit)
    limit = float(np.finfo(series.stored.dtype).max)
    item.DoubleFloatRealWorldValueFirstValueMapped = -limit
    item.DoubleFloatRealWorldValueLastValueMapped = limit
    item.RealWorldValueIntercept, item.RealWorldValueSlope = 0.0, 1.0
    return {"RealWorldValueMappingSequence": [item]}
