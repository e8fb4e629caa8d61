"""Python's garbage collector, kept from stopping the viewer."""

from __future__ import annotations

import gc
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Python 3.12 freezes a few hundred of its own objects as it starts.
_OF_PYTHON = 1000

_lock = threading.Lock()
_inside = 0
_frozen = False


@contextmanager
def short_collections() -> Iterator[None]:
    """Let the garbage collector leave alone, in this block, all that exists already.

    In napari it looks at half a million objects, which takes 100 ms (measured) with the interpreter's lock held: the
    viewer stands still. What a block makes is collected as ever; garbage from before waits for its end. Blocks may
    overlap. Where somebody else has frozen objects, nothing is done.
    """
    global _inside, _frozen
    with _lock:
        if not _inside and gc.get_freeze_count() < _OF_PYTHON:
            gc.freeze()
            _frozen = True
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside and _frozen:
                gc.unfreeze()
                _frozen = False
