"""What DICOM says of a patient and a study beside the attributes that are options: the same in all of its series."""

from __future__ import annotations

# What else the modules Patient (PS3.3 C.7.1.1), General Study (C.7.2.1), Patient Study (C.7.2.2) and Frame of
# Reference (C.7.4.1) hold, and what was there before them.
OF_PATIENT_OR_STUDY = """
    IssuerOfAccessionNumberSequence ReferringPhysicianAddress ReferringPhysicianTelephoneNumbers
    ReferringPhysicianIdentificationSequence ConsultingPhysicianName ConsultingPhysicianIdentificationSequence
    ProcedureCodeSequence PhysiciansOfRecord PhysiciansOfRecordIdentificationSequence NameOfPhysiciansReadingStudy
    PhysiciansReadingStudyIdentificationSequence AdmittingDiagnosesDescription AdmittingDiagnosesCodeSequence
    ReferencedStudySequence ReferencedPatientSequence IssuerOfPatientID TypeOfPatientID
    IssuerOfPatientIDQualifiersSequence SourcePatientGroupIdentificationSequence
    GroupOfPatientsIdentificationSequence PatientBirthTime PatientBirthDateInAlternativeCalendar
    PatientDeathDateInAlternativeCalendar PatientAlternativeCalendar PatientInsurancePlanCodeSequence
    PatientPrimaryLanguageCodeSequence QualityControlSubject StrainDescription StrainNomenclature
    StrainStockSequence StrainAdditionalInformation StrainCodeSequence GeneticModificationsSequence OtherPatientIDs
    OtherPatientNames OtherPatientIDsSequence PatientBirthName PatientAge PatientSize PatientSizeCodeSequence
    PatientBodyMassIndex MeasuredAPDimension MeasuredLateralDimension PatientWeight PatientAddress
    PatientMotherBirthName MilitaryRank BranchOfService MedicalRecordLocator MedicalAlerts Allergies
    CountryOfResidence RegionOfResidence PatientTelephoneNumbers EthnicGroup Occupation SmokingStatus
    AdditionalPatientHistory PregnancyStatus LastMenstrualDate PatientReligiousPreference PatientSpeciesDescription
    PatientSpeciesCodeSequence PatientSexNeutered PatientBreedDescription PatientBreedCodeSequence
    BreedRegistrationSequence ResponsiblePerson ResponsiblePersonRole ResponsibleOrganization PatientComments
    PatientIdentityRemoved DeidentificationMethod DeidentificationMethodCodeSequence PositionReferenceIndicator
    RequestingService ReasonForVisit ReasonForVisitCodeSequence AdmissionID IssuerOfAdmissionIDSequence
    ServiceEpisodeID ServiceEpisodeDescription IssuerOfServiceEpisodeIDSequence PatientState
""".split()
