"""What the deployment tells the code: one frozen, typed value, read from the environment once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.errors import Internal


class MissingSetting(Internal):
    """The deployment lacks an environment variable; the message names it."""

    code = "missing_setting"


@dataclass(frozen=True, slots=True)
class Settings:
    """Names of the deployed resources. Nothing here is secret.

    `vault_key_id` and `signing_key_id` are key ARNs: what KMS answers is compared with them.
    """

    stage: str
    records_table: str
    preferences_table: str
    audit_table: str
    keys_table: str
    vault_key_id: str
    signing_key_id: str
    trail_bucket: str
    mail_from: str
    mail_configuration_set: str
    mail_queue_url: str
    webhook_queue_url: str
    feedback_queue_url: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Reads `JAGA_<FIELD>` for every field. Raises `MissingSetting`."""
        values = {}
        for field in cls.__slots__:
            name = f"JAGA_{field.upper()}"
            if not environment.get(name):
                raise MissingSetting(name)
            values[field] = environment[name]
        return cls(**values)
