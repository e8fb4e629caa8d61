"""MR Image (PS3.3 A.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydicom.uid import MRImageStorage

from napari_dicom_writer.errors import Fix, Note, NoteKind
from napari_dicom_writer.iods._base import IOD, compose, varying_image_plane
from napari_dicom_writer.iods.modules import common, image, luts, study
from napari_dicom_writer.mention import mention
from napari_dicom_writer.plan.stored_values import ModalityLUT, PixelRules

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan


class MRImage(IOD):
    """Planes of an MR, derived. The IOD has no Modality LUT: real values go into a Real World Value Mapping."""

    key = "mr"
    sop_class_uid = MRImageStorage
    honors = IOD.honors | frozenset(
        {"series.patient_position", "series.repetition_time", "series.echo_time", "quantity"}
    )
    # RM, the Research Mode, is the one scanning sequence that claims nothing (C.8.3.1.1.2).
    numbers_times = True
    assumed: ClassVar = {"ScanningSequence": "RM", "SequenceVariant": "NONE"}
    rules = PixelRules("MR", bits_8=False, color=False, lut=ModalityLUT.REAL_WORLD)

    def tells_time(self, series: SeriesPlan) -> bool:
        """In Temporal Resolution, among the points of one series."""
        return series.time_points > 1

    def modules(self, series: SeriesPlan) -> Dataset:
        """Compose the modules of table A.4-1."""
        mapped = series.options.value_unit or series.options.quantity or not series.stored.is_identity
        return compose(
            study.patient(series),
            study.general_study(series),
            study.general_series(series),
            study.patient_position(series),
            study.frame_of_reference(series),
            study.general_equipment(series),
            image.general_image(series, "DERIVED", "SECONDARY", "OTHER"),
            image.image_plane(series),
            image.image_pixel(series),
            mr_image(series),
            image.temporal_position(series, own=True),
            luts.real_world_value_mapping(series, series.options.quantity) if mapped else {},
            luts.voi_lut(series),
            common.sop_common(series, self.sop_class_uid),
        )

    def varying(self, series: SeriesPlan, instance: InstancePlan) -> Attributes:
        """Position, number, UID and temporal position."""
        return varying_image_plane(series, instance) | image.temporal_position_of(series, instance, own=True)

    def remarks(self, series: SeriesPlan) -> list[Note]:
        """Announce that mapped values are taken as without unit."""
        if series.options.value_unit or series.stored.is_identity:
            return []
        text, hint = "Real values taken as without unit", f"say which by {mention('value_unit')}, such as ms"
        return [Note(NoteKind.ASSUMED, text, hint=hint, fix=Fix("value_unit", None, "Set unit…"))]


def mr_image(series: SeriesPlan) -> Attributes:
    """MR Image (C.8.3.1), but for what is assumed; nothing is known of the sequence."""
    return {
        "ScanOptions": "",
        "MRAcquisitionType": "",
        "RepetitionTime": series.options.series.repetition_time,
        "EchoTime": series.options.series.echo_time,
        "EchoTrainLength": "",
    }
