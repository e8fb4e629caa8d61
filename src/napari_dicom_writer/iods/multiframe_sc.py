"""Multi-frame Secondary Capture (PS3.3 A.8.3 to A.8.5): byte, word or true color, all planes in one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydicom.tag import Tag
from pydicom.uid import (
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
)

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.iods._base import IOD, compose
from napari_dicom_writer.iods.modules import common, image, luts, study
from napari_dicom_writer.iods.modules.functional_groups import (
    frame_groups,
    multi_frame_of,
    note_thickness,
    pixel_measures,
    plane_orientation,
    plane_positions,
    shared_groups,
)
from napari_dicom_writer.iods.modules.references import source_images_of
from napari_dicom_writer.iods.sc import sc_equipment
from napari_dicom_writer.plan.stored_values import ModalityLUT, PixelRules
from napari_dicom_writer.standard.decimals import decimal_string

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.iods.modules.functional_groups import FrameGroups
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan, TimePlan


class MultiFrameSecondaryCapture(IOD):
    """Gray or color planes of any origin, or a movie, in one instance. Pixels are unsigned (C.8.6.3.1.1)."""

    key = "multi-frame"
    sop_class_uid = MultiFrameGrayscaleWordSecondaryCaptureImageStorage
    rules = PixelRules("Multi-frame Secondary Capture", bits_8=True, color=True, lut=ModalityLUT.FULL, signed=False)
    units = frozenset({"US"})
    assumed: ClassVar = {"BurnedInAnnotation": "NO"}  # type 1, and nobody looked
    multiframe = True
    projections = True

    def sop_class(self, series: SeriesPlan) -> str:
        """Byte, word or true color."""
        if series.stored.samples == 3:
            return MultiFrameTrueColorSecondaryCaptureImageStorage
        if series.stored.bits == 8:
            return MultiFrameGrayscaleByteSecondaryCaptureImageStorage
        return MultiFrameGrayscaleWordSecondaryCaptureImageStorage

    def frames_together(self, planes: int, time_points: int) -> int:
        """All planes of a time point, or a whole movie."""
        return planes if planes > 1 else time_points

    def why_not(self, planes: int, time: TimePlan | None) -> str:
        """A movie says how long a frame lasts."""
        movie = planes == 1 and time is not None and time.points > 1
        return "the time between the frames of a movie is not known" if movie and not (time and time.step) else ""

    def tells_time(self, series: SeriesPlan) -> bool:
        """In Frame Time, of a movie."""
        return _is_movie(series)

    def remarks(self, series: SeriesPlan) -> list[Note]:
        """A movie has no place in the patient."""
        if not _is_movie(series):
            return note_thickness(series.planes)
        return [Note(NoteKind.LOST, "A movie in one file keeps its pixel spacing, but not its place in the patient")]

    def modules(self, series: SeriesPlan) -> Dataset:
        """Compose the modules of tables A.8-3 to A.8-5."""
        return compose(
            study.patient(series),
            study.general_study(series),
            study.general_series(series),
            {} if _is_movie(series) else study.frame_of_reference(series),
            study.general_equipment(series),
            sc_equipment(series),
            image.general_image(series, "DERIVED", "SECONDARY"),
            image.patient_orientation(series),
            image.image_pixel(series),
            _frame_increment(series),
            {} if series.stored.samples == 3 else {"PresentationLUTShape": "IDENTITY"},
            {} if series.stored.samples == 3 else luts.modality_lut(series, "US"),
            _places(series),
            luts.voi_lut(series),
            common.sop_common(series, self.sop_class(series)),
        )

    def varying(self, series: SeriesPlan, instance: InstancePlan) -> Attributes:
        """UID and number."""
        acquisition = {} if _is_movie(series) else image.general_acquisition_of(series, instance)
        return (
            common.sop_common_of(instance)
            | image.general_image_of(series, instance)
            | acquisition
            | source_images_of(series, instance)
            | multi_frame_of(instance)
        )

    def frame_groups(self, series: SeriesPlan, instance: InstancePlan) -> FrameGroups | None:
        """Positions; the object takes no other per-frame groups, and a movie none."""
        return None if _is_movie(series) else frame_groups(plane_positions(instance))


def _is_movie(series: SeriesPlan) -> bool:
    return series.planes == 1 and series.time_points > 1


def _frame_increment(series: SeriesPlan) -> Attributes:
    """Multi-frame (C.7.6.6) and Cine (C.7.6.5): what tells frames apart, time or place."""
    if not _is_movie(series):
        return {"FrameIncrementPointer": Tag("PerFrameFunctionalGroupsSequence")}
    step = (series.time.step if series.time else None) or 0.0
    return {"FrameIncrementPointer": Tag("FrameTime"), "FrameTime": decimal_string(step * 1000)}


def _places(series: SeriesPlan) -> Attributes:
    """Where frames lie: in functional groups; of a movie only the spacing.

    Frames at one position are a volume of no thickness to ITK, which refuses it.
    """
    if _is_movie(series):
        return image.pixel_spacing(series)
    return shared_groups(pixel_measures(series), plane_orientation(series))
