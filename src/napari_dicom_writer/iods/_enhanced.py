"""What Enhanced CT and Enhanced MR have in common (PS3.3 A.36, A.38): derived volumes, all of a series in one file."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from napari_dicom_writer.errors import Fix, Note, NoteKind, OptionsError
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.iods._base import IOD, compose
from napari_dicom_writer.iods.modules import common, image, luts, study
from napari_dicom_writer.iods.modules.functional_groups import (
    IN_STACK_INDEX,
    STACK_INDEX,
    TIME_INDEX,
    code_item,
    dimensions,
    frame_groups,
    multi_frame_of,
    note_thickness,
    one_item,
    pixel_measures,
    plane_orientation,
    plane_positions,
    shared_groups,
    stack_content,
)
from napari_dicom_writer.iods.modules.references import derivation_images, reference
from napari_dicom_writer.mention import mention
from napari_dicom_writer.standard.attributes import as_dataset
from napari_dicom_writer.standard.body_parts import body_part
from napari_dicom_writer.standard.codes import Code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydicom.dataset import Dataset

    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.iods.modules.functional_groups import FrameGroups
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.standard.attributes import Values

_IMAGE_TYPE = ("DERIVED", "PRIMARY", "VOLUME", "NONE")
# What is told of any part of the body, where it is not known which one it is.
_PROCESSED = Code("110001", "DCM", "Image Processing")
_SOMEWHERE = Code("123037004", "SCT", "Body structure")


class Enhanced(IOD):
    """A derived volume, with its time points, in one instance.

    Derived, because an original one would have to tell of its acquisition what no layer knows.
    """

    multiframe = True
    numbers_times = True
    honors = IOD.honors | frozenset({"series.patient_position"})
    assumed: ClassVar = {"BurnedInAnnotation": "NO", "ContentQualification": "RESEARCH", "LossyImageCompression": "00"}
    within = frozenset(
        "AnatomicRegionSequence FrameLaterality Laterality IrradiationEventUID SharedFunctionalGroupsSequence".split()
    )
    # Of a reference of the same kind the anatomy is in its functional groups.
    inherits = frozenset(
        "BodyPartExamined Laterality SharedFunctionalGroupsSequence FrameAnatomySequence FrameLaterality "
        "AnatomicRegionSequence CodeValue CodingSchemeDesignator CodeMeaning PatientPosition "
        "ContentQualification".split()
    )

    def check_options(self, options: ExportOptions) -> list[Note]:
        """Ask for the part of the body, which each frame must name, and for its side.

        Raises
        ------
        OptionsError
            As for every object; a paired part of the body whose side is not said.
        """
        notes = super().check_options(options)
        name, title = _body_part(options), IODS.row(self.key).title
        if not _known(options, "AnatomicRegionSequence") and body_part(name) is None:
            what = f"{name} has no code" if name else "Which part of the body it shows is not known"
            hint = f"{mention('series.body_part', 'BRAIN')}, or another of PS3.16 annex L"
            text = f"{what}: Anatomic Region taken as {_SOMEWHERE.meaning}, Frame Laterality as U (not paired)"
            notes.append(Note(NoteKind.ASSUMED, text, hint=hint, fix=Fix("series.body_part", None, "Set body part…")))
        if not _laterality(options):
            raise OptionsError(
                f"{title} says which side it shows, and of {name} there are two",
                f"Choose {mention('series.laterality', 'L')} or {mention('series.laterality', 'R')}, "
                f"or name a part that holds both, such as {mention('series.body_part', 'CHEST')}",
                "options",
                fix=Fix("series.laterality", None, "Set side…"),
            )
        if options.series.acquisition_time and not options.series.acquisition_date:
            text = f"{mention('series.acquisition_time')} is not written: {title} says it together with the date"
            notes.append(Note(NoteKind.LOST, text, fix=Fix("series.acquisition_date", None, "Set date…")))
        return notes

    def frames_together(self, planes: int, time_points: int) -> int:
        """All of them."""
        return planes * time_points

    def tells_time(self, series: SeriesPlan) -> bool:
        """In Temporal Position Time Offset, among the points of one series."""
        return series.time_points > 1

    def remarks(self, series: SeriesPlan) -> list[Note]:
        """Announce the thickness of a single plane."""
        return note_thickness(series.planes)

    def modules(self, series: SeriesPlan) -> Dataset:
        """Compose the modules that tables A.36-1 and A.38-1 share, and those of the object's own."""
        levels = 1 + (series.time_points > 1)
        return compose(
            study.patient(series),
            study.general_study(series),
            _series(series),
            study.patient_position(series),
            study.frame_of_reference(series),
            study.enhanced_general_equipment(series),
            _image(series),
            image.image_pixel(series),
            _enhanced_image(),
            dimensions(series, *(TIME_INDEX, STACK_INDEX, IN_STACK_INDEX)[2 - levels :]),
            {"DimensionOrganizationType": ("3D", "3D_TEMPORAL")[levels - 1]} if series.planes > 1 else {},
            {"AcquisitionContextSequence": []},
            _evidence(series),
            shared_groups(
                pixel_measures(series),
                plane_orientation(series),
                _frame_anatomy(series.options),
                {"FrameVOILUTSequence": one_item(**luts.voi_lut(series))},
                self.own_groups(series),
            ),
            common.sop_common(series, self.sop_class_uid),
        )

    @abstractmethod
    def own_groups(self, series: SeriesPlan) -> Attributes:
        """Functional groups of this object only, the same for all frames."""

    def varying(self, series: SeriesPlan, instance: InstancePlan) -> Attributes:
        """UID, number, and when the first of its time points was acquired."""
        acquired = image.general_acquisition_of(series, instance)
        date, clock = (str(acquired.get(keyword, "")) for keyword in ("AcquisitionDate", "AcquisitionTime"))
        return (
            common.sop_common_of(instance)
            | image.general_image_of(series, instance)
            | ({"AcquisitionDateTime": date + clock} if date else {})
            | multi_frame_of(instance)
        )

    def frame_groups(self, series: SeriesPlan, instance: InstancePlan) -> FrameGroups:
        """Positions, their numbers in the stack, time points, and the planes they were opened from."""
        sources, fixed = derivation_images(series, instance, _PROCESSED) if _has_evidence(series) else ({}, {})
        return frame_groups(stack_content(series, instance), plane_positions(instance), sources, fixed=fixed)

    def frame_type(self, series: SeriesPlan) -> dict[str, Any]:
        """What its frames are, as the image says it, too (C.8.16.2)."""
        return {"FrameType": list(_IMAGE_TYPE), **_description()}

    def said(self, options: ExportOptions, keyword: str) -> str:
        """Return what the user gives, else what is assumed."""
        (value,) = options.attributes.get(keyword) or (self.assumed[keyword],)
        return str(value)


def _description() -> Attributes:
    """Common CT/MR and Photoacoustic Image Description (C.8.16.2)."""
    return {
        "PixelPresentation": "MONOCHROME",
        "VolumetricProperties": "VOLUME",
        "VolumeBasedCalculationTechnique": "NONE",
    }


def _series(series: SeriesPlan) -> Attributes:
    """General Series (C.7.3.1) without Laterality: that belongs to the frames."""
    attributes = study.general_series(series)
    attributes.pop("Laterality", None)
    return attributes


def _image(series: SeriesPlan) -> Attributes:
    """Type, moment, comments and loss, which the object's own module has in place of General Image (C.7.6.1)."""
    attributes = image.general_image(series, *_IMAGE_TYPE)
    del attributes["DerivationDescription"]
    return attributes


def _enhanced_image() -> Attributes:
    """Enhanced CT Image (C.8.15.2), Enhanced MR Image (C.8.13.1), but for what is assumed."""
    return {**_description(), "PresentationLUTShape": "IDENTITY"}


def _has_evidence(series: SeriesPlan) -> bool:
    """Whether the images it was derived from are known, and lie in its study, the only one known here."""
    return series.source is not None and series.options.same_study


def _evidence(series: SeriesPlan) -> Attributes:
    """Source Image Evidence Sequence (10.42), required where frames name the images they were derived from."""
    source = series.source
    if source is None or not _has_evidence(series):
        return {}
    images = [reference(source.sop_class_uid, uid) for uid in source.instances]
    within = one_item(SeriesInstanceUID=source.series_uid, ReferencedSOPSequence=images)
    return {"SourceImageEvidenceSequence": one_item(StudyInstanceUID=series.study.uid, ReferencedSeriesSequence=within)}


def _known(options: ExportOptions, keyword: str) -> Values:
    """What is given as an attribute, or found in the functional groups of a reference."""
    places: list[Mapping[str, Any]] = [options.attributes]
    for sequence in ("SharedFunctionalGroupsSequence", "FrameAnatomySequence"):
        places += [item for place in places[-1:] for item in place.get(sequence, ())[:1]]
    found: Values = next((place[keyword] for place in places if place.get(keyword)), ())
    return found


def _body_part(options: ExportOptions) -> str:
    return options.series.body_part or str(*_known(options, "BodyPartExamined"))


def _laterality(options: ExportOptions) -> str:
    """Side of the frames; empty where a part is paired, and its side not known."""
    given = _known(options, "FrameLaterality") or _known(options, "Laterality")
    part = body_part(_body_part(options))
    return options.series.laterality or str(*given) or ("" if part and part.paired else "U")


def _frame_anatomy(options: ExportOptions) -> Attributes:
    """Frame Anatomy (C.7.6.16.2.8)."""
    part = body_part(_body_part(options))
    item = compose({"FrameLaterality": _laterality(options)})
    if (given := _known(options, "AnatomicRegionSequence")) and not options.series.body_part:
        item.update(as_dataset({"AnatomicRegionSequence": given}))
    else:
        item.AnatomicRegionSequence = [code_item(part.region if part else _SOMEWHERE)]
    return {"FrameAnatomySequence": [item]}
