"""What the instances of a series must share, number and keep apart (PS3.3 A.1.2, C.7)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.checking.file.instance import SAME_IN_A_SERIES
from napari_dicom_writer.checking.findings import Severity
from napari_dicom_writer.reading import lenient as read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.checking.file.instance import Instance
    from napari_dicom_writer.checking.findings import Findings

_WRONG = {
    "StudyInstanceUID": "Archives refuse some, or tear the series apart",
    "FrameOfReferenceUID": "Readers do not stack them, or ignore that they lie in different spaces",
    "PatientID": "Instances are filed under different patients",
    "PatientName": "Instances are filed under different patients",
    "Modality": "Archives and viewers tear the series apart",
    "Units": (other := "Software that goes by the first instance takes the others for another quantity"),
    "SUVType": other,
    "DecayCorrection": other,
    "RescaleType": other,
}
_PIXEL_KEYWORDS = ("BitsAllocated", "BitsStored", "PixelRepresentation", "SamplesPerPixel", "PhotometricInterpretation")
_SOME_SWAPPED = 3  # planes that look swapped before a series does


def check_consistency(instances: Sequence[Instance], findings: Findings) -> None:
    """Check what PS3.3 says is the same in all instances of a series, and their numbers."""
    pictures = [instance for instance in instances if "Rows" in instance.header]
    for keyword in SAME_IN_A_SERIES:
        among = pictures if keyword == "FrameOfReferenceUID" else instances
        _check_same(among, findings, keyword, _WRONG.get(keyword, ""))
    # Pictures that are not a volume, such as those of ultrasound, may be of several kinds.
    volume = bool(pictures) and all(i.place.position for i in pictures)
    _check_same(pictures, findings, "RescaleType", _WRONG["RescaleType"])
    for keyword in _PIXEL_KEYWORDS:
        wrong = "Readers that go by the first instance show the others wrong" if volume else ""
        _check_same(pictures, findings, keyword, wrong)
    _check_rescale(pictures, findings)
    _check_numbers(instances, findings)
    _check_look(pictures, findings)
    _check_colors(pictures, findings)
    _check_window_shows(pictures, findings)


def _check_same(instances: Sequence[Instance], findings: Findings, keyword: str, wrong: str) -> None:
    """Report those whose value is not the most frequent; an error, where it is said what goes wrong."""
    values = [read.text(instance.header, keyword) for instance in instances]
    counts = Counter(values)
    if len(counts) < 2:
        return
    usual = counts.most_common(1)[0][0]
    what = f"It has {len(counts)} different values in the series"
    for instance, value in zip(instances, values, strict=True):
        if value != usual:
            severity = Severity.ERROR if wrong else Severity.WARNING
            findings.at(instance.name).add(
                severity, "differs", what, wrong or "Archives keep the first, or ask", keyword
            )


def _check_rescale(pictures: Sequence[Instance], findings: Findings) -> None:
    """Different slopes are legal, and make stored values incomparable."""
    if any(read.items(i.header, "RealWorldValueMappingSequence") for i in pictures):
        mapped = {
            tuple(
                (read.text(item, "RealWorldValueSlope"), read.text(item, "RealWorldValueIntercept"))
                for item in read.items(i.header, "RealWorldValueMappingSequence")
            )
            for i in pictures
        }
        if len(mapped) > 1:
            what = f"{len(mapped)} different mappings: stored values of its planes cannot be compared"
            consequence = "Software that applies the first one to all is wrong"
            findings.at().warning("mapping-differs", what, consequence, "RealWorldValueMappingSequence")
    for keyword in ("RescaleSlope", "RescaleIntercept"):
        values = {read.number(i.header, keyword) for i in pictures}
        if len(values) > 1:
            what = f"{len(values)} different values: stored values of its planes cannot be compared"
            consequence = "Software that applies the first one to all is wrong"
            report = findings.at()
            # Each plane of a PET series has a slope of its own by design.
            own = keyword == "RescaleSlope" and all(read.text(i.header, "Modality") == "PT" for i in pictures)
            (report.info if own else report.warning)("rescale-differs", what, consequence, keyword)


def _check_numbers(instances: Sequence[Instance], findings: Findings) -> None:
    numbers = [read.whole(i.header, "InstanceNumber") for i in instances]
    for instance, number in zip(instances, numbers, strict=True):
        if number is None:
            what = "It is missing or empty"
            findings.at(instance.name).warning("number-missing", what, "Viewers show it anywhere", "InstanceNumber")
    # The parts of a concatenation share their number (PS3.3 C.7.6.16).
    parts = [read.whole(i.header, "InConcatenationNumber") for i in instances]
    found = Counter(zip(numbers, parts, strict=True))
    for instance, number, part in zip(instances, numbers, parts, strict=True):
        if number is not None and found[number, part] > 1:
            what = "Several instances have the same number"
            consequence = "Viewers that sort by it show them in any order, or one of them"
            findings.at(instance.name).warning("number-repeats", what, consequence, "InstanceNumber")
    known = {number for number in numbers if number is not None}
    if known:
        missing = max(known) - min(known) + 1 - len(known)
        if 0 < missing < len(known):
            what = (
                f"{missing:,} number{'s are' if missing > 1 else ' is'} left out between {min(known)} and {max(known)}"
            )
            findings.at().warning("number-gap", what, "Instances may be missing", "InstanceNumber")
        elif missing == 0 and 1 < min(known) < len(known):
            what = f"Numbers begin with {min(known)}"
            findings.at().warning("number-start", what, "Instances may be missing", "InstanceNumber")


def _check_look(pictures: Sequence[Instance], findings: Findings) -> None:
    looks = [swapped for i in pictures for swapped in i.pixels.swapped]
    if sum(looks) > len(looks) / 2:
        size = pictures[0].place.size
        what = f"Pixels look like {size[1]} rows of {size[0]} columns, and the header says {size[0]} rows of {size[1]}"
        few = sum(looks) < min(_SOME_SWAPPED, len(pictures))
        report = findings.at()
        (report.warning if few else report.error)("swapped", what, "Viewers show stripes", "Rows")


def _check_colors(pictures: Sequence[Instance], findings: Findings) -> None:
    """Compare where colors seem to lie with what the headers say."""
    wrong = [
        looks != (read.whole(i.header, "PlanarConfiguration") == 1) for i in pictures for looks in i.pixels.by_plane
    ]
    if sum(wrong) > len(wrong) / 2:
        what = "Colors look as if they lay the other way: by plane, and the header says by pixel, or the reverse"
        findings.at().error("planar-swapped", what, "Viewers show three small gray pictures", "PlanarConfiguration")


def _check_window_shows(pictures: Sequence[Instance], findings: Findings) -> None:
    """Find windows that show black or white only."""
    blank = 0
    for instance in pictures:
        header, pixels = instance.header, instance.pixels
        center, width = read.number(header, "WindowCenter"), read.number(header, "WindowWidth")
        if center is None or not width or not np.isfinite((pixels.low, pixels.high)).all():
            return
        slope, intercept = read.number(header, "RescaleSlope"), read.number(header, "RescaleIntercept")
        ends = sorted((slope or 1) * end + (intercept or 0) for end in (pixels.low, pixels.high))
        blank += ends[1] < center - width / 2 or ends[0] > center + width / 2
    if pictures and blank == len(pictures):
        what = "Its window shows none of its values"
        findings.at().warning("window-blank", what, "Viewers show black or white", "WindowCenter")
