"""What documents and manifest repeat of the package's tables is up to date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "tables.py"


def test_documents_and_manifest_follow_the_tables():
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
