"""What the deployment tells the code: one frozen, typed value, read from the environment once."""

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields

from chalicelib.errors import Internal


class MissingSetting(Internal):
    """The deployment lacks an environment variable; the message names it."""

    code = "missing_setting"


@dataclass(frozen=True, slots=True)
class Settings:
    """Names of the deployed resources. Nothing here is secret.

    `alert_address` are the addresses that alerts about dates go to, comma-separated, and
    `alert_language` the language of those mails. `dpo_address` and `second_dpo_address` are whom
    alerts escalate to.

    The `_key_id` settings are key ARNs: what KMS answers is compared with them. `opendsr_domain` is
    where partners reach us. The `vouch_` settings name whose ID tokens count for a signed-in user
    of the client platform; without them nobody's do.
    """

    stage: str
    records_table: str
    preferences_table: str
    audit_table: str
    keys_table: str
    vault_key_id: str
    signing_key_id: str
    receipt_key_id: str
    trail_bucket: str
    exports_bucket: str
    archive_bucket: str
    mail_from: str
    mail_configuration_set: str
    mail_queue_url: str
    webhook_queue_url: str
    work_queue_url: str
    feedback_queue_url: str
    findings_queue_url: str
    alert_address: str
    alert_language: str
    dpo_address: str
    second_dpo_address: str
    partner_key_id: str
    opendsr_domain: str
    event_bus: str
    staff_pool_id: str
    staff_client_id: str
    platform_pool_id: str
    platform_client_id: str
    vouch_issuer: str = ""
    vouch_audience: str = ""
    vouch_keys_url: str = ""

    @property
    def own_stores(self) -> frozenset[str]:
        """The names of our own tables and buckets."""
        return frozenset(
            {
                self.records_table,
                self.preferences_table,
                self.audit_table,
                self.keys_table,
                self.trail_bucket,
                self.exports_bucket,
                self.archive_bucket,
            }
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Reads `JAGA_<FIELD>` for every field. Raises `MissingSetting`."""
        values = {}
        for field in fields(cls):
            name = f"JAGA_{field.name.upper()}"
            if environment.get(name):
                values[field.name] = environment[name]
            elif field.default is MISSING:
                raise MissingSetting(name)
        return cls(**values)
