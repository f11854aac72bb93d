"""Checking what comes back from an endpoint: signed as our events are, with the secret we share."""

from collections.abc import Mapping

from chalicelib.clock import Clock
from chalicelib.connectors.webhooks.endpoint_store import EndpointStore
from chalicelib.connectors.webhooks.signing import UnverifiedWebhook, verify


class Verifying:
    """Tells what an endpoint signed (Standard Webhooks) from what anybody else did."""

    def __init__(self, endpoints: EndpointStore, clock: Clock) -> None:
        self._endpoints = endpoints
        self._clock = clock

    def check(self, endpoint_id: str, headers: Mapping[str, str], raw: bytes) -> None:
        """Passes what the endpoint signed within five minutes of now; while its secret is being
        rotated, with either.

        `headers` have lower-case names, `raw` is the body as it came. The signature does not cover
        the path: what the body is about has to stand in it. Raises `UnverifiedWebhook`.
        """
        endpoint = self._endpoints.get(endpoint_id)
        if endpoint is None:
            raise UnverifiedWebhook  # it was removed, and its secret with it
        (opened,) = self._endpoints.open([endpoint])
        now = self._clock.now()
        verify(headers, raw, opened.signers(now), now)
