"""Arrays of all libraries, as far as they can be used: a shape, a dtype of NumPy's, and parts by index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import LayerError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Foreign:
    """An array whose dtype is not NumPy's (TensorStore), converted part by part as it is read."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.shape = tuple(array.shape)
        self.ndim = len(self.shape)
        self.dtype = self[(slice(0, 1),) * self.ndim].dtype
        if isinstance(chunks := getattr(array, "chunks", None), tuple):
            self.chunks = chunks

    def __getitem__(self, index: Any) -> NDArray[Any]:
        return np.asarray(self._array[index])


def is_array(item: Any) -> bool:
    """Whether something has a shape and a dtype, be it of a closed file, which cannot say it any more."""
    try:
        return hasattr(item, "shape") and hasattr(item, "dtype")
    except Exception:  # noqa: BLE001 - h5py and others each raise their own
        return True


def opened(array: Any) -> Any:
    """Return an array as it is, or what makes it usable.

    Raises
    ------
    LayerError
        If its file is closed, or nothing makes numbers of it.
    """
    try:
        if not (hasattr(array, "shape") and hasattr(array, "dtype")):
            return np.asarray(array)
        try:
            np.dtype(array.dtype)
        except TypeError:
            in_memory = type(array).__module__.partition(".")[0] == "torch"
            return np.asarray(array) if in_memory else Foreign(array)
    except Exception as error:  # h5py, torch and others each raise their own
        reason = " ".join(str(error).split()).rstrip(".")
        raise LayerError(f"Its data cannot be used: {reason}", "Open its file again, or pass a NumPy array") from error
    return array
