"""Enhanced MR Image (PS3.3 A.36.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydicom.uid import EnhancedMRImageStorage

from napari_dicom_writer.errors import Fix, Note, OptionsError
from napari_dicom_writer.iods._base import compose
from napari_dicom_writer.iods._enhanced import Enhanced
from napari_dicom_writer.iods.modules import luts
from napari_dicom_writer.iods.modules.functional_groups import one_item
from napari_dicom_writer.mention import mention
from napari_dicom_writer.plan.stored_values import ModalityLUT, PixelRules

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.plan import SeriesPlan


class EnhancedMRImage(Enhanced):
    """A derived MR volume. Unlike the older MR object it has a Rescale Slope, and real values in all readers."""

    key = "enhanced-mr"
    sop_class_uid = EnhancedMRImageStorage
    honors = Enhanced.honors | frozenset({"safety_agency", "quantity"})
    rules = PixelRules("Enhanced MR", bits_8=True, color=False, lut=ModalityLUT.FULL)
    # How the measured magnetization became numbers, nobody knows; UNKNOWN is a term of the standard.
    assumed: ClassVar = {**Enhanced.assumed, "ComplexImageComponent": "MAGNITUDE", "AcquisitionContrast": "UNKNOWN"}
    inherits: ClassVar = Enhanced.inherits | {
        "ComplexImageComponent",
        "AcquisitionContrast",
        "ApplicableSafetyStandardAgency",
        "MagneticFieldStrength",
        "ResonantNucleus",
    }

    def check_options(self, options: ExportOptions) -> list[Note]:
        """Ask for the agency whose safety standard the scanner kept to: the standard has no term for an unknown one.

        Raises
        ------
        OptionsError
            As for every object; an agency that neither option nor reference names.
        """
        notes = super().check_options(options)
        if not _agency(options):
            known = ", ".join(mention("safety_agency", term) for term in ("iec", "fda", "mhw"))
            raise OptionsError(
                "An Enhanced MR names the agency whose safety standard the scanner follows, which is not known",
                f"Choose one of {known}, or {mention('object', 'mr')}, which does not name it",
                "options",
                fix=Fix("safety_agency", None, "Set agency…"),
            )
        return notes

    def modules(self, series: SeriesPlan) -> Dataset:
        """Add what the object has of its own (C.8.13.2)."""
        return compose(super().modules(series), {"ApplicableSafetyStandardAgency": _agency(series.options)})

    def own_groups(self, series: SeriesPlan) -> Attributes:
        """MR Image Frame Type (C.8.13.5.1), Pixel Value Transformation, and the unit, where there is one."""
        told = series.options.value_unit or series.options.quantity
        return {
            "MRImageFrameTypeSequence": one_item(**self.frame_type(series)),
            "PixelValueTransformationSequence": one_item(**luts.modality_lut(series, "US")),
            **(luts.real_world_value_mapping(series, series.options.quantity) if told else {}),
        }

    def frame_type(self, series: SeriesPlan) -> dict[str, Any]:
        """With the two terms of MR Image Description (C.8.13.3)."""
        own = {k: self.said(series.options, k) for k in ("ComplexImageComponent", "AcquisitionContrast")}
        return super().frame_type(series) | own


def _agency(options: ExportOptions) -> str:
    """The option, or what a reference says."""
    return options.safety_agency.upper() or str(*options.attributes.get("ApplicableSafetyStandardAgency", ()))
