"""The only place that wires Chalice: the app, its routes and every event handler."""

from dataclasses import asdict
from typing import TYPE_CHECKING, cast

import urllib3  # noqa: F401  # here, before all that imports it deep down: docs/adr/0007
from chalice.app import AuthRequest, AuthResponse, Chalice, CloudWatchEvent, DynamoDBEvent, Rate

from chalicelib.audit.stream import keep_digests
from chalicelib.cookies.routes import pages, public
from chalicelib.http.authorizing import admit
from chalicelib.http.headers import complete_response
from chalicelib.http.meta import meta_routes
from chalicelib.identity.routes import people
from chalicelib.services import services
from chalicelib.staff.routes import staff
from chalicelib.telemetry import report_counts, withhold_text

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = Chalice(app_name="jaga")
app.register_middleware(complete_response, "http")
for source in ("dynamodb", "scheduled"):
    app.register_middleware(withhold_text, source)
capabilities = (public, pages, people, staff)


@app.authorizer(ttl_seconds=300)
def authorize(request: AuthRequest) -> AuthResponse:
    """Lets the staff and the client platform in by their access tokens."""
    operations = [each for routes in capabilities for each in routes.operations]
    return admit(request, services().gatekeeper, operations)


for routes in (meta_routes(capabilities), *capabilities):
    routes.guard = authorize
    app.register_blueprint(routes)


@app.on_dynamodb_record(stream_arn="the template puts the preferences table's stream here")
def digest_preferences(event: DynamoDBEvent) -> None:
    """Keeps the digests of new preferences until the next checkpoint."""
    here = services()
    if passed_over := keep_digests(event.to_dict(), here.digest_book, here.clock.now()):
        report_counts("digest_preferences", here.settings.stage, {"undigestible": passed_over})


@app.schedule(Rate(1, unit=Rate.HOURS))
def checkpoint_trail(event: CloudWatchEvent) -> None:
    """Signs what happened since the last checkpoint."""
    context = cast("LambdaContext", event.context)
    report = services().checkpoints.run(context.get_remaining_time_in_millis)
    report_counts("checkpoint_trail", services().settings.stage, asdict(report))
