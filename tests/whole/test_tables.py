"""What documents and manifest repeat of the package's tables is up to date."""

from __future__ import annotations

import pytest

from judges.scripts import script


@pytest.mark.xdist_group("walk")
def test_documents_and_manifest_follow_the_tables(capsys):
    assert script("tables").main(["--check"]) == 0, capsys.readouterr().out
