"""What a peer said to every instance that it was sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Fix

if TYPE_CHECKING:
    from pathlib import Path


class State(StrEnum):
    """What is known of an instance that was sent."""

    STORED = "stored"
    WARNING = "stored, with a warning"
    ALTERED = "stored, but not as it was sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"

    @property
    def arrived(self) -> bool:
        """Whether the peer has it, as far as is known as it was sent."""
        return self in (State.STORED, State.WARNING)


@dataclass(frozen=True, slots=True)
class Answer:
    """A peer's answer to one instance.

    Attributes
    ----------
    uid : str
        SOP Instance UID.
    state : State
    words : str
        The status code and what it means, or why there was no answer; empty for a plain success.
    """

    uid: str
    state: State
    words: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending.

    Attributes
    ----------
    peer : str
        Its address.
    answers : tuple of Answer
        One for every instance, in the order of the files; those of an earlier attempt among them.
    notes : tuple of str
        What else is to be known: what was transcoded, what the peer could not be asked.
    """

    peer: str
    answers: tuple[Answer, ...]
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the peer has all of them."""
        return all(answer.state.arrived for answer in self.answers)

    @property
    def counts(self) -> str:
        """How many were stored, refused, and so on."""
        counts = Counter(answer.state for answer in self.answers)
        return ", ".join(f"{counts[state]:,} {state}" for state in State if counts[state])

    @property
    def reasons(self) -> list[str]:
        """What was said to how many of them, besides plain success."""
        said = Counter((answer.state, answer.words) for answer in self.answers if answer.words)
        return [f"{state}: {words} ({number:,})" for (state, words), number in said.items()]

    def __str__(self) -> str:
        return "\n  ".join([f"{self.peer}: {self.counts}", *self.reasons, *self.notes])


@dataclass(frozen=True, slots=True)
class Unsent:
    """What waits on this machine, because not all of it has arrived.

    Attributes
    ----------
    folder : Path
        Where; or the one file.
    peer : str
        The address that it is for.
    compared : bool
        Whether what has arrived is to be fetched again and compared.
    """

    folder: Path
    peer: str
    compared: bool = False


class Resend(Fix):
    """A remedy that sends what has not arrived: no option, its `value` is an `Unsent`."""

    __slots__ = ()
