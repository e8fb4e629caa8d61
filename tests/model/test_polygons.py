"""Closed outlines in a plane: what crosses itself, encloses nothing, or shares area with another."""

from __future__ import annotations

import numpy as np
import pytest

from napari_dicom_writer.model.polygons import crosses_itself, is_flat, share_area
from napari_dicom_writer.model.tracing import trace

SQUARE = np.array([[0, 0], [0, 10], [10, 10], [10, 0]], float)
TURN = np.array([[np.cos(0.3), np.sin(0.3)], [-np.sin(0.3), np.cos(0.3)]])


def moved(down: float, right: float, factor: float = 1) -> np.ndarray:
    return SQUARE * factor + [down, right]


SHARING = {
    "within": moved(2, 2, 0.5),
    "around": moved(-5, -5, 2),
    "across a corner": moved(5, 5),
    "a cross": np.array([[-5, 3], [-5, 6], [15, 6], [15, 3]]),
    "the same": SQUARE,
    "the same the other way": SQUARE[::-1],
    "half of it, edges together": np.array([[0, 0], [0, 10], [5, 10], [5, 0]]),
    "inscribed": np.array([[0, 5], [5, 10], [10, 5], [5, 0]]),
}
APART = {
    "far": moved(30, 0),
    "beside, an edge together": moved(0, 10),
    "half an edge together": moved(5, 10),
    "a corner together": moved(10, 10),
    "nearly touching": moved(0, 10.0005),
    "in by rounding": moved(0, 9.9999),
    "in a notch": np.array([[12, 4], [12, 6], [20, 5]]),
}


@pytest.mark.parametrize("turn", [np.eye(2), TURN], ids=["straight", "turned"])
@pytest.mark.parametrize("name", [*SHARING, *APART])
def test_what_shares_area(name, turn):
    other = (SHARING | APART)[name] @ turn
    one = SQUARE @ turn
    assert (share_area(one, other), share_area(other, one)) == (name in SHARING,) * 2


CROSSING = {
    "bow tie": SQUARE[[0, 2, 1, 3]],
    "curl": np.array([[5, 5], [5, 15], [10, 15], [10, 10], [3, 10], [3, 12], [8, 12], [8, 5]], float),
}


@pytest.mark.parametrize("name", CROSSING)
def test_what_crosses_itself(name):
    assert crosses_itself(CROSSING[name] @ TURN)
    ends = zip(CROSSING[name], np.roll(CROSSING[name], -1, axis=0), strict=True)
    many = np.concatenate([np.linspace(*pair, 299, endpoint=False) for pair in ends])
    assert crosses_itself(many @ TURN)


def test_keyholes_touch_and_do_not_cross():
    """Also after their points went through text and a matrix."""
    ring = np.zeros((9, 9), bool)
    ring[1:8, 1:8] = True
    ring[3:6, 3:6] = False
    (contour,) = trace(ring)
    assert not crosses_itself(contour)
    assert not crosses_itself(np.round(contour @ TURN, 4) @ TURN.T)


def test_what_encloses_nothing():
    line = np.array([[0, 0], [1, 1], [2, 2], [0.5, 0.5]])
    assert is_flat(line)
    assert is_flat(np.zeros((3, 2)))
    assert not is_flat(SQUARE[:3] / 100)
