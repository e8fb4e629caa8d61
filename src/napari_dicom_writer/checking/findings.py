"""What a check has found, and where: the same fault in a thousand instances is one finding."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pydicom.datadict import dictionary_description, dictionary_has_tag, tag_for_keyword

from napari_dicom_writer.standard import text

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMED = 5  # places that a finding lists


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"  # some software refuses it, or shows wrong values or places
    WARNING = "warning"  # doubtful, or against the standard without known harm
    INFO = "info"  # worth knowing


_ORDER = list(Severity)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault.

    Attributes
    ----------
    severity : Severity
    code : str
        Its stable name, such as ``positions-repeat``.
    what : str
        The fault in plain words, with its size. Holds no value of a text attribute: it might name a patient.
    consequence : str
        What readers make of it, or what to do; may be empty.
    tag : str
        The attribute, as ``Pixel Spacing (0028,0030)``; empty where it is about none.
    places : tuple of str
        The first instances concerned; empty where it is about the whole series.
    count : int
        How many instances are concerned.
    """

    severity: Severity
    code: str
    what: str
    consequence: str = ""
    tag: str = ""
    places: tuple[str, ...] = ()
    count: int = 0

    @property
    def where(self) -> str:
        """The instances concerned, in words."""
        more = self.count - len(self.places)
        return ", ".join(self.places) + (f" and {more:,} more" if more > 0 else "")

    def __str__(self) -> str:
        parts = [f"{self.severity}: {self.what}", self.tag, self.where]
        return "; ".join(part for part in parts if part)


@dataclass(slots=True)
class _Merged:
    severity: Severity
    what: str
    consequence: str
    places: list[str] = field(default_factory=list)
    count: int = 0


class Findings:
    """Collects findings, and puts those of the same kind together.

    Examples
    --------
    >>> findings = Findings()
    >>> for name in ("1.dcm", "2.dcm"):
    ...     findings.at(name).error("slope-zero", "It is 0", "All values are the same", "RescaleSlope")
    >>> [(f.what, f.count, f.tag) for f in findings]
    [('It is 0', 2, 'Rescale Slope (0028,1053)')]
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], _Merged] = {}

    def at(self, place: str = "") -> Report:
        """Return what adds findings about one place: an instance in words, or the whole series."""
        return Report(self, place)

    def add(self, severity: Severity, code: str, what: str, consequence: str, tag: str | int, place: str) -> None:
        """Add a finding; of those with one code and tag, the words of the worst are kept."""
        merged = self._found.setdefault((code, tag_name(tag)), _Merged(severity, what, consequence))
        if _ORDER.index(severity) < _ORDER.index(merged.severity):
            merged.severity, merged.what, merged.consequence = severity, what, consequence
        if place and place not in merged.places[-1:]:
            merged.count += 1
            if len(merged.places) < _NAMED:
                merged.places.append(place)

    def __iter__(self) -> Iterator[Finding]:
        found = [
            Finding(m.severity, code, m.what, m.consequence, tag, tuple(m.places), m.count)
            for (code, tag), m in self._found.items()
        ]
        return iter(sorted(found, key=lambda f: _ORDER.index(f.severity)))


@dataclass(frozen=True, slots=True)
class Report:
    """Adds findings about one place. For the parameters see `Finding`; the tag may be a keyword or a number."""

    findings: Findings
    place: str

    def error(self, code: str, what: str, consequence: str = "", tag: str | int = "") -> None:
        """Add an error."""
        self.add(Severity.ERROR, code, what, consequence, tag)

    def warning(self, code: str, what: str, consequence: str = "", tag: str | int = "") -> None:
        """Add a warning."""
        self.add(Severity.WARNING, code, what, consequence, tag)

    def info(self, code: str, what: str, consequence: str = "", tag: str | int = "") -> None:
        """Add what is worth knowing."""
        self.add(Severity.INFO, code, what, consequence, tag)

    def add(self, severity: Severity, code: str, what: str, consequence: str = "", tag: str | int = "") -> None:
        """Add a finding of any severity."""
        self.findings.add(severity, code, what, consequence, tag, self.place)


def tag_name(tag: str | int) -> str:
    """Name an attribute with its tag.

    Parameters
    ----------
    tag
        A keyword, a number, or a name made here before.

    Examples
    --------
    >>> tag_name("Rows"), tag_name(0x00091002)
    ('Rows (0028,0010)', '(0009,1002)')
    """
    if isinstance(tag, str):
        number = tag_for_keyword(tag) if tag else None
        if number is None:
            return tag
        tag = number
    code = text.tag(tag)
    return f"{dictionary_description(tag)} {code}" if dictionary_has_tag(tag) else code
