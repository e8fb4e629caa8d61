"""What an object is to the writer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from pydicom.dataset import Dataset

from napari_dicom_writer.errors import Fix, Note, NoteKind, OptionsError
from napari_dicom_writer.iods import AUTO, IODS
from napari_dicom_writer.iods.modules import common, image
from napari_dicom_writer.iods.modules.references import source_images_of
from napari_dicom_writer.mention import mention
from napari_dicom_writer.standard.attributes import as_dataset
from napari_dicom_writer.standard.text import title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.iods.modules.functional_groups import FrameGroups
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan, TimePlan
    from napari_dicom_writer.plan.stored_values import PixelRules


class IOD(ABC):
    """One information object definition of PS3.3: what it allows, and the modules its instances are made of.

    An object holds no state, knows no layer and never sees pixels. In the order in which they are asked:

    1. `check_options`, once an export: refuses what it cannot honor, and announces what it assumes.
    2. `modality`: what its series say made them.
    3. `why_not`, once a series: refuses a size it cannot hold. `rules` say how its values may be stored.
    4. `tells_time` and `remarks`, once a series: what it tells of time, and what else it assumes.
    5. `modules`, once a series, and `varying`, once an instance: the attributes of its modules. None is in both, and
       all instances of a series have the same ones in `varying`. Where `modules` leaves an attribute empty or out, it
       takes the value that the user gives (`ExportOptions.attributes`), else the one that is `assumed`.
    6. `frame_groups`, once an instance: what belongs to each frame, of an object with several.

    What belongs to one object only is said in its file: nobody else asks which one it is.

    Attributes
    ----------
    key : str
        Of its row in the table.
    sop_class_uid : str
    rules : PixelRules
        What pixels it allows.
    units : frozenset of str
        Values `ExportOptions.value_unit` may take; empty when any will do.
    honors : frozenset of str
        Options, such as ``series.patient_position``, that it writes and some other objects do not.
    multiframe : bool
        Whether an instance holds several frames, see `frames_together`.
    projections : bool
        Whether it may hold projections: pictures without a place, whose spacing is that at a detector or on a film.
    numbers_times : bool
        Whether it has Temporal Positions of its own.
    contours : bool
        Whether it holds outlines, and no pixels.
    comment : (str, int)
        Attribute that holds a name longer than a Series Description, and how many characters it takes.
    alone : str
        Of what is drawn on an image: what becomes of it without one.
    inherits : frozenset of str
        Keywords of the attributes, those in sequences included, that it takes from a reference of its modality.
    assumed : mapping of str to str
        Required attributes that nobody may know, and the terms that claim the least; announced where they are written.
    within : frozenset of str
        Keywords of attributes that it writes in functional groups only, whoever gives them.
    """

    key: ClassVar[str]
    sop_class_uid: ClassVar[str]
    rules: ClassVar[PixelRules]
    units: ClassVar[frozenset[str]] = frozenset()
    honors: ClassVar[frozenset[str]] = frozenset({"series.acquisition_date", "series.acquisition_time"})
    multiframe: ClassVar[bool] = False
    projections: ClassVar[bool] = False
    numbers_times: ClassVar[bool] = False
    contours: ClassVar[bool] = False
    comment: ClassVar[tuple[str, int]] = ("Image Comments", 10240)
    alone: ClassVar[str] = ""
    inherits: ClassVar[frozenset[str]] = frozenset()
    assumed: ClassVar[Mapping[str, str]] = {}
    within: ClassVar[frozenset[str]] = frozenset()

    def check_options(self, options: ExportOptions) -> list[Note]:
        """Refuse options this object cannot honor; return what it assumes.

        Raises
        ------
        OptionsError
            A unit or a modality that is not in its list.
        """
        if options.value_unit and self.units and options.value_unit not in self.units:
            raise OptionsError(
                f"{self.rules.name} has no unit {options.value_unit!r}",
                f"Choose {mention('value_unit')} from {', '.join(sorted(self.units))}",
                "options",
            )
        own = IODS.row(self.key).modalities
        if own and options.modality not in (*own, "OT"):
            raise OptionsError(
                f"It would be {IODS.row(self.key).one}, which is not of modality {options.modality}",
                f"Choose {mention('modality', own[0])}, or {mention('object', AUTO)}",
                "options",
                fix=Fix("object", AUTO, "Object by modality"),
            )
        said = {keyword for keyword, value in options.attributes.items() if value} | options.said()
        if not options.transfer_syntax.lossless:
            said |= {"LossyImageCompression"}
        unknown = {keyword: term for keyword, term in self.assumed.items() if keyword not in said}
        if not unknown:
            return []
        listed = ", ".join(f"{title(keyword)} {term}" for keyword, term in unknown.items())
        text = f"{IODS.row(self.key).title} has to say what is not known here: written as {listed}"
        return [Note(NoteKind.ASSUMED, text, hint=f"say otherwise by {mention('attributes')}")]

    def modality(self, options: ExportOptions) -> str:
        """What its series say made them: the modality asked for; its own where OT claims nothing."""
        own = IODS.row(self.key).modalities
        return own[0] if own and options.modality not in own else str(options.modality)

    def why_not(self, planes: int, time: TimePlan | None) -> str:
        """Say why a series of so many planes, at these time points each, cannot be one of this object; else empty."""
        return ""

    def frames_together(self, planes: int, time_points: int) -> int:
        """Say how many frames, time point by time point, make an instance: all planes of one, if it takes several."""
        return planes if self.multiframe else 1

    def tells_time(self, series: SeriesPlan) -> bool:
        """Whether an attribute of its own holds the time between the points of a series."""
        return False

    def remarks(self, series: SeriesPlan) -> list[Note]:
        """Return what is assumed of a planned series, or lost."""
        return []

    def shared(self, series: SeriesPlan) -> Dataset:
        """Return every attribute that is the same in all instances, without pixels."""
        dataset = self.modules(series)
        given = as_dataset(series.options.attributes)
        for element in [*given, *compose(self.assumed)]:
            absent = element.tag not in dataset or (dataset[element.tag].is_empty and not element.is_empty)
            if absent and element.keyword not in self.within:
                dataset[element.tag] = element
        return dataset

    @abstractmethod
    def modules(self, series: SeriesPlan) -> Dataset:
        """Compose the attributes that its modules share among all instances, empty where nobody knows them."""

    @abstractmethod
    def varying(self, series: SeriesPlan, instance: InstancePlan) -> Attributes:
        """Return what differs from instance to instance: keyword → text, an int for US or UL, or items."""

    def sop_class(self, series: SeriesPlan) -> str:
        """SOP Class UID of a series: some objects have several, by what their pixels are."""
        return self.sop_class_uid

    def frame_groups(self, series: SeriesPlan, instance: InstancePlan) -> FrameGroups | None:
        """Return the per-frame functional groups of an instance; None of an object with one frame an instance."""
        return None

    def dataset(self, series: SeriesPlan, instance: InstancePlan) -> Dataset:
        """Return the whole data set of one instance, without pixels."""
        return compose(self.shared(series), self.varying(series, instance))


def compose(*parts: Dataset | Mapping[str, Any]) -> Dataset:
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
    """What varies in every IOD with one plane an instance; a projection has no place."""
    return {
        **common.sop_common_of(instance),
        **image.general_image_of(series, instance),
        **({} if series.projected else image.image_plane_of(instance)),
        **image.general_acquisition_of(series, instance),
        **image.temporal_position_of(series, instance),
        **source_images_of(series, instance),
    }
