"""The rows of an import, sealed under a key of its own, in the `records` table.

    pk      IMPORT#<import id>
    sk      PART#<place of its first row among the good ones, from 0, six digits>
    et, v   item type and schema version
    sealed  a line for each row: its number in the file, a blank, the decision as JSON
    ttl     epoch seconds, when DynamoDB may sweep the item

The key goes in the transaction that ends the import, or at the `ttl`: parts of an import that never
came to be are led to by nothing, and unreadable then.
"""

from collections.abc import Iterable, Iterator
from typing import cast

from chalicelib.consents.imports.models import Import, Row
from chalicelib.errors import Internal
from chalicelib.tables.codec import Item
from chalicelib.tables.keys import compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

IMPORT_PART = Schema("consent_import_part")
_PART = "PART"
_MOST_ROWS = 200
_MOST_BYTES = 256 * 1024


class RowsMissing(Internal):
    """The part that holds the next row of an import is not there."""

    code = "rows_missing"


class PartStore:
    """Keeps and gives back the rows of imports, and makes the writes that end them."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def keep(self, import_: Import, rows: Iterable[Row]) -> None:
        """Stores all rows of an import that is about to be: one PutItem for each part."""
        place = 0
        for part in _parts(rows):
            self._records.put_new(self._item(import_, place, part))
            place += len(part)

    def rows(self, import_: Import) -> Iterator[Row]:
        """The rows that are not done, in order; a part is read when its first row is asked for.

        Raises `RowsMissing`, `KeyDestroyed`.
        """
        place = import_.done
        while place < import_.valid:
            part = self._part(import_, place)
            yield from part
            place += len(part)

    def still_there(self, import_: Import) -> Action:
        """For the transaction that makes the import: it fails with `KeyDestroyed`, not the rows."""
        return self._vault.still_there(_scope(import_))

    def destroy_actions(self, import_: Import) -> list[Action]:
        """What makes the rows unreadable. Call `forget` after it went through."""
        return self._vault.destroy_actions(_scope(import_), "import_applied")

    def forget(self, import_: Import) -> None:
        """Drops the key from this container's memory."""
        self._vault.forget(_scope(import_))

    def _item(self, import_: Import, place: int, rows: Iterable[Row]) -> Item:
        partition = compose("IMPORT", import_.import_id)
        item: Item = {"pk": partition, "sk": _sort_key(place), "ttl": import_.ttl}
        item = IMPORT_PART.stamp(item)
        item["sealed"] = self._vault.seal(
            _scope(import_),
            SealContext.of(self._records.logical, item),
            "\n".join(f"{row.number} {row.text}" for row in rows).encode(),
            key_expires=import_.expires_at,
        )
        return item

    def _part(self, import_: Import, place: int) -> list[Row]:
        """The rows from `place` to the end of the part that has it."""
        page = self._records.query(
            compose("IMPORT", import_.import_id),
            sk_from=_sort_key(0),
            sk_to=_sort_key(place),
            limit=1,
            newest_first=True,
            consistent=True,
        )
        if not page.items:
            raise RowsMissing
        item = IMPORT_PART.lift(page.items[0])
        context = SealContext.of(self._records.logical, item)
        lines = self._vault.open(_scope(import_), context, cast("bytes", item["sealed"]))
        rows = list(map(_row, lines.decode().split("\n")))[place - _place(item) :]
        if not rows:
            raise RowsMissing
        return rows


def _parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    part: list[Row] = []
    size = 0
    for row in rows:
        length = len(row.text.encode())
        if part and (len(part) == _MOST_ROWS or size + length > _MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(row)
        size += length
    yield part


def _row(line: str) -> Row:
    number, _, text = line.partition(" ")
    return Row(int(number), text)


def _scope(import_: Import) -> Scope:
    return Scope.import_(import_.import_id)


def _sort_key(place: int) -> str:
    return compose(_PART, f"{place:06d}")


def _place(item: Item) -> int:
    return int(str(item["sk"]).removeprefix(f"{_PART}#"))
