"""A place that is asked and answers later: what is known of it at once."""

from collections.abc import Iterator, Mapping
from typing import cast

from chalicelib.connectors.datamap.models import Dataset
from chalicelib.connectors.datamap.settings import WebhookSettings
from chalicelib.connectors.places import (
    Description,
    Disposed,
    Json,
    Listing,
    Outcome,
    PlaceUnavailable,
    Row,
)


class AnswersLater(PlaceUnavailable):
    """Nothing can be done there at once: it has to be asked (`asking.py`)."""

    code = "answers_later"


class RemotePlace:
    """A `places.Place` that is described, and asked through its webhook endpoint."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    @property
    def description(self) -> Description:
        dataset = self._dataset
        return Description(
            dataset.key,
            dataset.name,
            "webhook",
            tuple(dataset.collections),
            answers_later=True,
            categories=dataset.categories,
        )

    @property
    def endpoint_id(self) -> str:
        """The webhook endpoint that is asked, and answers."""
        return cast("WebhookSettings", self._dataset.settings).endpoint

    def rows(self, *_: object) -> Iterator[Row]:
        """Raises `AnswersLater`, as do all deeds."""
        raise AnswersLater

    def erase(self, *_: object, **__: object) -> Outcome:
        raise AnswersLater

    correct = restrict = dispose = erase

    def copies(self, *_: object) -> list[Mapping[str, Json]]:
        raise AnswersLater

    def enumerate(self, *_: object) -> Listing:
        raise AnswersLater

    def take(self, *_: object) -> None:
        raise AnswersLater

    def dispose_many(self, *_: object, **__: object) -> Iterator[Disposed]:
        raise AnswersLater
