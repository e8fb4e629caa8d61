"""The one error of this package, its kinds, and the notes of a plan.

A *refusal* says what is wrong, where, and what to do about it. All refusals of an export travel together in one
`ExportError`, raised before anything is written. A *note* is the milder sister: the export goes on, but something
was assumed or lost, and the user is told what and how much. Options are mentioned by marks (`mention`): `spelled` turns
them into the words of whoever reads, and `str` into Python's.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from napari_dicom_writer.mention import in_python, mention, spell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dicom_writer.mention import Speller


@dataclass(frozen=True, slots=True)
class Fix:
    """An option that settles a refusal, or changes what a note announces: a remedy that one click can apply.

    Parameters
    ----------
    option
        Name of the field of `ExportOptions`.
    value
        What to set it to; None where only the user can say.
    label
        What the button says.
    """

    option: str
    value: Any
    label: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why an export cannot be done, with its remedy.

    Its texts hold marks where they mention options: `str` writes them in Python's words, and so does `spelled`.

    Parameters
    ----------
    what
        What is wrong, in plain words, with the offending value.
    remedy
        What the user can do about it.
    where
        The layer, option or path concerned; empty when the whole export is.
    fix
        The remedy as an option, where it is one.
    """

    what: str
    remedy: str
    where: str = ""
    fix: Fix | None = None

    def spelled(self, speller: Speller = in_python) -> Refusal:
        """Return the same with all options that it mentions in the reader's words."""
        what, remedy, where = (spell(text, speller) for text in (self.what, self.remedy, self.where))
        return replace(self, what=what, remedy=remedy, where=where)

    def __str__(self) -> str:
        told = self.spelled(in_python)
        place = f"{told.where}: " if told.where else ""
        return f"{place}{told.what}. {told.remedy}."


class NoteKind(StrEnum):
    """How much a note matters."""

    LOST = "lost"
    ASSUMED = "assumed"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Note:
    """Something assumed, lost or worth knowing, announced in the plan before anything is written.

    Its texts hold marks where they mention options: `str` writes them in Python's words, and so does `spelled`.

    Parameters
    ----------
    kind
        Whether something is lost, assumed, or merely worth knowing.
    text
        The fact in plain words, with its size.
    where
        The layer concerned.
    hint
        What to do for another outcome; empty where `fix` says it all.
    fix
        The same as an option, where it is one.
    """

    kind: NoteKind
    text: str
    where: str = ""
    hint: str = ""
    fix: Fix | None = None

    def spelled(self, speller: Speller = in_python) -> Note:
        """Return the same with all options that it mentions, and the one that changes it, in the reader's words."""
        hint = spell(self.hint, speller)
        if self.fix and not hint:
            label = self.fix.label.rstrip("…")
            hint = f"{_uncapitalized(label)}: {spell(mention(self.fix.option, self.fix.value), speller)}"
        return replace(self, text=spell(self.text, speller), where=spell(self.where, speller), hint=hint)

    def __str__(self) -> str:
        told = self.spelled(in_python)
        text = f"{told.text} ({told.hint})" if told.hint else told.text
        return f"{told.where}: {text}" if told.where else text


def _uncapitalized(label: str) -> str:
    """Begin with a small letter, but for words that are capitals throughout."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


class ExportError(RuntimeError):
    """An export that cannot be done: every reason, each with its place and remedy.

    A `RuntimeError`, because napari swallows a `ValueError` that comes out of a writer.

    Parameters
    ----------
    what, remedy, where, fix
        As in `Refusal`, for an error with a single reason.
    refusals
        Several reasons at once; given instead of the three above.

    Attributes
    ----------
    refusals : tuple of Refusal
    """

    _nothing = "Nothing was written"

    def __init__(
        self,
        what: str = "",
        remedy: str = "",
        where: str = "",
        *,
        fix: Fix | None = None,
        refusals: tuple[Refusal, ...] | None = None,
    ) -> None:
        self.refusals = refusals if refusals is not None else (Refusal(what, remedy, where, fix),)
        super().__init__(self.refusals)

    def spelled(self, speller: Speller) -> Self:
        """Return the same error with all options that it mentions in the reader's words."""
        return type(self)(refusals=tuple(refusal.spelled(speller) for refusal in self.refusals))

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.refusals))

    def __str__(self) -> str:
        if len(self.refusals) == 1:
            return str(self.refusals[0])
        lines = "\n".join(f"  {number}. {refusal}" for number, refusal in enumerate(self.refusals, 1))
        return f"{self._nothing}, for {len(self.refusals)} reasons:\n{lines}"


def _rebuild(kind: type[ExportError], refusals: tuple[Refusal, ...]) -> ExportError:
    """Unpickle an error with all its refusals."""
    return kind(refusals=refusals)


class OptionsError(ExportError):
    """An option that is not valid: text against its VR, an unknown choice, a contradiction."""


class LayerError(ExportError):
    """A layer that is not an image, or whose axes cannot be understood."""


class GeometryError(ExportError):
    """A geometry that DICOM cannot hold: sheared, singular, not finite."""


class PixelError(ExportError):
    """Values that DICOM cannot hold: complex, NaN without a fill value, too many rows."""


class DestinationError(ExportError):
    """A place that cannot be written to."""


class ReadError(ExportError):
    """What cannot be read: no file, no DICOM, damaged, or nothing that is a volume; nothing was read.

    A kind of `ExportError`, because a reference or a source that cannot be read ends an export, too.
    """

    _nothing = "Nothing was read"


class SendError(ExportError):
    """Instances that did not arrive where they were sent; it says which, and where they wait."""


class VerificationError(ExportError):
    """What was read back is not what the plan promised; nothing was published."""


class UnforeseenLossError(ExportError):
    """Something would be lost that was not in the plan that somebody agreed to."""


class ExportCancelled(ExportError):  # noqa: N818 - it is raised by a user's wish, not by a fault
    """Raised by a progress callback to stop an export; nothing is left behind."""

    def __init__(
        self,
        what: str = "The export was cancelled",
        remedy: str = "Nothing was written",
        where: str = "",
        *,
        fix: Fix | None = None,
        refusals: tuple[Refusal, ...] | None = None,
    ) -> None:
        super().__init__(what, remedy, where, fix=fix, refusals=refusals)


@contextmanager
def at(where: str) -> Iterator[None]:
    """Give a place to what is refused in this block without one."""
    refusals = Refusals()
    with refusals.collect(where):
        yield
    refusals.raise_if_any()


class Refusals:
    """Collects the refusals of an export, so that the user sees all of them at once.

    Examples
    --------
    >>> refusals = Refusals()
    >>> with refusals.collect("layer 'brain'"):
    ...     raise PixelError("its values are complex", "Save the real and imaginary parts as two layers")
    >>> refusals.raise_if_any()
    Traceback (most recent call last):
        ...
    napari_dicom_writer.errors.PixelError: layer 'brain': its values are complex. Save the real and ...
    """

    def __init__(self) -> None:
        self._errors: list[ExportError] = []

    @contextmanager
    def collect(self, where: str = "") -> Iterator[None]:
        """Keep the `ExportError` raised in this block; refusals without a place get `where`."""
        try:
            yield
        except ExportCancelled:
            raise
        except ExportError as error:
            placed = tuple(r if r.where else replace(r, where=where) for r in error.refusals)
            self._errors.append(type(error)(refusals=placed))

    def __bool__(self) -> bool:
        return bool(self._errors)

    def __iter__(self) -> Iterator[Refusal]:
        """Go through everything collected."""
        return (refusal for error in self._errors for refusal in error.refusals)

    def raise_if_any(self) -> None:
        """Raise one error holding everything collected; its kind is the common one, if there is one."""
        if not self._errors:
            return
        kinds = {type(error) for error in self._errors}
        kind = kinds.pop() if len(kinds) == 1 else ExportError
        raise kind(refusals=tuple(self))
