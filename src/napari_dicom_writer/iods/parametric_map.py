"""Parametric Map (PS3.3 A.75): floats as they are, in one multi-frame instance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from pydicom.uid import ParametricMapStorage

from napari_dicom_writer.errors import Fix, Note, NoteKind, OptionsError
from napari_dicom_writer.iods._base import IOD, compose
from napari_dicom_writer.iods.modules import common, image, luts, study
from napari_dicom_writer.iods.modules.functional_groups import (
    POSITION_INDEX,
    dimension_indices,
    dimensions,
    frame_groups,
    multi_frame_of,
    note_thickness,
    one_item,
    pixel_measures,
    plane_orientation,
    plane_positions,
    shared_groups,
)
from napari_dicom_writer.iods.modules.references import (
    common_instance_reference,
    referenced_images,
    source_images_of,
)
from napari_dicom_writer.mention import mention
from napari_dicom_writer.plan.stored_values import ModalityLUT, PixelRules
from napari_dicom_writer.standard.quantities import QUANTITIES, is_ucum

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.iods.modules.functional_groups import FrameGroups
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan

_IMAGE_TYPE = ("DERIVED", "PRIMARY", "VOLUME")


class ParametricMap(IOD):
    """A map of real values, in single or double precision.

    Frames stand in the order of the normal: OHIF 3.13 ignores their positions and pastes them in the order of the file.
    """

    key = "parametric-map"
    sop_class_uid = ParametricMapStorage
    rules = PixelRules("Parametric Map", bits_8=False, color=False, lut=ModalityLUT.FULL, floats=True)
    # Whether the picture shows who it is, or holds text about them, nobody looked.
    assumed: ClassVar = {
        "RecognizableVisualFeatures": "YES",
        "BurnedInAnnotation": "NO",
        "ContentQualification": "RESEARCH",
        "LossyImageCompression": "00",
    }
    multiframe = True
    honors = IOD.honors | frozenset({"quantity", "companion"})

    def check_options(self, options: ExportOptions) -> list[Note]:
        """Ask for the unit, and announce what its short names are taken as.

        Raises
        ------
        OptionsError
            As for every object; a unit that is none of UCUM.
        """
        return [*super().check_options(options), *check_unit(options)]

    def remarks(self, series: SeriesPlan) -> list[Note]:
        """Say who cannot read it."""
        readers = "SimpleITK does not open a Parametric Map; OHIF shows single precision only, without its window"
        hint = "" if series.options.companion else f"{mention('companion', True)} writes a 16-bit copy beside it"
        return [Note(NoteKind.INFO, readers, hint=hint), *note_thickness(series.planes)]

    def modules(self, series: SeriesPlan) -> Dataset:
        """Compose the modules of table A.75-1."""
        image_type = (*_IMAGE_TYPE, _contrast(series))
        return compose(
            study.patient(series),
            study.general_study(series),
            study.general_series(series),
            study.frame_of_reference(series),
            study.enhanced_general_equipment(series),
            image.general_image(series, *image_type),
            _float_pixels(series),
            _parametric_map_image(series),
            dimensions(series, POSITION_INDEX),
            {"AcquisitionContextSequence": []},
            shared_groups(
                pixel_measures(series),
                plane_orientation(series),
                {"ParametricMapFrameTypeSequence": one_item(FrameType=list(image_type))},
                {
                    "PixelValueTransformationSequence": one_item(
                        RescaleIntercept="0", RescaleSlope="1", RescaleType="US"
                    )
                },
                {"FrameVOILUTSequence": one_item(**luts.voi_lut(series))},
                luts.float_value_mapping(series),
            ),
            common_instance_reference(series.shown_with),
            common.sop_common(series, self.sop_class_uid),
        )

    def varying(self, series: SeriesPlan, instance: InstancePlan) -> Attributes:
        """UID, number and time point."""
        return (
            common.sop_common_of(instance)
            | image.general_image_of(series, instance)
            | image.general_acquisition_of(series, instance)
            | source_images_of(series, instance)
            | multi_frame_of(instance)
        )

    def frame_groups(self, series: SeriesPlan, instance: InstancePlan) -> FrameGroups:
        """Positions, their indices, and the image it is shown with."""
        images, fixed = referenced_images(series.shown_with, instance)
        return frame_groups(dimension_indices(instance, parts=False), plane_positions(instance), images, fixed=fixed)


def _contrast(series: SeriesPlan) -> str:
    """Derived Pixel Contrast (C.8.16.1.4): a quantity, as the Real World Value Mapping tells, where one is told."""
    return "QUANTITY" if series.options.quantity or series.options.value_unit else "NONE"


def check_unit(options: ExportOptions) -> list[Note]:
    """Refuse a unit that is none of UCUM; ask for one that is not given."""
    unit, quantity = options.value_unit, QUANTITIES.get(options.quantity)
    usual = quantity.units if quantity else ("mm2/s", "ms", "HU")
    such = " or ".join(mention("value_unit", term) for term in usual)
    if not is_ucum(unit):
        raise OptionsError(f"{unit!r} is not a unit of UCUM", f"Choose such as {such}", "options")
    if unit == "SUV":
        text = "SUV taken as normalized by body weight"
        return [Note(NoteKind.ASSUMED, text, hint=f"{mention('value_unit', 'g/ml{SUVlbm}')} by lean body mass")]
    if unit or usual == ("1",):
        return []
    fix = Fix("value_unit", usual[0] if len(usual) == 1 else None, "Set unit…" if len(usual) > 1 else f"In {usual[0]}")
    return [Note(NoteKind.ASSUMED, "Values taken as without unit", hint=f"{such}, or another of UCUM", fix=fix)]


def _float_pixels(series: SeriesPlan) -> Attributes:
    """Floating Point, or Double Floating Point Image Pixel (C.7.6.24, C.7.6.25): no bits stored, no sign."""
    attributes: Attributes = {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": series.rows,
        "Columns": series.columns,
        "BitsAllocated": series.stored.bits,
    }
    if series.stored.padded:
        double = "" if series.stored.bits == 32 else "Double"
        # A range of one value: dciodvfy wants its limit, too.
        attributes |= {f"{double}FloatPixelPadding{end}": math.nan for end in ("Value", "RangeLimit")}
    return attributes


def _parametric_map_image(series: SeriesPlan) -> Attributes:
    """Parametric Map Image (C.8.32.2)."""
    return {
        "ContentLabel": "MAP",
        "ContentDescription": series.description,
        "ContentCreatorName": "",
        "PresentationLUTShape": "IDENTITY",
    }
