"""The only place that wires Chalice: the app, its routes and every event handler."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

import urllib3  # noqa: F401  # here, before all that imports it deep down: docs/adr/0010
from chalice.app import (
    AuthRequest,
    AuthResponse,
    Chalice,
    CloudWatchEvent,
    DynamoDBEvent,
    Rate,
    SQSEvent,
)

import chalicelib.startup
from chalicelib.audit.stream import keep_digests
from chalicelib.capabilities import CAPABILITIES, operations
from chalicelib.http.authorizing import admit
from chalicelib.http.headers import complete_response
from chalicelib.http.meta import meta_routes
from chalicelib.http.route_table import RouteTable
from chalicelib.http.routes import Routes
from chalicelib.services import services
from chalicelib.telemetry import report_counts, withhold_text

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = Chalice(app_name="jaga")
app.register_middleware(complete_response, "http")
for source in ("dynamodb", "scheduled", "sqs"):
    app.register_middleware(withhold_text, source)


@app.authorizer(ttl_seconds=300)
def authorize(request: AuthRequest) -> AuthResponse:
    """Lets the staff and the client platform in by their access tokens."""
    return admit(request, services().gatekeeper, operations())


def signing_keys() -> list[dict[str, str]]:
    """The public keys that our signatures are checked with."""
    return services().public_keys()


def register(routes: Routes) -> None:
    """Puts the routes into the app, behind the authorizer where they ask for it."""
    routes.guard = authorize
    app.register_blueprint(routes)


register(meta_routes(operations, signing_keys))
app.routes = RouteTable(app.routes, CAPABILITIES, register)  # type: ignore[assignment]  # any mapping


@app.on_dynamodb_record(stream_arn="the template puts the preferences table's stream here")
def digest_preferences(event: DynamoDBEvent) -> None:
    """Keeps the digests of new preferences until the next checkpoint."""
    here = services()
    if passed_over := keep_digests(event.to_dict(), here.digest_book, here.clock.now()):
        report_counts("digest_preferences", here.settings.stage, {"undigestible": passed_over})


@app.on_dynamodb_record(stream_arn="the template puts the records table's stream here")
def relay_outbox(event: DynamoDBEvent) -> None:
    """Hands what was written into the outbox to the queue of its channel."""
    here = services()
    if passed_over := here.relay.forward(event.to_dict()):
        report_counts("relay_outbox", here.settings.stage, {"senseless": passed_over})


@app.on_dynamodb_record(stream_arn="the template puts the records table's stream here")
def count_consents(event: DynamoDBEvent) -> None:
    """Counts what people decided, for the statistics."""
    here = services()
    if passed_over := here.counting.consents(event.to_dict()):
        report_counts("count_consents", here.settings.stage, {"uncountable": passed_over})


@app.on_dynamodb_record(stream_arn="the template puts the preferences table's stream here")
def count_preferences(event: DynamoDBEvent) -> None:
    """Counts what visitors chose, for the statistics."""
    here = services()
    if passed_over := here.counting.preferences(event.to_dict()):
        report_counts("count_preferences", here.settings.stage, {"uncountable": passed_over})


@app.on_sqs_message(queue_arn="the template puts the mail queue here", batch_size=3)
def send_mail(event: SQSEvent) -> dict[str, Any]:
    """Sends the mails that the queue names; answers with those that have to come again."""
    return services().mail_consumer.run(event.to_dict())


@app.on_sqs_message(queue_arn="the template puts the feedback queue here", batch_size=10)
def record_feedback(event: SQSEvent) -> dict[str, Any]:
    """Records bounces and complaints; answers with the reports that have to come again."""
    return services().feedback_consumer.run(event.to_dict())


@app.on_sqs_message(queue_arn="the template puts the findings queue here", batch_size=10)
def take_findings(event: SQSEvent) -> dict[str, Any]:
    """Makes drafts of what AWS found; answers with the events that have to come again."""
    return services().findings_consumer.run(event.to_dict())


@app.on_sqs_message(queue_arn="the template puts the webhook queue here", batch_size=1)
def send_webhooks(event: SQSEvent) -> dict[str, Any]:
    """Sends the event that the queue names; answers with it if it has to come again."""
    return services().webhook_consumer.run(event.to_dict())


@app.on_sqs_message(queue_arn="the template puts the work queue here", batch_size=1)
def fulfil_requests(event: SQSEvent) -> dict[str, Any]:
    """Does the work on requests that the queue names; answers with it if it has to come again."""
    return services().work_consumer.run(event.to_dict())


@app.schedule(Rate(1, unit=Rate.HOURS))
def checkpoint_trail(event: CloudWatchEvent) -> None:
    """Signs what happened since the last checkpoint, and what was destroyed."""
    context = cast("LambdaContext", event.context)
    counts = services().seal(context.get_remaining_time_in_millis)
    report_counts("checkpoint_trail", services().settings.stage, counts)


@app.schedule(Rate(5, unit=Rate.MINUTES))
def watch_requests(event: CloudWatchEvent) -> None:
    """Raises the alerts that are due and ends the requests that nobody proved."""
    context = cast("LambdaContext", event.context)
    report = services().watcher.run(context.get_remaining_time_in_millis)
    report_counts("watch_requests", services().settings.stage, asdict(report))


@app.schedule(Rate(5, unit=Rate.MINUTES))
def watch_incidents(event: CloudWatchEvent) -> None:
    """Raises the alarms of incidents, and goes on telling whom they affect."""
    context = cast("LambdaContext", event.context)
    counts = services().incident_rounds.run(context.get_remaining_time_in_millis)
    report_counts("watch_incidents", services().settings.stage, counts)


@app.schedule(Rate(5, unit=Rate.MINUTES))
def watch_consents(event: CloudWatchEvent) -> None:
    """Raises alerts about stop orders, notes what ended, tells people of changed notices."""
    context = cast("LambdaContext", event.context)
    counts = services().consent_rounds.run(context.get_remaining_time_in_millis)
    report_counts("watch_consents", services().settings.stage, counts)


@app.schedule(Rate(1, unit=Rate.HOURS))
def sweep_retention(event: CloudWatchEvent) -> None:
    """Hands out what is kept too long, and looks at engagements that ended."""
    context = cast("LambdaContext", event.context)
    counts = services().retention_rounds.run(context.get_remaining_time_in_millis)
    report_counts("sweep_retention", services().settings.stage, counts)


chalicelib.startup.finish()
