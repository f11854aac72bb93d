"""The services that put what we keep ourselves under retention."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.retention import RetentionServices

if TYPE_CHECKING:
    from chalicelib.retention.own.keeping import Keeping
    from chalicelib.retention.own.reading import OwnReading
    from chalicelib.retention.records.store import RecordStore


class OwnServices(RetentionServices):
    """Records under retention, and who adds ours."""

    @cached_property
    def keeping(self) -> "Keeping":
        from chalicelib.retention.own.keeping import Keeping

        return Keeping(self._held_records, self.schedules, self.token_of_user, self.clock)

    @cached_property
    def own_reading(self) -> "OwnReading":
        from chalicelib.retention.own.reading import OwnReading

        return OwnReading(self._held_records, self.schedules.in_force, self.clock)

    @cached_property
    def _held_records(self) -> "RecordStore":
        from chalicelib.retention.records.store import RecordStore

        return RecordStore(self.records, self.vault, lambda: self.keyring.mac_key("records"))

    def token_of_user(self, user_id: str) -> str:
        """What stands for the platform's id of a user. Raises `UnusableIdentifier`."""
        from chalicelib.vault.blind_index import Kind

        return self.index.token(Kind.REFERENCE, user_id)
