"""How fast an export is, and how long it will take."""

from __future__ import annotations

import math
from collections import deque

_FIRST = 0.5  # seconds without a guess
_LEAST = 2.0  # seconds that are looked back at


class Pace:
    """Judges by the later half of the time passed, and by two seconds at least: slabs come in bursts.

    Examples
    --------
    >>> pace = Pace(began=10.0)
    >>> pace.judge(11.0, 25, 100)
    (25.0, 3.0)
    >>> pace.judge(11.4, 100, 100)[1]
    0.0
    """

    def __init__(self, began: float) -> None:
        self._began = began
        self._samples = deque([(began, 0)])

    def judge(self, now: float, done: int, total: int) -> tuple[float, float]:
        """Take in how far it is.

        Parameters
        ----------
        now
            Seconds, on the clock of `began`; never less than before.
        done, total
            Instances, or bytes.

        Returns
        -------
        float, float
            Instances a second, and seconds left; both NaN in the first half second, and while nothing is done.
        """
        self._samples.append((now, done))
        since = now - max(_LEAST, (now - self._began) / 2)
        while len(self._samples) > 2 and self._samples[1][0] <= since:
            self._samples.popleft()
        then, before = self._samples[0]
        if now - self._began < _FIRST or done <= before:
            return math.nan, math.nan
        rate = (done - before) / (now - then)
        return rate, (total - done) / rate
