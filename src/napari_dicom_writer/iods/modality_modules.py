"""The modules of PS3.3 that belong to one modality, in the manner of `modules`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.standard.text import decimal_string

if TYPE_CHECKING:
    from napari_dicom_writer.iods.modules.study import Attributes
    from napari_dicom_writer.plan.plan import InstancePlan, SeriesPlan


def sc_equipment() -> Attributes:
    """SC Equipment (C.8.6.1): the images come from a workstation."""
    return {"ConversionType": "WSD"}


def ct_image() -> Attributes:
    """CT Image (C.8.2.1) beyond pixels and Modality LUT; nothing is known of the exposure."""
    return {"KVP": "", "AcquisitionNumber": ""}


def mr_image(series: SeriesPlan) -> Attributes:
    """MR Image (C.8.3.1); RM, the Research Mode, is the one scanning sequence that claims nothing."""
    attributes: Attributes = {
        "ScanningSequence": "RM",
        "SequenceVariant": "NONE",
        "ScanOptions": "",
        "MRAcquisitionType": "",
        "RepetitionTime": "",
        "EchoTime": "",
        "EchoTrainLength": "",
    }
    if series.time and series.time.points > 1:
        attributes["NumberOfTemporalPositions"] = str(series.time.points)
        if series.time.step:
            attributes["TemporalResolution"] = decimal_string(series.time.step * 1000)
    return attributes


def mr_image_of(series: SeriesPlan, instance: InstancePlan) -> Attributes:
    """Temporal position in MR Image (C.8.3.1)."""
    if series.time is None or series.time.points == 1:
        return {}
    return {"TemporalPositionIdentifier": str(instance.time_index + 1)}


def pet_series(series: SeriesPlan, units: str) -> Attributes:
    """PET Series (C.8.9.1): no claim about corrections."""
    dynamic = series.time_points > 1
    attributes: Attributes = {
        "Units": units,
        "CountsSource": "EMISSION",
        "SeriesType": ["DYNAMIC" if dynamic else "STATIC", "IMAGE"],
        "NumberOfSlices": series.planes,
        "CorrectedImage": "",
        "DecayCorrection": "NONE",
        "CollimatorType": "",
    }
    if dynamic:
        attributes["NumberOfTimeSlices"] = series.time_points
    return attributes


def pet_isotope() -> Attributes:
    """PET Isotope (C.8.9.2) and NM/PET Patient Orientation (C.8.4.6): unknown, type 2."""
    return {
        "RadiopharmaceuticalInformationSequence": [],
        "PatientOrientationCodeSequence": [],
        "PatientGantryRelationshipCodeSequence": [],
    }


def pet_image(series: SeriesPlan) -> Attributes:
    """PET Image (C.8.9.4) but for what varies."""
    step = series.time.step if series.time else None
    duration = "" if step is None else str(round(step * 1000))
    # Type 2; an IS ends at 2**31, which is 24 days.
    attributes: Attributes = {"ActualFrameDuration": duration if len(duration) < 10 else ""}
    if series.time is None or step is None:
        attributes |= {"AcquisitionDate": "", "AcquisitionTime": ""}
    return attributes


def pet_image_of(series: SeriesPlan, instance: InstancePlan) -> Attributes:
    """Image Index and Frame Reference Time (C.8.9.4); the index counts time slices, then planes."""
    first = series.instances[0].time_index
    step = (series.time.step if series.time else None) or 0.0
    return {
        "ImageIndex": (instance.number - 1) % series.planes + 1 + (instance.time_index - first) * series.planes,
        "FrameReferenceTime": decimal_string(instance.time_index * step * 1000),
    }
