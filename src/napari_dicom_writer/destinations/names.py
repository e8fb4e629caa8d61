"""Names of folders that every file system takes."""

from __future__ import annotations

import re
import unicodedata

# Characters of a file's name; with the rest of a path it stays under the 255 bytes of most file systems.
_NAME = 40


_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10))}


def safe_name(text: str) -> str:
    """Make free text a name that every file system takes; empty if nothing of it is left.

    Letters and digits of any script stay; everything else, separators and direction marks included, does not. Names
    that Windows keeps for its devices get an underscore.

    Examples
    --------
    >>> safe_name("../T1 (denoised)"), safe_name("con.txt")
    ('T1_denoised', '_con.txt')
    """
    normal = unicodedata.normalize("NFC", text)
    safe = re.sub(r"[^\w.-]+", "_", normal).strip("._-")[:_NAME].strip("._-")
    return f"_{safe}" if safe.split(".")[0].upper() in _DEVICES else safe
