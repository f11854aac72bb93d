"""The only place that wires Chalice: the app, its routes and every event handler."""

from chalice.app import Chalice, CloudWatchEvent, DynamoDBEvent, Rate

app = Chalice(app_name="jaga")


@app.route("/v1/health", methods=["GET"])
def health() -> dict[str, str]:
    return {"status": "ok", "version": "0.1.0"}


@app.on_dynamodb_record(stream_arn="overridden-in-the-template")
def digest_preferences(event: DynamoDBEvent) -> None:
    pass


@app.schedule(Rate(1, unit=Rate.HOURS))
def checkpoint_trail(event: CloudWatchEvent) -> None:
    pass
