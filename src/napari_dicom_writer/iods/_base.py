"""What an IOD is to the writer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pydicom.dataset import Dataset

from napari_dicom_writer.errors import OptionsError
from napari_dicom_writer.iods.modules import common, image

if TYPE_CHECKING:
    from napari_dicom_writer.errors import Note
    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.plan import InstancePlan, SeriesPlan
    from napari_dicom_writer.plan.stored_values import PixelRules


class IOD(ABC):
    """One information object definition of PS3.3 with single-frame instances.

    Planning calls `check_options` and reads `rules`; encoding calls `shared` once a series and `varying` once an
    instance. An IOD holds no state and never sees pixels. No attribute may be in both `shared` and `varying`.

    Attributes
    ----------
    key : str
        Its name in the table of IODs.
    sop_class_uid : str
    rules : PixelRules
        What pixels it allows.
    units : frozenset of str
        Values `ExportOptions.value_unit` may take; empty when any will do.
    """

    key: ClassVar[str]
    sop_class_uid: ClassVar[str]
    rules: ClassVar[PixelRules]
    units: ClassVar[frozenset[str]] = frozenset()

    def check_options(self, options: ExportOptions) -> list[Note]:
        """Refuse options this IOD cannot honor; return what it assumes.

        Raises
        ------
        OptionsError
            A unit that is not in the IOD's list.
        """
        if options.value_unit and self.units and options.value_unit not in self.units:
            raise OptionsError(
                f"{self.rules.name} has no unit {options.value_unit!r}",
                f"Choose value_unit from {', '.join(sorted(self.units))}",
                "options",
            )
        return []

    @abstractmethod
    def shared(self, series: SeriesPlan) -> Dataset:
        """Return every attribute that is the same in all instances, without pixels."""

    @abstractmethod
    def varying(self, series: SeriesPlan, instance: InstancePlan) -> Attributes:
        """Return what differs from instance to instance: keyword → text, or int for US."""

    def dataset(self, series: SeriesPlan, instance: InstancePlan) -> Dataset:
        """Return the whole data set of one instance, without pixels."""
        return compose(self.shared(series), self.varying(series, instance))


def compose(*parts: Dataset | Attributes) -> Dataset:
    """Put modules together, in tag order."""
    dataset = Dataset()
    for part in parts:
        if isinstance(part, Dataset):
            dataset.update(part)
        else:
            for keyword, value in part.items():
                setattr(dataset, keyword, value)
    return dataset


def varying_image_plane(series: SeriesPlan, instance: InstancePlan) -> Attributes:
    """What varies in every IOD with one plane an instance."""
    return (
        common.sop_common_of(instance)
        | image.general_image_of(instance)
        | image.image_plane_of(instance)
        | image.general_acquisition_of(series, instance)
    )
