"""Any DICOM series on disk judged: what no validator of single files sees, and what readers make of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dicom_writer.checking.file.instance import Instance, OpenedFile
from napari_dicom_writer.checking.file.structure import NotDicomError
from napari_dicom_writer.checking.findings import Finding, Findings, Severity
from napari_dicom_writer.checking.folder import check_folder
from napari_dicom_writer.checking.series.consistency import check_consistency
from napari_dicom_writer.checking.series.places import check_places
from napari_dicom_writer.errors import ReadError
from napari_dicom_writer.model.float_errors import with_default_float_errors
from napari_dicom_writer.reading import lenient as read
from napari_dicom_writer.reading.files import as_they_are, read_header
from napari_dicom_writer.reading.real_values import ValueMap, value_map_of
from napari_dicom_writer.reading.said import is_segmentation
from napari_dicom_writer.reading.survey import summarize
from napari_dicom_writer.reading.zipped import catalogue_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from napari_dicom_writer.reading.catalogue import Catalogue
    from napari_dicom_writer.reading.surveyed import SeriesSurvey

_LOOKED_AT = 16  # planes of a series by whose look swapped rows and columns are told
_PATIENCE = 3  # instances of a series that may take too long, before no other is decoded


@dataclass(frozen=True, slots=True)
class SeriesVerdict:
    """What is to be said of one series.

    Attributes
    ----------
    uid : str
        Series Instance UID; empty for files that belong to none.
    survey : SeriesSurvey or None
        Size, place and values; None for files that belong to no series.
    findings : tuple of Finding
        Errors first.
    lossy : bool
        Whether it says that its pixels were compressed with loss.
    files : tuple of Path
        Its files, in the order of their names.
    """

    uid: str
    survey: SeriesSurvey | None
    findings: tuple[Finding, ...]
    lossy: bool = False
    files: tuple[Path, ...] = ()

    def count(self, severity: Severity) -> int:
        """Return how many findings there are of a severity."""
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def good(self) -> bool:
        """Whether there is no error."""
        return not self.count(Severity.ERROR)


@dataclass(slots=True)
class _Group:
    """The instances of one series, as they are found."""

    findings: Findings = field(default_factory=Findings)
    instances: list[Instance] = field(default_factory=list)
    slow: int = 0


@with_default_float_errors
def check_series(
    folder: str | os.PathLike[str], *, progress: Callable[[int, int], None] | None = None
) -> list[SeriesVerdict]:
    """Judge every series in a folder and below, or the one of a file.

    Every file is walked along its elements, its header compared with the standard, its pixels decoded frame by frame;
    then the instances of each series are compared with each other, and the series of the folder.

    Parameters
    ----------
    folder
        Hidden files, and what is in hidden folders, are left out. What cannot be looked at is a finding.
    progress
        Called with (files done, total); may raise to stop.

    Returns
    -------
    list of SeriesVerdict
        By series number; files that belong to no series, though they should, are the last.

    Raises
    ------
    ReadError
        If there is no such place, or no DICOM in it. A broken file is a finding.
    """
    contents = catalogue_of(Path(folder))
    files = contents.files
    groups: dict[str, _Group] = {}
    with as_they_are():
        for done, path in enumerate(files):
            if progress:
                progress(done, len(files))
            _add(path, contents.name(path), groups)
        if progress:
            progress(len(files), len(files))
        check_folder({uid: (group.instances, group.findings) for uid, group in groups.items() if uid})
        verdicts = [_verdict(uid, group, contents) for uid, group in groups.items() if uid]
    lost = _verdict_on_the_rest(contents, groups.get(""))
    if not verdicts and lost is None:
        raise ReadError("There is no DICOM series there", "Name a folder with DICOM files")
    return sorted(verdicts, key=_order) + ([lost] if lost else [])


def _verdict_on_the_rest(contents: Catalogue, group: _Group | None) -> SeriesVerdict | None:
    """Judge what belongs to no series, and what could not be looked at."""
    findings = group.findings if group else Findings()
    for passed in contents.passed:
        report = findings.at(passed.name)
        if passed.matters:
            report.error("unreadable", f"It was not looked at: it is {passed.what}", "DICOM files may be missing")
        else:
            report.warning("passed-over", f"It was not looked at: it is {passed.what}")
    files = tuple(instance.path for instance in group.instances) if group else ()
    found = tuple(findings)
    return SeriesVerdict("", None, found, files=files) if found else None


def _add(path: Path, name: str, groups: dict[str, _Group]) -> None:
    """Check one file, and add it to its series; what is not meant to be DICOM is passed over."""
    try:
        opened = OpenedFile(path, name)
    except NotDicomError:
        if path.suffix.lower() in (".dcm", ".dicom", ".ima") or _is_bare(path):
            what = "It has no preamble and mark of DICOM in its first 132 bytes (empty, cut, or a data set only)"
            report = groups.setdefault("", _Group()).findings.at(name)
            report.error("not-dicom", what, "Most readers pass over it: a plane may be missing")
        return
    except OSError as error:
        report = groups.setdefault("", _Group()).findings.at(name)
        report.error("unreadable", f"It cannot be read: {error.strerror or type(error).__name__}")
        return
    if opened.is_directory:
        return
    group = groups.setdefault(opened.series_uid, _Group())
    look, decode = len(group.instances) < _LOOKED_AT, group.slow < _PATIENCE
    instance = opened.check(group.findings.at(opened.name), look=look, decode=decode)
    group.slow += instance.pixels.slow
    group.instances.append(instance)


def _is_bare(path: Path) -> bool:
    """Whether it is a data set without File Meta Information."""
    try:
        return read_header(path, ["SOPInstanceUID"]) is not None
    except Exception:  # noqa: BLE001 - what merely begins like one
        return False


def _verdict(uid: str, group: _Group, contents: Catalogue) -> SeriesVerdict:
    instances = group.instances
    check_consistency(instances, group.findings)
    check_places(instances, group.findings)
    headers, folder = [i.header for i in instances], contents.folder_of(instances[0].path)
    structures = [instance.structure for instance in instances if instance.structure]
    frames = None
    if any(i.frames for i in instances):
        frames = [frame.header for i in instances for frame in i.frames[: i.place.frames] or [i]]
    return SeriesVerdict(
        uid,
        summarize(headers, folder, _values(instances), frames=frames, structures=structures),
        tuple(group.findings),
        lossy=any(read.text(i.header, "LossyImageCompression") == "01" for i in instances),
        files=tuple(i.path for i in instances),
    )


def _map(instance: Instance) -> ValueMap:
    """Stored values to real ones, where they are linear."""
    try:
        return value_map_of(instance.header)
    except Exception:  # noqa: BLE001 - a table, or whatever a wrong value makes the parser raise
        return ValueMap()


def _values(instances: list[Instance]) -> tuple[float, float] | None:
    """Return the least and greatest real value; None of segments, and where frames map their values each in its way."""
    ends = []
    for instance in instances:
        maps = {_map(frame) for frame in instance.frames or [instance]}
        if len(maps) > 1 or is_segmentation(instance.header):
            return None
        (one,) = maps
        each = (end for end in (instance.pixels.low, instance.pixels.high) if math.isfinite(end))
        ends += [one.slope * end + one.intercept for end in each]
    return (min(ends), max(ends)) if ends else None


def _order(verdict: SeriesVerdict) -> tuple[str, str]:
    return verdict.survey.number.zfill(12) if verdict.survey else "", verdict.uid
