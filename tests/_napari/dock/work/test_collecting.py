"""Garbage from before waits, new garbage does not, and afterwards all is as it was."""

from __future__ import annotations

import gc
import weakref

import pytest

from napari_dicom_writer._napari.dock.work.collecting import short_collections

OF_PYTHON = 1000  # at most: Python 3.12 freezes 375 objects as it starts


class Node:
    """Can be part of a cycle."""


def cycle() -> weakref.ref[Node]:
    node = Node()
    node.itself = node
    return weakref.ref(node)


@pytest.fixture(autouse=True)
def thawed():
    """Nothing is frozen as a test begins and as it ends; what was before all tests is so again after it."""
    gc.unfreeze()
    yield
    assert gc.get_freeze_count() < OF_PYTHON
    gc.freeze()


def test_old_objects_are_left_alone_until_the_end():
    gc.disable()
    try:
        old = cycle()
        with short_collections():
            new = cycle()
            gc.collect()
            assert old() is not None
            assert new() is None
        gc.collect()
        assert old() is None
    finally:
        gc.enable()


def test_blocks_overlap():
    one, other = short_collections(), short_collections()
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert gc.get_freeze_count() > OF_PYTHON
    other.__exit__(None, None, None)


def test_an_error_ends_it_too():
    with pytest.raises(KeyError), short_collections():
        raise KeyError


def test_what_somebody_else_froze_stays_frozen():
    gc.freeze()
    try:
        with short_collections():
            pass
        assert gc.get_freeze_count() > OF_PYTHON
    finally:
        gc.unfreeze()
