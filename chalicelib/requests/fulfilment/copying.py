"""The copy that a request for access ends in: what the places gave, packed, signed, released."""

from collections.abc import Sequence
from itertools import chain

from chalicelib.audit.entry import Entity
from chalicelib.audit.trail import Trail
from chalicelib.connectors.places import Description, Places, Verdict
from chalicelib.requests.book import request_entity
from chalicelib.requests.copies.builder import CopyBuilder
from chalicelib.requests.copies.models import BuiltCopy, PartDescription
from chalicelib.requests.copies.parts import Parts
from chalicelib.requests.copies.service import Copies
from chalicelib.requests.fulfilment.models import Task
from chalicelib.requests.fulfilment.own_records import OwnRecords
from chalicelib.requests.models import DataRequest
from chalicelib.tables.transactions import Action


class Copying:
    """Makes copies of what was gathered, and removes both."""

    def __init__(
        self,
        parts: Parts,
        builder: CopyBuilder,
        copies: Copies,
        places: Places,
        own: OwnRecords,
        trail: Trail,
    ) -> None:
        self._parts = parts
        self._builder = builder
        self._copies = copies
        self._places = places
        self._own = own
        self._trail = trail

    def build(self, request: DataRequest, tasks: Sequence[Task]) -> BuiltCopy:
        """The archive, with the trail of the processing (UU PDP 32). Nobody can have it yet."""
        chains = [request_entity(request.request_id)]
        if request.subject_id is not None:
            chains.append(Entity("subject", request.subject_id))
        entries = chain.from_iterable(self._trail.history(each) for each in chains)
        return self._builder.build(request, self._described(tasks), entries)

    def release_actions(self, request_id: str, built: BuiltCopy) -> list[Action]:
        """The write that lets the person fetch it, for the transaction that ends the request."""
        return self._copies.release_actions(request_id, built)

    def tidy(self, request_id: str) -> None:
        """Removes what the places gave; the bucket's lifecycle does where a worker died before."""
        self._parts.remove(request_id)

    def remove(self, request_id: str) -> None:
        """Removes the request's parts and copies, if there are any."""
        self._parts.remove(request_id)
        self._copies.remove(request_id)

    def _described(self, tasks: Sequence[Task]) -> list[PartDescription]:
        known = {each.id: each for each in (*self._places.descriptions(), self._own.description)}
        # A place may have left the map since: what it gave stays.
        places = [
            known.get(task.place) or Description(task.place, task.place, "", ()) for task in tasks
        ]
        return [
            PartDescription(
                place,
                task.verdict or Verdict.FAILED,
                place.categories,
                by_hand=task.resolved_by is not None,
            )
            for place, task in zip(places, tasks, strict=True)
        ]
