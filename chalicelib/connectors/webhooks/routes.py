"""Webhook endpoints, for the staff."""

from chalicelib.audit.entry import Actor
from chalicelib.clock import rfc3339
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
from chalicelib.connectors.webhooks.views import webhook_detail, webhook_view
from chalicelib.http.access import Caller, Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.services import services

_ALL = "/v1/staff/webhooks"
_ONE = "/v1/staff/webhooks/{endpoint_id}"
_PARAMETERS = {"endpoint_id": {"type": "string", "pattern": ENDPOINT_ID_PATTERN}}
_READ, _MANAGE = Staff("webhooks.read"), Staff("webhooks.manage")

webhooks = Routes(__name__)


@webhooks.operation(
    Operation(
        "POST",
        _ALL,
        "Register a webhook endpoint",
        NewWebhook,
        body=WebhookIn,
        statuses=(201,),
        description="The secret signs what is sent (Standard Webhooks) and is shown this once. "
        "Calling again registers another endpoint.",
        access=_MANAGE,
    )
)
def register_webhook(call: Call[WebhookIn]) -> Reply:
    issued = services().webhooks.register(_actor(call.caller), call.body.url, call.body.events)
    return Reply(NewWebhook(endpoint_id=issued.endpoint_id, secret=issued.secret.reveal()), 201)


@webhooks.operation(Operation("GET", _ALL, "All webhook endpoints", WebhookList, access=_READ))
def list_webhooks(_call: Call[None]) -> Reply:
    return Reply(
        WebhookList(webhooks=tuple(webhook_view(*each) for each in services().webhooks.all()))
    )


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
    Operation(
        "POST",
        f"{_ONE}/rotate",
        "Replace an endpoint's secret",
        RotatedSecret,
        description="The new secret is shown this once; the one before still signs for 24 hours.",
        parameters=_PARAMETERS,
        access=_MANAGE,
    )
)
def rotate_secret(call: Call[None], endpoint_id: str) -> Reply:
    issued = services().webhooks.rotate(_actor(call.caller), endpoint_id)
    return Reply(
        RotatedSecret(
            endpoint_id=endpoint_id,
            secret=issued.secret.reveal(),
            previous_valid_until=rfc3339(issued.previous_valid_until),
        )
    )


@webhooks.operation(
    Operation(
        "POST",
        f"{_ONE}/pause",
        "Send nothing to an endpoint",
        WebhookView,
        description="What happens meanwhile becomes its dead letters.",
        parameters=_PARAMETERS,
        access=_MANAGE,
    )
)
def pause_webhook(call: Call[None], endpoint_id: str) -> Reply:
    services().webhooks.pause(_actor(call.caller), endpoint_id)
    return Reply(webhook_view(*services().webhooks.get(endpoint_id)))


@webhooks.operation(
    Operation(
        "POST",
        f"{_ONE}/resume",
        "Send to an endpoint again",
        WebhookView,
        parameters=_PARAMETERS,
        access=_MANAGE,
    )
)
def resume_webhook(call: Call[None], endpoint_id: str) -> Reply:
    services().webhooks.resume(_actor(call.caller), endpoint_id)
    return Reply(webhook_view(*services().webhooks.get(endpoint_id)))


@webhooks.operation(
    Operation(
        "POST",
        f"{_ONE}/redrive",
        "Send an endpoint's dead letters again",
        RedriveView,
        description="Up to 90 at a call, oldest first, under their old ids.",
        parameters=_PARAMETERS,
        access=_MANAGE,
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


def _actor(caller: Caller) -> Actor:
    return Actor(caller.kind, caller.id)
