"""Fresh UIDs, one method per role. Never constants, never derived from a name or a host."""

from __future__ import annotations

import os
import uuid

# The UID of this implementation (PS3.7 D.3.3.2): a UUID drawn once for this project, under the root of PS3.5 B.2.
IMPLEMENTATION_CLASS_UID = "2.25.182556719700921078211912629820890202520"
# Label Map Segmentation Storage (PS3.6), which pydicom 3.0 has no name for.
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
IMPLEMENTATION_VERSION_NAME = "NAPARI_DCM_0.1"


class UIDSource:
    """Draws UIDs under 2.25, each a random UUID written as an integer (PS3.5 annex B.2)."""

    def study(self) -> str:
        """Return a Study Instance UID."""
        return self._draw(1)[0]

    def series(self) -> str:
        """Return a Series Instance UID."""
        return self._draw(1)[0]

    def frame_of_reference(self) -> str:
        """Return a Frame of Reference UID."""
        return self._draw(1)[0]

    def instances(self, count: int) -> list[str]:
        """Return SOP Instance UIDs, drawn together: one by one they would cost more than encoding a header."""
        return self._draw(count)

    @staticmethod
    def _draw(count: int) -> list[str]:
        random = os.urandom(16 * count)
        uids = []
        for start in range(0, 16 * count, 16):
            number = int.from_bytes(random[start : start + 16], "big")
            # The version (4, random) and variant bits of RFC 4122.
            number = number & ~(0xF << 76) | 4 << 76
            number = number & ~(0x3 << 62) | 2 << 62
            uids.append(f"2.25.{number}")
        return uids


def derived(uid: str, role: str) -> str:
    """Return the UID of something that belongs to `uid`: the same at every call, and as unique as that one.

    Examples
    --------
    >>> derived("2.25.1", "dimensions") == derived("2.25.1", "dimensions") != derived("2.25.2", "dimensions")
    True
    """
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, f'{uid} {role}').int}"
