"""Whatever may be chosen has a name."""

from __future__ import annotations

import pytest

from napari_dicom_writer.options.names import NAMES


@pytest.mark.parametrize("kind", NAMES, ids=lambda kind: kind.__name__)
def test_every_term_can_be_chosen_by_its_name(kind):
    names = NAMES[kind]
    assert set(names) == set(kind)
    assert len({*names.values()}) == len(names)
