"""What a scan was set to, picture by picture: inversion times, flip angles, coils; one series may hold several.

What varies at one place is what tells its pictures apart, and no time: some values are a layer each, many an axis.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pydicom.datadict import dictionary_description

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.listed import listed
from napari_dicom_writer.reading.gaps import are_missing, by_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydicom.dataset import Dataset

    from napari_dicom_writer.reading.gaps import Groups
    from napari_dicom_writer.reading.picture import Picture

FEW = 8
"""Values that are a layer each."""

_DRIFT = 0.02
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)")
_NAMED = 12  # values that a note lists


class Setting(NamedTuple):
    """An attribute that pictures at one place may differ by.

    Attributes
    ----------
    keyword : str
    axis : str
        What an axis of it is called.
    words : str
        Format of a value.
    apart : bool
        Whether pictures of different values are no volume together; else it goes on with time.
    unless : str
        Keyword of what explains that it varies a little from picture to picture.
    even : bool
        Whether it tells pictures apart only if there are as many of each value: scanners change it as time goes on.
    drift : float
        Share of the greatest value by which all may differ and be one: scanners compute it anew each time.
    """

    keyword: str
    axis: str
    words: str
    apart: bool = True
    unless: str = ""
    even: bool = False
    drift: float = 0.0

    def is_one(self, every: Iterable[str]) -> bool:
        """Whether values in words are one, but for its drift; what is not said is none of them."""
        found = [_NUMBER.search(words) for words in every]
        numbers = [float(number[0]) for number in found if number]
        return bool(numbers) and len(numbers) == len(found) and max(numbers) - min(numbers) <= self.drift * max(numbers)


SETTINGS = (
    Setting("EchoTime", "echo", "echo {} ms", drift=_DRIFT),
    Setting("DiffusionBValue", "b-value", "b {} s/mm²"),
    Setting("InversionTime", "inversion time", "inversion time {} ms", drift=_DRIFT),
    Setting("FlipAngle", "flip angle", "flip angle {}°", drift=_DRIFT),
    # Of a triggered scan, it is the beat of the heart.
    Setting("RepetitionTime", "repetition time", "repetition time {} ms", unless="TriggerTime", drift=_DRIFT),
    Setting("ReceiveCoilName", "coil", "coil {}", even=True),
    Setting("KVP", "energy", "{} kV"),
    Setting("ConvolutionKernel", "kernel", "kernel {}"),
    Setting("ContrastBolusAgent", "contrast", "contrast {}", even=True),
    Setting("DiffusionGradientOrientation", "direction", "direction {}", apart=False),
    Setting("NominalPercentageOfCardiacPhase", "phase", "phase {} %", apart=False, unless="TriggerTime"),
    Setting("NominalPercentageOfRespiratoryPhase", "phase", "phase {} %", apart=False),
)
SETTING_TAGS = [setting.keyword for setting in SETTINGS]
"""Keywords of the attributes that `settings_of` reads."""


def settings_of(said: Dataset | Mapping[str, Any]) -> tuple[str, ...]:
    """Return the value of each of `SETTINGS` in words; empty where it is not said, or makes no sense."""
    return tuple(
        setting.words.format(value)
        if (value := _value(said.get(setting.keyword))) and said.get(setting.unless) in (None, "")
        else ""
        for setting in SETTINGS
    )


def _value(value: Any) -> str:
    """Write six digits: a value that was computed differs in the last."""
    if value is None or isinstance(value, str):
        return (value or "").strip()
    if isinstance(value, float):
        return f"{value:g}"
    try:
        return " ".join(f"{float(each):g}" if not isinstance(each, str) else each for each in np.atleast_1d(value))
    except (TypeError, ValueError):
        return ""


def by_number(words: str) -> list[tuple[float, str]]:
    """Sort numbers in words by their size: an echo of 4.6 ms before one of 11 ms."""
    return [(float(part), "") if at % 2 else (0.0, part) for at, part in enumerate(_NUMBER.split(words))]


def along_setting(
    groups: Sequence[Sequence[Picture]], notes: list[Note], *, phases: bool = False
) -> tuple[str, Groups] | None:
    """Bring pictures at the same places into the order of a setting that alone tells them apart, everywhere alike.

    Phases of the heart or of breathing do so only if asked for: where times are known, these are better.

    Returns
    -------
    (str, Groups) or None
        What the axis is called, and the pictures of each place; None if there is no such setting.
    """
    for number, setting in enumerate(SETTINGS):
        keys = [[picture.kind.settings[number] or None for picture in group] for group in groups]
        is_meant = setting.axis == "phase" if phases else setting.apart
        found = by_keys(groups, keys, by_number) if is_meant else None
        if found and len(found[0]) > 1 and not setting.is_one(found[0]):
            values, ordered = found
            notes.append(Note(NoteKind.INFO, _differ(setting, values)))
            notes += are_missing(ordered, setting.keyword)
            return setting.axis, ordered
    return None


def goes_along(groups: Groups, notes: list[Note], *, is_timed: bool) -> str:
    """Name the axis along which ordered pictures lie, for what varies along it in lockstep, or time.

    Whatever else varies at one place is said.
    """
    name = "time"
    for number, setting in enumerate(SETTINGS):
        values = [[picture.kind.settings[number] if picture else None for picture in group] for group in groups]
        if all(len(set(group) - {None}) <= 1 for group in values):
            continue
        notes.append(Note(NoteKind.INFO, _differ(setting, (value for group in values for value in group if value))))
        in_lockstep = all(len(set(column) - {None}) <= 1 for column in zip(*values, strict=True))
        if not setting.apart and name == "time" and in_lockstep and not (is_timed and setting.unless):
            name = setting.axis
    return name


def differences(places: Iterable[Sequence[tuple[str, ...]]]) -> list[str]:
    """Say what pictures at the same place differ by, from the settings of each."""
    found: dict[int, dict[str, None]] = {}
    for each in places:
        for number, values in enumerate(zip(*each, strict=True)):
            if len(set(values)) > 1:
                found.setdefault(number, {}).update(dict.fromkeys(value for value in values if value))
    return [_differ(SETTINGS[number], sorted(values, key=by_number)) for number, values in sorted(found.items())]


def _differ(setting: Setting, every: Iterable[str]) -> str:
    values = list(dict.fromkeys(every))
    before = setting.words.partition("{}")[0]
    named = listed(values, _NAMED, lambda value: value.removeprefix(before))
    return f"Pictures at the same position differ by {dictionary_description(setting.keyword)}: {named}"
