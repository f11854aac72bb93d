"""Webhook endpoints, for the staff."""

from collections.abc import Callable

from pydantic import BaseModel

from chalicelib.audit.entry import Actor
from chalicelib.connectors.webhooks.models import (
    ENDPOINT_ID_PATTERN,
    NewWebhook,
    RedriveView,
    RemovedWebhook,
    RotatedSecret,
    WebhookDetail,
    WebhookIn,
    WebhookList,
    WebhookView,
)
from chalicelib.connectors.webhooks.views import (
    new_webhook,
    rotated_secret,
    webhook_detail,
    webhook_list,
    webhook_view,
)
from chalicelib.http.access import Caller, Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.services import services

_ALL = "/v1/staff/webhooks"
_ONE = "/v1/staff/webhooks/{endpoint_id}"
_PARAMETERS = {"endpoint_id": {"type": "string", "pattern": ENDPOINT_ID_PATTERN}}
_REPEATED = (
    "A repeat under the same `Idempotency-Key` answers the same, with null for the secret: secrets "
    "are not kept to be shown again. Whoever missed it rotates under another key to get a new one."
)
_READ, _MANAGE = Staff("webhooks.read"), Staff("webhooks.manage")

webhooks = Routes(__name__)


def _command(
    verb: str,
    summary: str,
    answers: type[BaseModel],
    description: str = "",
    *,
    idempotent: bool = False,
) -> Operation:
    """What is done to one endpoint."""
    return Operation(
        "POST",
        f"{_ONE}/{verb}",
        summary,
        answers,
        description=description,
        parameters=_PARAMETERS,
        access=_MANAGE,
        idempotent=idempotent,
    )


@webhooks.operation(
    Operation(
        "POST",
        _ALL,
        "Register a webhook endpoint",
        NewWebhook,
        body=WebhookIn,
        statuses=(201, 200),
        description="The secret signs what is sent (Standard Webhooks) and is shown this once. "
        f"{_REPEATED} Without a key, calling again registers another endpoint.",
        access=_MANAGE,
        idempotent=True,
    )
)
def register_webhook(call: Call[WebhookIn]) -> Reply:
    issued = services().webhooks.register(
        _actor(call.caller), call.body.url, call.body.events, call.keyed
    )
    return Reply(new_webhook(issued), 201 if issued.secret else 200)


@webhooks.operation(
    Operation(
        "GET",
        _ALL,
        "Webhook endpoints, oldest first",
        WebhookList,
        query=("limit", "cursor"),
        access=_READ,
    )
)
def list_webhooks(call: Call[None]) -> Reply:
    here = services()
    return Reply(webhook_list(here.webhooks, here.cursors, call.query))


@webhooks.operation(
    Operation(
        "GET",
        _ONE,
        "A webhook endpoint and its dead letters",
        WebhookDetail,
        query=("limit", "cursor"),
        parameters=_PARAMETERS,
        access=_READ,
    )
)
def show_webhook(call: Call[None], endpoint_id: str) -> Reply:
    here = services()
    return Reply(webhook_detail(here.webhooks, here.cursors, endpoint_id, call.query))


@webhooks.operation(
    _command(
        "rotate",
        "Replace an endpoint's secret",
        RotatedSecret,
        f"The new secret is shown this once; the one before still signs for 24 hours. {_REPEATED}",
        idempotent=True,
    )
)
def rotate_secret(call: Call[None], endpoint_id: str) -> Reply:
    issued = services().webhooks.rotate(_actor(call.caller), endpoint_id, call.keyed)
    return Reply(rotated_secret(issued))


@webhooks.operation(
    _command(
        "pause",
        "Send nothing to an endpoint",
        WebhookView,
        "What happens meanwhile becomes its dead letters.",
    )
)
def pause_webhook(call: Call[None], endpoint_id: str) -> Reply:
    return _switched(services().webhooks.pause, call.caller, endpoint_id)


@webhooks.operation(_command("resume", "Send to an endpoint again", WebhookView))
def resume_webhook(call: Call[None], endpoint_id: str) -> Reply:
    return _switched(services().webhooks.resume, call.caller, endpoint_id)


@webhooks.operation(
    _command(
        "redrive",
        "Send an endpoint's dead letters again",
        RedriveView,
        "Up to 90 at a call, oldest first, under their old ids.",
    )
)
def redrive_webhook(call: Call[None], endpoint_id: str) -> Reply:
    redriven = services().webhook_redrive.run(_actor(call.caller), endpoint_id)
    return Reply(RedriveView(redriven=redriven.count, remaining=redriven.remaining))


@webhooks.operation(
    Operation(
        "DELETE",
        _ONE,
        "Remove a webhook endpoint",
        RemovedWebhook,
        parameters=_PARAMETERS,
        access=_MANAGE,
    )
)
def remove_webhook(call: Call[None], endpoint_id: str) -> Reply:
    services().webhooks.remove(_actor(call.caller), endpoint_id)
    return Reply(RemovedWebhook(endpoint_id=endpoint_id))


def _switched(switch: Callable[[Actor, str], None], caller: Caller, endpoint_id: str) -> Reply:
    switch(_actor(caller), endpoint_id)
    return Reply(webhook_view(*services().webhooks.get(endpoint_id)))


def _actor(caller: Caller) -> Actor:
    return Actor(caller.kind, caller.id)
