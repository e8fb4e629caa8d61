"""What users set of pydicom and NumPy, and how it is put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from pydicom import config, valuerep

SETTINGS = {
    "DS_numpy": lambda: config.DS_numpy(True),
    "DS_decimal": lambda: config.DS_decimal(True),
    "use_IS_numpy": lambda: setattr(config, "use_IS_numpy", True),
    "allow_DS_float": lambda: setattr(config, "allow_DS_float", True),
    "enforce_valid_values": lambda: setattr(config, "enforce_valid_values", True),
    "reading IGNORE": lambda: setattr(config.settings, "reading_validation_mode", config.IGNORE),
    "reading RAISE": lambda: setattr(config.settings, "reading_validation_mode", config.RAISE),
    "writing IGNORE": lambda: setattr(config.settings, "writing_validation_mode", config.IGNORE),
    "writing RAISE": lambda: setattr(config.settings, "writing_validation_mode", config.RAISE),
    "infer_sq_for_un_vr": lambda: setattr(config.settings, "infer_sq_for_un_vr", False),
    "buffered_read_size": lambda: setattr(config.settings, "buffered_read_size", 1),
    "convert_wrong_length_to_UN": lambda: setattr(config, "convert_wrong_length_to_UN", True),
    "datetime_conversion": lambda: setattr(config, "datetime_conversion", True),
    "use_none_as_empty_text_VR_value": lambda: setattr(config, "use_none_as_empty_text_VR_value", True),
    "replace_un_with_known_vr": lambda: setattr(config, "replace_un_with_known_vr", False),
    "show_file_meta": lambda: setattr(config, "show_file_meta", False),
    "assume_implicit_vr_switch": lambda: setattr(config, "assume_implicit_vr_switch", False),
    "INVALID_KEYWORD_BEHAVIOR RAISE": lambda: setattr(config, "INVALID_KEYWORD_BEHAVIOR", "RAISE"),
    "INVALID_KEYWORD_BEHAVIOR IGNORE": lambda: setattr(config, "INVALID_KEYWORD_BEHAVIOR", "IGNORE"),
    "INVALID_KEY_BEHAVIOR RAISE": lambda: setattr(config, "INVALID_KEY_BEHAVIOR", "RAISE"),
    "future_behavior": lambda: config.future_behavior(True),
    "numpy.seterr": lambda: np.seterr(all="raise"),
}


@contextmanager
def put_back() -> Iterator[None]:
    """Settings are the process's: whatever is changed inside is as before afterwards."""
    kept = {name: value for name, value in vars(config).items() if isinstance(value, bool | str)}
    settings, kind, errors = dict(vars(config.settings)), valuerep.DSclass, np.geterr()
    try:
        yield
    finally:
        vars(config).update(kept)
        vars(config.settings).update(settings)
        valuerep.DSclass = kind
        np.seterr(**errors)
