"""Where the value of each attribute comes from: nothing is stated that nobody knows.

An attribute is known, and written; or it is optional, and left out; or it is required (type 1 or 2) and not known: then
it is empty where the standard allows that, and otherwise assumed, with a note before anything is written. A test walks
all objects and fails when one writes an attribute without a row here; `docs/statements.md` is made of this table.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Source(StrEnum):
    """Where a value comes from."""

    STANDARD = "the object's definition"
    LAYER = "the layer"
    EXPORT = "this export"
    OPTION = "an option"
    UNKNOWN = "nobody: empty, unless it is given as an attribute"
    ASSUMED = "required and not known: assumed, with a note, unless it is given"


class Statement(NamedTuple):
    """What one attribute says.

    Attributes
    ----------
    source : Source
    how : str
        In a few words.
    option : str
        The option that says it, such as ``series.protocol``; it may be a reference that fills it.
    """

    source: Source
    how: str
    option: str = ""


def _rows(source: Source, rows: dict[str, str]) -> dict[str, Statement]:
    return {keyword: Statement(source, how) for keyword, how in rows.items()}


def _options(rows: dict[str, tuple[str, str]]) -> dict[str, Statement]:
    return {keyword: Statement(Source.OPTION, how, option) for keyword, (option, how) in rows.items()}


STATEMENTS: dict[str, Statement] = {
    **_rows(
        Source.STANDARD,
        {
            "SOPClassUID": "the object",
            "SpecificCharacterSet": "UTF-8",
            "ImageType": "derived; of PET primary, else secondary, and what more the object requires",
            "ConversionType": "from a workstation, or, where distances are those on it, of a film that was digitized",
            "PositionReferenceIndicator": "empty: no point of the patient's is known",
            "PlanarConfiguration": "pixel by pixel",
            "PresentationLUTShape": "low values are dark",
            "FrameIncrementPointer": "frames follow each other in place, those of a movie in time",
            "DimensionDescriptionLabel": "position, segment, or time",
            "DimensionIndexPointer": "position, segment, or time",
            "DimensionOrganizationType": "a volume, or one at several times",
            "FunctionalGroupPointer": "position, segment, or time",
            "StackID": "1: all frames are of one stack",
            "CTImageFrameTypeSequence": "derived, a volume",
            "MRImageFrameTypeSequence": "derived, a volume",
            "PixelPresentation": "gray",
            "VolumetricProperties": "a volume",
            "VolumeBasedCalculationTechnique": "none",
            "ContentLabel": "MAP, or SEGMENTATION",
            "SegmentsOverlap": "NO: a voxel has one label; of fractions of several segments undefined",
            "MaximumFractionalValue": "of fractions: 255",
            "DerivationCodeSequence": "segmentation",
            "PixelPaddingValue": "of a label map the background, 0",
            "FrameType": "derived, a volume",
            "ParametricMapFrameTypeSequence": "derived, a volume, and of a quantity, if that or its unit is said",
            "PixelValueTransformationSequence": "how the values are stored; of a map they are stored as they are",
            "CodeValue": "of its code",
            "LongCodeValue": "of its code",
            "CodingSchemeDesignator": "of its code",
            "CodeMeaning": "of its code",
        },
    ),
    **_rows(
        Source.LAYER,
        {
            "SamplesPerPixel": "gray or colors",
            "SegmentNumber": "its labels",
            "ROINumber": "its labels",
            "ReferencedROINumber": "its labels",
            "ObservationNumber": "its labels",
            "ReferencedFrameOfReferenceSequence": "the image on which it lies",
            "RTReferencedStudySequence": "the image on which it lies",
            "RTReferencedSeriesSequence": "the image on which it lies",
            "ContourImageSequence": "the image on which it lies",
            "SegmentIdentificationSequence": "its labels",
            "ReferencedSegmentNumber": "its labels",
            "RecommendedDisplayCIELabValue": "color of the label",
            "ReferencedSeriesSequence": "the image on which it lies",
            "ReferencedInstanceSequence": "the image on which it lies",
            "ReferencedSOPClassUID": "the image on which it lies, or from which it was opened",
            "ReferencedSOPInstanceUID": "the image on which it lies, or from which it was opened",
            "ReferencedFrameNumber": "the image on which it lies, or from which it was opened",
            "DerivationImageSequence": "the image on which it lies",
            "SourceImageSequence": "the image on which it lies, or from which it was opened",
            "NumberOfFrames": "shape",
            "InConcatenationNumber": "which file it is, where one does not hold all frames",
            "InConcatenationTotalNumber": "how many files there are, where one does not hold all frames",
            "ConcatenationFrameOffsetNumber": "how many frames are in the files before, where one does not hold all",
            "FrameTime": "time between its points",
            "SharedFunctionalGroupsSequence": "what all frames have",
            "PerFrameFunctionalGroupsSequence": "what each frame has",
            "PixelMeasuresSequence": "scale and units",
            "PlaneOrientationSequence": "transform",
            "PlanePositionSequence": "transform",
            "FrameContentSequence": "which frame it is",
            "DimensionIndexValues": "which frame it is, from 1",
            "InStackPositionNumber": "which frame it is, from 1",
            "TemporalPositionIndex": "time point, from 1",
            "TemporalPositionSequence": "time of its point since the first, in seconds",
            "TemporalPositionTimeOffset": "time of its point since the first, in seconds",
            "FrameVOILUTSequence": "contrast limits, else the range of the values",
            "FloatPixelPaddingValue": "NaN, where there is some",
            "DoubleFloatPixelPaddingValue": "NaN, where there is some",
            "FloatPixelPaddingRangeLimit": "NaN, where there is some",
            "DoubleFloatPixelPaddingRangeLimit": "NaN, where there is some",
            "ReferencedImageSequence": "the image of the same export that it is shown with",
            "DoubleFloatRealWorldValueFirstValueMapped": "type of the values",
            "DoubleFloatRealWorldValueLastValueMapped": "type of the values",
            "PhotometricInterpretation": "gray or colors, and the transfer syntax",
            "Rows": "shape",
            "Columns": "shape",
            "BitsAllocated": "type of the values",
            "BitsStored": "type of the values",
            "HighBit": "type of the values",
            "PixelRepresentation": "type of the values",
            "PixelSpacing": "scale and units",
            "ImageOrientationPatient": "transform",
            "ImagePositionPatient": "transform",
            "SliceLocation": "transform: along the normal",
            "SliceThickness": "a voxel is as thick as its neighbors are apart; of a single plane unknown, and empty",
            "SpacingBetweenSlices": "scale and units",
            "PatientOrientation": "transform; of a projection unknown, and empty",
            "RescaleIntercept": "how the values are stored",
            "RescaleSlope": "how the values are stored",
            "RealWorldValueMappingSequence": "how the values are stored",
            "RealWorldValueFirstValueMapped": "type of the values",
            "RealWorldValueLastValueMapped": "type of the values",
            "RealWorldValueIntercept": "how the values are stored",
            "RealWorldValueSlope": "how the values are stored",
            "LUTExplanation": "values of the layer, or its quantity",
            "LUTLabel": "values of the layer, or its quantity",
            "WindowCenter": "contrast limits, else the range of the values",
            "WindowWidth": "contrast limits, else the range of the values",
            "ImageComments": "its name, where it does not fit the Series Description",
            "AcquisitionNumber": "time point, from 1; empty in a CT without time",
            "TemporalPositionIdentifier": "time point, from 1",
            "NumberOfTemporalPositions": "length of the time axis",
            "TemporalResolution": "time between its points",
            "SeriesType": "static, or dynamic with a time axis",
            "NumberOfSlices": "shape",
            "NumberOfTimeSlices": "length of the time axis",
            "FrameReferenceTime": "time of its point since the first; 0 without a time axis",
            "ImageIndex": "time point and plane",
            "DecayFactor": "half-life and time of its point, from the start of the series",
        },
    ),
    **_rows(
        Source.EXPORT,
        {
            "SOPInstanceUID": "made anew",
            "SeriesInstanceUID": "made anew",
            "InstanceNumber": "counted along the normal, from 1",
            "InstanceCreationDate": "its moment",
            "InstanceCreationTime": "its moment",
            "ContentDate": "its moment: these pixels are made now; of time points, how long before the last",
            "ContentTime": "its moment: these pixels are made now; of time points, how long before the last",
            "TimezoneOffsetFromUTC": "of this machine, if no date or time comes from elsewhere",
            "Manufacturer": "this software",
            "ManufacturerModelName": "this software",
            "SoftwareVersions": "this software",
            "ContributingEquipmentSequence": "this software",
            "PurposeOfReferenceCodeSequence": "modifying equipment",
            "ContributionDateTime": "its moment",
            "DerivationDescription": "this software",
            "StructureSetDate": "its moment",
            "StructureSetTime": "its moment",
            "TrackingID": "made anew for each segment",
            "ConcatenationUID": "made anew",
            "SOPInstanceUIDOfConcatenationSource": "made anew: of the whole, which no file holds",
            "TrackingUID": "made anew for each segment",
            "DeviceSerialNumber": "this software, which has none: its version",
            "DimensionOrganizationSequence": "made anew",
            "DimensionOrganizationUID": "made anew",
            "DimensionIndexSequence": "position",
        },
    ),
    **_options(
        {
            "Modality": ("modality", "OT, or that of the object, where nothing is said"),
            "ImagerPixelSpacing": ("spacing_at", "the layer's scale and units, where they are at the detector"),
            "NominalScannedPixelSpacing": (
                "spacing_at",
                "the layer's scale and units, where they are on a scanned film",
            ),
            "PatientName": ("patient.name", "Anonymous^ in a new study, empty in one that exists"),
            "PatientID": ("patient.id", "one unique to the study in a new one, empty in one that exists"),
            "PatientBirthDate": ("patient.birth_date", "empty where it is not said"),
            "PatientSex": ("patient.sex", "empty where it is not said"),
            "PatientAge": ("patient.age", "left out where it is not said"),
            "PatientWeight": ("patient.weight", "left out where it is not said"),
            "PatientSize": ("patient.size", "left out where it is not said"),
            "StudyInstanceUID": ("study.instance_uid", "made anew for a new study"),
            "StudyDate": ("study.date", "today in a new study, empty in one that exists"),
            "StudyTime": ("study.time", "now in a new study, empty in one that exists"),
            "StudyID": ("study.id", "1 in a new study, empty in one that exists"),
            "StudyDescription": ("study.description", "left out where it is not said"),
            "AccessionNumber": ("study.accession_number", "empty where it is not said"),
            "ReferringPhysicianName": ("study.referring_physician", "empty where it is not said"),
            "FrameOfReferenceUID": ("study.frame_of_reference_uid", "made anew, one for all layers"),
            "ReferencedFrameOfReferenceUID": ("study.frame_of_reference_uid", "made anew, one for all layers"),
            "SeriesDescription": ("series.description", "the layer's name where nothing is said"),
            "SegmentationType": ("segmentation_type", "masks, if they are few"),
            "SegmentationFractionalType": ("fractional_type", "of fractions: probability, where nothing is said"),
            "SegmentSequence": ("segments", "one for each label"),
            "SegmentLabel": ("segments", "its number, where nothing is said"),
            "SegmentDescription": ("segments", "left out where it is not said"),
            "SegmentedPropertyCategoryCodeSequence": ("segments", "that of its type, where nothing is said"),
            "SegmentedPropertyTypeCodeSequence": ("segments", "tissue, where nothing is said, with a note"),
            "SegmentedPropertyTypeModifierCodeSequence": ("segments", "left out where no side is said"),
            "StructureSetROISequence": ("segments", "one for each label"),
            "RTROIObservationsSequence": ("segments", "one for each label"),
            "ROIName": ("segments", "its number, where nothing is said"),
            "ROIDescription": ("segments", "left out where it is not said"),
            "RTROIInterpretedType": ("segments", "empty where it is not said"),
            "RTROIIdentificationCodeSequence": ("segments", "tissue, where nothing is said, with a note"),
            "ROIGenerationAlgorithm": ("segment_algorithm", "semiautomatic, where nothing is said"),
            "ROIGenerationDescription": ("segment_algorithm_name", "unknown, where nothing is said"),
            "StructureSetLabel": ("series.description", "the layer's name where nothing is said"),
            "StructureSetName": ("series.description", "the layer's name where nothing is said"),
            "StructureSetDescription": ("series.description", "where it does not fit the Series Description"),
            "AnatomicRegionSequence": ("segments", "the organ of a finding; left out where it is not said"),
            "AnatomicRegionModifierSequence": ("segments", "left out where no side is said"),
            "SegmentAlgorithmType": ("segment_algorithm", "semiautomatic, where nothing is said"),
            "SegmentAlgorithmName": ("segment_algorithm_name", "unknown, where nothing is said"),
            "ContentDescription": ("series.description", "the layer's name where nothing is said"),
            "SeriesNumber": (
                "series.number",
                "from 1; in an existing study behind its series that lie on the disk",
            ),
            "SeriesDate": ("series.date", "left out where it is not said; in PET, where it is required, today"),
            "SeriesTime": ("series.time", "left out where it is not said; in PET, where it is required, now"),
            "ProtocolName": ("series.protocol", "left out where it is not said"),
            "BodyPartExamined": ("series.body_part", "left out where it is not said"),
            "Laterality": ("series.laterality", "empty where the body part may be paired"),
            "PatientPosition": ("series.patient_position", "empty where it is not said"),
            "AcquisitionDate": ("series.acquisition_date", "left out, or empty, where it is not said"),
            "AcquisitionTime": ("series.acquisition_time", "left out, or empty, where it is not said"),
            "RepetitionTime": ("series.repetition_time", "empty where it is not said"),
            "EchoTime": ("series.echo_time", "empty where it is not said"),
            "InstitutionName": ("series.institution", "left out where it is not said"),
            "InstitutionalDepartmentName": ("series.department", "left out where it is not said"),
            "StationName": ("series.station", "left out where it is not said"),
            "OperatorsName": ("series.operator", "left out where it is not said"),
            "RescaleType": ("value_unit", "unspecified; in a CT, Hounsfield units are assumed with a note"),
            "Units": ("value_unit", "without unit is assumed, with a note"),
            "MeasurementUnitsCodeSequence": ("value_unit", "without unit where nothing is said"),
            "QuantityDefinitionSequence": ("quantity", "left out where it is not said"),
            "ConceptNameCodeSequence": ("quantity", "quantity"),
            "ConceptCodeSequence": ("quantity", "which one"),
            "ValueType": ("quantity", "a code"),
            "AcquisitionDateTime": ("series.acquisition_date", "left out where no date is said"),
            "ApplicableSafetyStandardAgency": ("safety_agency", "asked for"),
            "LossyImageCompression": (
                "transfer_syntax",
                "01 where this export, the reference or the source compressed with loss; else left out: not known",
            ),
            "LossyImageCompressionMethod": ("transfer_syntax", "of a lossy one"),
            "LossyImageCompressionRatio": ("transfer_syntax", "of a lossy one: measured, frame by frame"),
            "RadiopharmaceuticalInformationSequence": (
                "pet.radiopharmaceutical",
                "without items where nothing is said",
            ),
            "Radiopharmaceutical": ("pet.radiopharmaceutical", "left out where it is not said"),
            "RadionuclideTotalDose": ("pet.dose", "left out where it is not said"),
            "RadionuclideHalfLife": ("pet.half_life", "left out where it is not said"),
            "RadiopharmaceuticalStartDateTime": ("pet.injection", "left out where it is not said"),
            "RadiopharmaceuticalStartTime": ("pet.injection", "left out where it is not said"),
            "SUVType": ("pet.suv_type", "of values in GML: body weight is assumed, with a note"),
            "DecayCorrection": ("pet.decay_correction", "NONE is assumed, with a note"),
        }
    ),
    **_rows(
        Source.UNKNOWN,
        {
            "RadiopharmaceuticalInformationSequence": "no items, unless options of `pet` or a reference fill it",
            "AcquisitionContextSequence": "of the acquisition nothing is known",
            "ContentCreatorName": "who made it is not told",
            "ROIInterpreter": "who made it is not told",
            "KVP": "of the exposure nothing is known",
            "ScanOptions": "of the sequence nothing is known",
            "MRAcquisitionType": "of the sequence nothing is known",
            "EchoTrainLength": "of the sequence nothing is known",
            "CorrectedImage": "DECY, where the decay is corrected",
            "RadionuclideCodeSequence": "of the radionuclide, empty unless a reference knows it",
            "CollimatorType": "of the scanner nothing is known",
            "ActualFrameDuration": "the time between points is not a duration",
            "PatientOrientationCodeSequence": "of the patient's position nothing is known",
            "PatientGantryRelationshipCodeSequence": "of the patient's position nothing is known",
        },
    ),
    **_rows(
        Source.ASSUMED,
        {
            "ScanningSequence": "RM, the research mode, which claims the least",
            "SequenceVariant": "NONE",
            "CountsSource": "EMISSION",
            "FrameAnatomySequence": "by body part and side; else any body structure, not paired",
            "AnatomicRegionSequence": "by body part; else any body structure",
            "FrameLaterality": "by side; of a part that is paired it is asked for; else U, not paired",
            "IrradiationEventIdentificationSequence": "which one is not known: made anew",
            "IrradiationEventUID": "which one is not known: made anew",
            "ComplexImageComponent": "MAGNITUDE",
            "AcquisitionContrast": "UNKNOWN",
            "BurnedInAnnotation": "NO; left out where it is not required",
            "RecognizableVisualFeatures": "YES: the picture could show who it is",
            "ContentQualification": "RESEARCH",
        },
    ),
}
