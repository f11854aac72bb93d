"""What tests of findings share: how they come in, and the drafts that they become."""

from chalicelib.incidents.models import Incident
from chalicelib.services import Services
from tests.contract.sqs import record


def take(services: Services, *bodies: str) -> None:
    """Brings the events as SQS does; all of them have to be done."""
    records = [
        {**record(body)["Records"][0], "messageId": str(number)}
        for number, body in enumerate(bodies)
    ]
    assert services.findings_consumer.run({"Records": records}) == {"batchItemFailures": []}


def drafts(services: Services) -> list[Incident]:
    """Every incident of the register, the oldest first, with all that is known of it."""
    found, _ = services.incidents.page(services.clock.now().year, 100, None)
    return [services.incident_book.get(each.incident_id) for each in reversed(found)]
