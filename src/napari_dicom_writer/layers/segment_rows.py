"""The segments of a layer as a table to look at and to edit: what each label means, by layer, option and user.

Edits become options of the layer's own (`LayerOptions.segments`), and never reach the layer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.model.segments import Segment
from napari_dicom_writer.standard.codes import recognize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_dicom_writer.standard.codes import Code, Structure


@dataclass
class SegmentEdits:
    """What is said of the segments of one layer.

    Attributes
    ----------
    loaded : tuple of Segment
        By a table that was loaded.
    changes : dict
        Label → field of `Segment` → value: one by one.
    """

    loaded: tuple[Segment, ...] = ()
    changes: dict[int, dict[str, Any]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.loaded or self.changes)

    def load(self, segments: Iterable[Segment]) -> None:
        """Take a table, which counts for more than what was said before of its labels."""
        self.loaded = tuple(segments)
        for segment in self.loaded:
            self.changes.pop(segment.label, None)

    def change(self, labels: Iterable[int], name: str, value: Any, before: Mapping[int, Segment]) -> None:
        """Say something of labels; what `before`, without changes, says already is none."""
        for label in labels:
            change = self.changes.setdefault(label, {})
            change[name] = value
            plain = before.get(label, Segment(label=label))
            if _changed(plain, change) == plain:
                del self.changes[label]

    def segments(self, told: Mapping[int, Segment]) -> dict[int, Segment]:
        """Return every segment of which something is known: `told` by layer and options, or said here."""
        before = self.before(told)
        changed = {n: _changed(before.get(n, Segment(label=n)), change) for n, change in self.changes.items()}
        return before | changed

    def before(self, told: Mapping[int, Segment]) -> dict[int, Segment]:
        """Return the same without the changes."""
        return dict(told) | {segment.label: segment for segment in self.loaded}

    def own(self, told: Mapping[int, Segment], common: Iterable[Segment]) -> tuple[Segment, ...]:
        """Return the option `segments` of the layer, in whose place that of all layers does not count any more."""
        said = {segment.label for segment in (*common, *self.loaded)} | set(self.changes)
        segments = self.segments(told)
        return tuple(segments[label] for label in sorted(said))


def _changed(segment: Segment, change: Mapping[str, Any]) -> Segment:
    """Return a segment with a change; another name means what it says, where the codes came from the name only."""
    if "name" not in change or "structure" in change:
        return replace(segment, **change)
    by_name = segment.structure == (recognize(segment.name) if segment.name else None)
    return replace(segment, **change, structure=None if by_name else segment.structure).understood()


def sided(structure: Structure, side: Code | None) -> Structure:
    """Return a structure on another side: of an abnormality in an organ, that of the organ."""
    if structure.region:
        return replace(structure, region_laterality=side)
    return replace(structure, laterality=side)


def side_of(structure: Structure) -> Code | None:
    """Return the side that a structure says beside its type."""
    return structure.region_laterality if structure.region else structure.laterality


def in_words(structure: Structure) -> str:
    """Say what a structure is.

    Examples
    --------
    >>> in_words(recognize("liver tumor")), in_words(recognize("kidney_left"))
    ('Neoplasm, Liver', 'Kidney, left')
    """
    parts = [structure.type.meaning, structure.region.meaning if structure.region else ""]
    side = side_of(structure)
    return ", ".join(filter(None, [*parts, side.meaning.lower() if side else ""]))
