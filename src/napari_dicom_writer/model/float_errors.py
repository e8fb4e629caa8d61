"""What NumPy does where floats overflow or lose their last digits: as it is by default, whatever its user has set."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def with_default_float_errors(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """Let a function run as if `numpy.seterr` had never been called: a subnormal value is no reason to stop.

    Other threads have their own settings, which are the default ones.
    """

    @wraps(function)
    def wrapped(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
        with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
            return function(*args, **kwargs)

    return wrapped
