"""What a module gives: attributes by keyword."""

from __future__ import annotations

from typing import Any

Attributes = dict[str, Any]
