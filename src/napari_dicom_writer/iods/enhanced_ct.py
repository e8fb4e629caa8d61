"""Enhanced CT Image (PS3.3 A.38)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydicom.uid import EnhancedCTImageStorage

from napari_dicom_writer.errors import Fix, Note, NoteKind
from napari_dicom_writer.iods._enhanced import Enhanced
from napari_dicom_writer.iods.modules import luts
from napari_dicom_writer.iods.modules.functional_groups import one_item
from napari_dicom_writer.mention import mention
from napari_dicom_writer.plan.stored_values import ModalityLUT, PixelRules
from napari_dicom_writer.standard.uids import derived

if TYPE_CHECKING:
    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.plan import SeriesPlan

_OTHER = Fix("object", "ct", "Write as CT")


class EnhancedCTImage(Enhanced):
    """A derived CT volume; its values are Hounsfield units."""

    key = "enhanced-ct"
    sop_class_uid = EnhancedCTImageStorage
    rules = PixelRules("Enhanced CT", bits_8=False, color=False, lut=ModalityLUT.FULL)
    units = frozenset({"HU"})  # C.8.15.3.10
    inherits: ClassVar = Enhanced.inherits | {"IrradiationEventUID"}

    def check_options(self, options: ExportOptions) -> list[Note]:
        """Announce that the values are taken as Hounsfield units, and where the irradiation is not known."""
        notes = super().check_options(options)
        if not options.value_unit:
            text = "Values taken as Hounsfield units: an Enhanced CT has no others"
            notes.append(Note(NoteKind.ASSUMED, text, hint=f"{mention('object', 'ct')} for others", fix=_OTHER))
        if "IrradiationEventUID" not in options.attributes:
            text = "Which irradiation it comes from is not known: Irradiation Event UID is a new one"
            notes.append(Note(NoteKind.ASSUMED, text))
        return notes

    def own_groups(self, series: SeriesPlan) -> Attributes:
        """CT Image Frame Type, CT Pixel Value Transformation, Irradiation Event Identification (C.8.15.3)."""
        events = series.options.attributes.get("IrradiationEventUID") or (derived(series.uid, "irradiation event"),)
        return {
            "CTImageFrameTypeSequence": one_item(**self.frame_type(series)),
            "PixelValueTransformationSequence": one_item(**luts.modality_lut(series, "HU")),
            "IrradiationEventIdentificationSequence": one_item(IrradiationEventUID=list(events)),
        }
