"""The programs in `scripts/`, as modules."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

_FOLDER = Path(__file__).parents[2] / "scripts"


@cache
def script(name: str) -> ModuleType:
    """One of them, which does not run its `main`."""
    spec = importlib.util.spec_from_file_location(f"scripts.{name}", _FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module
