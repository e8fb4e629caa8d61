"""Messages through a pipe: the length of a head (4 bytes, big endian), the head (JSON), and what the head counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Mapping

_LENGTH = 4


def send(stream: BinaryIO, head: Mapping[str, Any], content: bytes | memoryview = b"") -> None:
    """Write one message."""
    encoded = json.dumps(head).encode()
    stream.write(len(encoded).to_bytes(_LENGTH, "big") + encoded)
    stream.write(content)
    stream.flush()


def receive(stream: BinaryIO) -> dict[str, Any] | None:
    """Read the head of one message, whose content is next; None at the end, and for what is not a message."""
    start = stream.read(_LENGTH)
    try:
        head = json.loads(stream.read(int.from_bytes(start, "big"))) if len(start) == _LENGTH else None
    except ValueError:
        return None
    return head if isinstance(head, dict) else None
