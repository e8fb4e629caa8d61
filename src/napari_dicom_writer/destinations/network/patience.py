"""Waiting for a peer that may be silent, as long as nobody cancels."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_HEARTBEAT = 0.1  # seconds
T = TypeVar("T")


def patiently(call: Callable[[], T], tick: Callable[[], None]) -> T:
    """Return what a call returns, or raise what it raises; whoever raises in `tick` waits for neither."""
    answer = begun(call)
    while not wait([answer], _HEARTBEAT).done:
        tick()
    return answer.result()


def begun(call: Callable[[], T]) -> Future[T]:
    """Begin a call in a thread of its own, which the end of the process does not wait for."""
    answer: Future[T] = Future()
    threading.Thread(target=_fulfill, args=(answer, call), daemon=True).start()
    return answer


def _fulfill(answer: Future[T], call: Callable[[], T]) -> None:
    try:
        answer.set_result(call())
    except Exception as error:  # noqa: BLE001 - whoever waits for the answer is told
        answer.set_exception(error)
