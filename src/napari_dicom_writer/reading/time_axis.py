"""Which of the pictures at one position comes first, and how much time lies between them."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydicom.dataset import Dataset

TIME_TAGS = (
    "TemporalPositionIdentifier AcquisitionNumber AcquisitionDate AcquisitionTime InstanceNumber TemporalResolution "
    "TriggerTime FrameReferenceTime ContentDate ContentTime"
).split()
"""Keywords of the attributes that `moment_of` reads."""

_UNEVEN = 0.01  # of the time step
_MICROSECONDS = 1_000_000
_DAY = 86_400 * _MICROSECONDS


class Moment(NamedTuple):
    """What a header says of when its picture was taken; None where it says nothing.

    The first five tell pictures apart, the surest first. `AcquisitionTime` and `content` are in microseconds, with
    their dates, since some moment, `TriggerTime` since the beat of the heart, the first frame of a movie, or whatever a
    PET counts from; `resolution` is Temporal Resolution, in seconds.
    """

    TemporalPositionIdentifier: int | None
    AcquisitionNumber: int | None
    AcquisitionTime: int | None
    TriggerTime: int | None
    InstanceNumber: int | None
    resolution: float | None
    content: int | None = None


NO_MOMENT = Moment(None, None, None, None, None, None)
"""Of a header that says nothing of it."""
TOLD_BY = Moment._fields[:5]
"""Keywords of what tells pictures at one position apart, the surest first; the last one says nothing of time."""


def moment_of(header: Dataset | Mapping[str, Any]) -> Moment:
    """Read a header, or what is said of a frame; raises ValueError or TypeError on nonsense."""
    resolution, trigger = header.get("TemporalResolution"), header.get("TriggerTime")
    if trigger in (None, ""):
        trigger = header.get("FrameReferenceTime")  # of PET
    return Moment(
        _whole(header.get("TemporalPositionIdentifier")),
        _whole(header.get("AcquisitionNumber")),
        _microseconds(header.get("AcquisitionDate"), header.get("AcquisitionTime")),
        None if trigger in (None, "") else round(float(trigger) * 1000),
        _whole(header.get("InstanceNumber")),
        float(resolution) / 1000 if resolution else None,
        _microseconds(header.get("ContentDate"), header.get("ContentTime")),
    )


def _whole(value: Any) -> int | None:
    return None if value in (None, "") else int(value)


def _microseconds(day: Any, time: Any) -> int | None:
    """Microseconds of a DA and a TM; without a date, since midnight. None for what is not a time."""
    text, _, fraction = str(time or "").strip().partition(".")
    try:
        seconds = int(text[:2]) * 3600 + int(text[2:4] or 0) * 60 + int(text[4:6] or 0)
        days = _days(str(day)) if day else 0
    except ValueError:
        return None
    return days * _DAY + seconds * _MICROSECONDS + int((fraction + "000000")[:6])


@lru_cache(maxsize=64)
def _days(day: str) -> int:
    """Count the days until a DA: pictures of a series were taken on few."""
    return datetime.strptime(day, "%Y%m%d").toordinal()


def order_in_time(groups: Sequence[Sequence[Moment]]) -> tuple[str, list[list[int]]] | None:
    """Order the pictures of every position.

    Parameters
    ----------
    groups
        Moments of the pictures that share a position, one group for each position.

    Returns
    -------
    (str, list of list of int) or None
        Keyword of the first attribute that tells all pictures apart at every position, and the order of each group by
        it; None if none does.
    """
    groups = _over_midnight(groups)
    for number, keyword in enumerate(TOLD_BY):
        keys = [[moment[number] for moment in group] for group in groups]
        if all(None not in group and len(set(group)) == len(group) for group in keys):
            return keyword, [sorted(range(len(group)), key=group.__getitem__) for group in keys]  # type: ignore[arg-type]
    return None


def time_step(groups: Sequence[Sequence[Moment]]) -> float | None:
    """Return the seconds between the time points, if the headers say them, and evenly.

    Parameters
    ----------
    groups
        As for `order_in_time`, in order.

    Returns
    -------
    float or None
        From the times of acquisition where they differ, else from those of the content where all pictures of a time
        point share theirs, or from Temporal Resolution.
    """
    resolutions = {moment.resolution for group in groups for moment in group}
    resolution = resolutions.pop() if len(resolutions) == 1 else None
    resolution = resolution if resolution and resolution > 0 else None
    known = _times(groups)
    if known is None:
        return resolution
    step = (known[0][-1] - known[0][0]) / (len(known[0]) - 1)
    if step <= 0 or any(abs(t - k[0] - i * step) > _UNEVEN * step for k in known for i, t in enumerate(k)):
        return None
    # Times end at the microsecond; Temporal Resolution may say the same more exactly.
    seconds = step / _MICROSECONDS
    return resolution if resolution and abs(resolution - seconds) <= _UNEVEN * seconds else seconds


def gaps_in_time(groups: Sequence[Sequence[Moment]]) -> tuple[float, float] | None:
    """Return the shortest and the longest time between neighbors, seconds; None where nothing is said of it.

    Parameters
    ----------
    groups
        As for `order_in_time`, in order.
    """
    known = _times(groups)
    gaps = [later - earlier for times in known or () for earlier, later in pairwise(times)]
    return (min(gaps) / _MICROSECONDS, max(gaps) / _MICROSECONDS) if gaps else None


def _times(groups: Sequence[Sequence[Moment]]) -> list[list[int]] | None:
    """Choose the times that tell pictures apart, microseconds; None where there are none."""
    groups = _over_midnight(groups)
    times = [[moment.AcquisitionTime for moment in group] for group in groups]
    content = [[moment.content for moment in group] for group in groups]
    if all(len(set(group)) == 1 for group in times) and all(group == content[0] for group in content):
        times = content  # those of a reconstruction, plane by plane, would differ
    if not _tell(times):
        times = [[moment.TriggerTime for moment in group] for group in groups]
    return [[t for t in group if t is not None] for group in times] if _tell(times) else None


def _over_midnight(groups: Sequence[Sequence[Moment]]) -> Sequence[Sequence[Moment]]:
    """Move times of acquisition without a date that are past midnight into the next day.

    They are if their pictures come last by their numbers, at every position: then they are in the order of the numbers
    once they are moved, and were not before.
    """
    if any(
        m.InstanceNumber is None or m.AcquisitionTime is None or m.AcquisitionTime >= _DAY for g in groups for m in g
    ):
        return groups
    numbered = [sorted(group, key=lambda moment: moment.InstanceNumber or 0) for group in groups]
    if all(_rise(group) for group in numbered):
        return groups

    def moved(moment: Moment) -> Moment:
        time = moment.AcquisitionTime or 0
        return moment._replace(AcquisitionTime=time + _DAY) if time < _DAY // 2 else moment

    rise = all(_rise([moved(moment) for moment in group]) for group in numbered)
    return [[moved(moment) for moment in group] for group in groups] if rise else groups


def _rise(moments: Sequence[Moment]) -> bool:
    times = [moment.AcquisitionTime or 0 for moment in moments]
    return all(a < b for a, b in pairwise(times))


def _tell(times: Sequence[Sequence[int | None]]) -> bool:
    """Whether each is known, and they are not all the same."""
    return all(None not in group for group in times) and any(len(set(group)) > 1 for group in times)
