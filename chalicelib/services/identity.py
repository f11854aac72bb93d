"""The services that know who is asking."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.aws import CLIENT_CONFIG
from chalicelib.services.own import OwnServices
from chalicelib.telemetry import report_counts

if TYPE_CHECKING:
    from chalicelib.consents.standing_store import StandingStore
    from chalicelib.http.gatekeeper import Gatekeeper
    from chalicelib.identity.allowances import Allowances
    from chalicelib.identity.codes import Codes
    from chalicelib.identity.proofs import Proofs
    from chalicelib.identity.sessions import Sessions
    from chalicelib.identity.subjects import Subjects
    from chalicelib.identity.vouching import Voucher
    from chalicelib.oidc.tokens import Issuer


class IdentityServices(OwnServices):
    """Proofs, sessions, people, and the keeper of the gate."""

    @cached_property
    def subjects(self) -> "Subjects":
        from chalicelib.identity.subject_store import SubjectStore
        from chalicelib.identity.subjects import Subjects

        return Subjects(
            SubjectStore(self.records, self.vault),
            self.index,
            self.trail,
            self.clock,
            self.ids,
            self.run_command,
            lambda subject_id: [self._standings.first(subject_id)],
        )

    @cached_property
    def _standings(self) -> "StandingStore":
        from chalicelib.consents.standing_store import StandingStore

        return StandingStore(self.records)

    @cached_property
    def sessions(self) -> "Sessions":
        from chalicelib.identity.session_store import SessionStore
        from chalicelib.identity.sessions import Sessions

        return Sessions(
            SessionStore(self.records, self.clock),
            self.subjects,
            self.keeping.session_opened,
            self.trail,
            self.clock,
            self.run_command,
        )

    @cached_property
    def proofs(self) -> "Proofs":
        from chalicelib.identity.proofs import Proofs

        return Proofs(
            self.codes,
            self.allowances,
            self.outbox,
            self.index,
            self.sessions,
            self.ids,
            self.run_command,
            self._voucher,
        )

    @cached_property
    def codes(self) -> "Codes":
        from chalicelib.identity.codes import Codes

        return Codes(self.records, self.clock, lambda: self.keyring.mac_key("codes"))

    @cached_property
    def allowances(self) -> "Allowances":
        from chalicelib.identity.allowances import Allowances
        from chalicelib.identity.limits import Limits

        return Allowances(Limits(self.records, self.clock), self.index, self._report_capped)

    def _report_capped(self) -> None:
        report_counts("sign_in", self.settings.stage, {"codes_capped": 1})

    @cached_property
    def gatekeeper(self) -> "Gatekeeper":
        from chalicelib.http.gatekeeper import Gatekeeper, Trust

        settings = self.settings
        return Gatekeeper(
            Trust(self._pool(settings.staff_pool_id), settings.staff_client_id),
            Trust(self._pool(settings.platform_pool_id), settings.platform_client_id),
            self.clock,
        )

    @cached_property
    def _voucher(self) -> "Voucher | None":
        from chalicelib.identity.vouching import Voucher
        from chalicelib.oidc.keys import KeySet, fetch_from
        from chalicelib.oidc.tokens import Issuer

        settings = self.settings
        if not settings.vouch_issuer:
            return None
        keys = KeySet(fetch_from(settings.vouch_keys_url), self.clock)
        issuer = Issuer(settings.vouch_issuer, keys)
        return Voucher(self.records, issuer, settings.vouch_audience, self.clock)

    def _pool(self, pool_id: str) -> "Issuer":
        """The issuer of a user pool's tokens."""
        from chalicelib.oidc.keys import KeySet, fetch_from
        from chalicelib.oidc.tokens import Issuer

        region = pool_id.partition("_")[0]
        fetch = fetch_from(f"{self._cognito_url}/{pool_id}/.well-known/jwks.json")
        return Issuer(
            f"https://cognito-idp.{region}.amazonaws.com/{pool_id}", KeySet(fetch, self.clock)
        )

    @cached_property
    def _cognito_url(self) -> str:
        """Where the SDK would call Cognito: the embedded AWS has the keys at its own address."""
        return str(self._create_client("cognito-idp", config=CLIENT_CONFIG).meta.endpoint_url)
