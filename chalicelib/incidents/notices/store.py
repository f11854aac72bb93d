"""Notices of incidents in the `records` table.

    pk           BREACHNOTICE#<notice id>
    sk           NOTICE
    et, v, rev   item type, schema version, changes
    incident     the incident's id
    recipient    authority, subjects, public, controllers, clients
    duties       the ids of the duties that it covers
    drill        whether it is of a drill
    phase        initial, supplement, report; `supplements` the notice that it adds to, if any
    follows      codes of what it leaves for later
    sha256       by language the hash of the text (models.py)
    by, at       who proposed it, when
    state        proposed, approved, filed, withdrawn; `decided_by` and `decided` by whom and when
    filed        when the authority got it, or the public
    sealed       the texts, and why it comes late or in phases; under the notice's own scope, bound
                 to incident, recipient, drill and both hashes

    pk           BREACHNOTICES#<incident id>
    sk           <notice id>: the list of an incident's notices

Times are ms since 1970 UTC. The sealed part never changes: what was approved is what goes out.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.incidents.models import ID_PATTERN, Recipient
from chalicelib.incidents.notices.models import Notice, Phase, Section, State, Written
from chalicelib.notices.models import Language
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put, Update
from chalicelib.tables.updates import Changes
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

BREACH_NOTICE = Schema("breach_notice")
BREACH_NOTICE_LINE = Schema("breach_notice_line")
_ID = re.compile(ID_PATTERN)
_BOUND = ("incident", "recipient", "drill", "sha256")


class BreachNoticeStore:
    """Reads notices and makes the writes that change them."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def get(self, notice_id: str) -> Notice | None:
        """The notice, opened, read consistently, or None; also for an id that cannot be one.

        Raises `KeyDestroyed`.
        """
        item = self._item(notice_id)
        if item is None:
            return None
        scope, context = Scope.breach_notice(notice_id), self._context(item)
        said = json.loads(self._vault.open(scope, context, cast("bytes", item["sealed"])))
        return _notice_from(item, said)

    def seen(self, notice_id: str) -> Notice | None:
        """The notice as far as it stands in clear, read consistently, or None."""
        item = self._item(notice_id)
        return _notice_from(item, {}) if item else None

    def of_incident(self, incident_id: str) -> list[Notice]:
        """All notices of the incident as far as they stand in clear, the oldest first.

        Raises `ReadIncomplete`.
        """
        lines = self._records.query_all(compose("BREACHNOTICES", incident_id), consistent=True)
        keys = [_key(str(BREACH_NOTICE_LINE.lift(each)["sk"])) for each in lines]
        found = self._records.batch_get(keys, consistent=True)
        return [_notice_from(found[key], {}) for key in keys if key in found]

    def addition(self, notice: Notice) -> list[Action]:
        """The writes of a new notice, of its line and of its key. Raises `TooLongToSeal`."""
        key = _key(notice.notice_id)
        item = BREACH_NOTICE.stamp(
            {
                "pk": key.pk,
                "sk": key.sk,
                "rev": 1,
                "incident": notice.incident_id,
                "recipient": notice.recipient.value,
                "duties": list(notice.duty_ids),
                "drill": notice.drill,
                "phase": notice.phase.value,
                "supplements": notice.supplements,
                "follows": list(notice.follows),
                "sha256": cast("dict[str, Value]", dict(notice.sha256)),
                "by": notice.proposed_by,
                "at": to_millis(notice.proposed_at),
                **_standing(notice),
            }
        )
        item["sealed"], key_writes = self._vault.seal_first(
            Scope.breach_notice(notice.notice_id), self._context(item), _said(notice)
        )
        line: Item = {"pk": compose("BREACHNOTICES", notice.incident_id), "sk": notice.notice_id}
        return [
            # ABSENT: an id that came twice must not replace a notice.
            Put(self._records, item, ABSENT),
            Put(self._records, BREACH_NOTICE_LINE.stamp(line), ABSENT),
            *key_writes,
        ]

    def change(self, notice: Notice) -> Action:
        """The write of where the notice stands. It meets `Moved` when somebody was faster."""
        changes = Changes(put=_standing(notice), add={"rev": 1})
        unmoved = revision_is(notice.revision)
        return Update(self._records, _key(notice.notice_id), changes, unmoved, Moved)

    def _item(self, notice_id: str) -> Item | None:
        if not _ID.fullmatch(notice_id):
            return None
        item = self._records.get(_key(notice_id), consistent=True)
        return BREACH_NOTICE.lift(item) if item else None

    def _context(self, item: Item) -> SealContext:
        place = SealContext.of(self._records.logical, item)
        bound = (f"{name}={json.dumps(item[name], sort_keys=True)}" for name in _BOUND)
        return place._replace(bound=tuple(bound))


def _key(notice_id: str) -> Key:
    return Key(compose("BREACHNOTICE", notice_id), "NOTICE")


def _standing(notice: Notice) -> dict[str, Value]:
    """Where the notice stands."""
    standing: dict[str, Value] = {"state": notice.state.value}
    if notice.decided_by:
        standing["decided_by"] = notice.decided_by
    for name, at in (("decided", notice.decided_at), ("filed", notice.filed_at)):
        if at is not None:
            standing[name] = to_millis(at)
    return standing


def _said(notice: Notice) -> bytes:
    said = {
        "texts": {language: asdict(written) for language, written in notice.texts.items()},
        "in_phases_because": dict(notice.in_phases_because),
        "late_because": dict(notice.late_because),
    }
    return json.dumps(said).encode()


def _written(said: Mapping[str, Any]) -> Written:
    sections = (Section(each["heading"], tuple(each["paragraphs"])) for each in said["sections"])
    return Written(said["subject"], said["text"], said["html"], tuple(sections))


def _notice_from(item: Item, said: dict[str, Any]) -> Notice:
    match BREACH_NOTICE.lift(item):
        case {
            "pk": str(pk),
            "rev": int(revision),
            "incident": str(incident_id),
            "recipient": str(recipient),
            "duties": list(duties),
            "drill": bool(drill),
            "phase": str(phase),
            "supplements": str(supplements),
            "follows": list(follows),
            "sha256": dict(sha256),
            "by": str(proposed_by),
            "at": int(at),
            "state": str(state),
        }:
            return Notice(
                pk.partition("#")[2],
                incident_id,
                Recipient(recipient),
                tuple(map(str, duties)),
                drill,
                proposed_by,
                from_millis(at),
                cast("Mapping[Language, str]", sha256),
                Phase(phase),
                supplements,
                tuple(map(str, follows)),
                {name: _written(each) for name, each in said.get("texts", {}).items()},
                said.get("in_phases_because", {}),
                said.get("late_because", {}),
                State(state),
                str(item.get("decided_by", "")),
                _moment(item, "decided"),
                _moment(item, "filed"),
                revision,
            )
    raise UnreadableItem(BREACH_NOTICE.item_type)


def _moment(item: Item, name: str) -> datetime | None:
    at = cast("int | None", item.get(name))
    return None if at is None else from_millis(at)
