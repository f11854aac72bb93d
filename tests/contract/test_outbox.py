"""The outbox: what it writes, who may claim it, which state follows which, when it ends."""

from datetime import timedelta

import pytest

from chalicelib.errors import Conflict
from chalicelib.notices.messages import State, UnfitForMail
from chalicelib.notices.outbox import KEPT, message_key
from chalicelib.notices.outbox_store import LEASE
from chalicelib.services import Services
from chalicelib.tables.conditions import PRESENT
from chalicelib.tables.keys import Key
from chalicelib.tables.transactions import Put
from chalicelib.vault.errors import KeyDestroyed, SealBroken, UnusableIdentifier
from tests.contract.moto_tables import another_container
from tests.contract.post import ADDRESS, CODE, Post
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock

TICK = timedelta(milliseconds=1)


class NotThere(Conflict):
    code = "not_there"


@pytest.fixture
def post(services: Services) -> Post:
    return Post(services)


# --- writing -----------------------------------------------------------------------------------


def test_only_what_names_nobody_stands_in_clear(post: Post, services: Services) -> None:
    message_id = post.queue(about="01JREQUEST")
    item = services.records.get(message_key(message_id))
    assert item is not None
    sealed = item.pop("sealed")
    assert item == {
        "pk": f"OUTBOX#{message_id}",
        "sk": "MESSAGE",
        "et": "outbox_message",
        "v": 1,
        "rev": 1,
        "channel": "mail",
        "kind": "sign_in_code",
        "state": "queued",
        "about": "01JREQUEST",
        "at": 1_795_428_000_000,
        "ttl": 1_795_428_000 + 30 * 24 * 60 * 60,
        "due_pk": "UNCLAIMED#2026-11-23",
        "due_sk": message_id,
    }
    assert isinstance(sealed, bytes)
    assert ADDRESS.encode() not in sealed
    assert CODE.encode() not in sealed


def test_a_mail_comes_out_as_it_went_in(post: Post) -> None:
    message = post.look(post.queue(to="Reader@Example.TEST"))
    mail = post.store.open_mail(message)
    assert (mail.to, mail.language, mail.values) == (ADDRESS, "en", {"code": CODE, "minutes": "10"})
    assert ADDRESS not in repr((mail, message))
    assert CODE not in repr((mail, message))


def test_a_webhooks_body_comes_out_as_it_went_in(post: Post, services: Services) -> None:
    queued = services.outbox.webhook("01JENDPOINT", "request.closed", b'{"\x00": 1}')
    services.run_command(lambda: queued.actions)
    message = post.look(queued.message_id)
    assert (message.channel, message.kind, message.endpoint) == (
        "webhook",
        "request.closed",
        "01JENDPOINT",
    )
    assert post.store.open_body(message) == b'{"\x00": 1}'


def test_no_message_without_its_cause(post: Post, services: Services) -> None:
    values = {"code": CODE, "minutes": "10"}
    queued = services.outbox.mail("sign_in_code", ADDRESS, "id", values)
    cause = Put(services.records, {"pk": "CAUSE", "sk": "1"}, PRESENT, NotThere)
    with pytest.raises(NotThere):
        services.run_command(lambda: [cause, *queued.actions])
    assert post.store.get(queued.message_id) is None


@pytest.mark.parametrize(
    ("template", "language", "values"),
    [
        ("no_such", "en", {}),
        ("sign_in_code", "en", {"code": "1"}),
        ("sign_in_code", "en", {"code": "1", "minutes": "1", "name": "x"}),
        ("sign_in_code", "fr", {"code": "1", "minutes": "1"}),
    ],
)
def test_a_mail_that_could_not_be_written_is_refused_at_once(
    services: Services, template: str, language: object, values: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="no such mail"):
        services.outbox.mail(template, ADDRESS, language, values)  # type: ignore[arg-type]  # on purpose


def test_hostile_values_and_addresses_are_refused_at_once(services: Services) -> None:
    with pytest.raises(UnfitForMail):
        services.outbox.mail("sign_in_code", ADDRESS, "en", {"code": "1\r\n2", "minutes": "1"})
    values = {"code": "1", "minutes": "1"}
    with pytest.raises(UnusableIdentifier):
        services.outbox.mail("sign_in_code", "a@b.test\r\nBcc: c@d.test", "en", values)


# --- sealing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("kind", "other"), ("channel", "webhook"), ("about", "01JOTHER"), ("endpoint", "01JTHEIRS")],
)
def test_a_sealed_message_serves_no_other_purpose(
    post: Post, services: Services, attribute: str, value: str
) -> None:
    message_id = post.queue(about="01JREQUEST")
    event = services.outbox.webhook("01JENDPOINT", "request.closed", b"{}")
    services.run_command(lambda: event.actions)  # so that its channel has a key
    services.records.update(message_key(message_id), PRESENT, put={attribute: value})
    with pytest.raises(SealBroken):
        post.store.open_mail(post.look(message_id))


def test_messages_are_readable_as_long_as_they_are_kept_and_not_much_longer(
    services: Services, clock: FixedClock
) -> None:
    message_id = Post(services).queue()
    clock.advance(KEPT - TICK)
    fresh = Post(another_container(services))
    assert fresh.store.open_mail(fresh.look(message_id)).to == ADDRESS
    clock.advance(timedelta(days=1))
    late = Post(another_container(services))
    with pytest.raises(KeyDestroyed):
        late.store.open_mail(late.look(message_id))


# --- claiming ----------------------------------------------------------------------------------


def test_of_many_consumers_one_claims(racing: Services) -> None:
    post = Post(racing)
    message_id = post.queue()
    claims = at_once(8, lambda _: post.store.claim(message_id))
    won = [claim for claim in claims if claim is not None]
    assert [claim.state for claim in won if not isinstance(claim, Exception)] == [State.SENDING]  # type: ignore[attr-defined]  # messages
    assert len(won) == 1


def test_a_claim_lasts_a_minute(post: Post, clock: FixedClock) -> None:
    message_id = post.queue()
    first = post.store.claim(message_id)
    clock.advance(LEASE - TICK)
    assert post.store.claim(message_id) is None
    clock.advance(TICK)
    second = post.store.claim(message_id)
    assert first is not None
    assert second is not None
    assert second.rev == first.rev + 1


def test_a_claim_that_was_lost_changes_nothing(post: Post, clock: FixedClock) -> None:
    message_id = post.queue()
    first = post.store.claim(message_id)
    clock.advance(LEASE)
    second = post.store.claim(message_id)
    assert first is not None
    post.store.release(first)
    assert not post.store.bury(first, "key_destroyed")
    assert post.look(message_id) == second


@pytest.mark.parametrize("end", ["released", "retried", "buried"])
def test_a_note_that_comes_in_between_takes_no_claim_away(
    post: Post, clock: FixedClock, end: str
) -> None:
    message_id = post.queue()
    claimed = post.store.claim(message_id)
    assert claimed is not None
    post.store.note(message_id, "transient_general")
    match end:
        case "released":
            post.store.release(claimed)
        case "retried":
            post.store.retry(claimed, clock.now())
        case "buried":
            assert post.store.bury(claimed, "key_destroyed")
    message = post.look(message_id)
    assert (message.state, message.reason) == (
        (State.DEAD, "key_destroyed") if end == "buried" else (State.QUEUED, "transient_general")
    )


def test_a_report_that_comes_in_between_takes_the_claim_away(post: Post) -> None:
    message_id = post.queue()
    claimed = post.store.claim(message_id)
    assert claimed is not None
    post.store.report(message_id, State.BOUNCED, "permanent_general")
    post.store.release(claimed)
    assert not post.store.bury(claimed, "key_destroyed")
    assert post.look(message_id).state is State.BOUNCED


def test_what_was_given_back_can_be_claimed_at_once(post: Post) -> None:
    message_id = post.queue()
    claimed = post.store.claim(message_id)
    assert claimed is not None
    post.store.release(claimed)
    assert post.store.claim(message_id) is not None


def test_nothing_is_made_of_a_message_that_is_not_there(post: Post, services: Services) -> None:
    store = post.store
    assert store.claim("01JGONE") is None
    store.mark_sent("01JGONE")
    store.report("01JGONE", State.BOUNCED, "permanent_general")
    store.note("01JGONE", "transient_general")
    assert services.records.get(Key("OUTBOX#01JGONE", "MESSAGE"), consistent=True) is None


# --- states ------------------------------------------------------------------------------------

SENT, BOUNCED, COMPLAINED = "sent", "bounced", "complained"
DELIVERED = "delivered"


@pytest.mark.parametrize(
    ("events", "state", "reason"),
    [
        ([SENT], State.SENT, None),
        ([SENT, SENT], State.SENT, None),
        ([SENT, BOUNCED], State.BOUNCED, BOUNCED),
        ([BOUNCED, SENT], State.BOUNCED, BOUNCED),
        ([BOUNCED, BOUNCED, SENT], State.BOUNCED, BOUNCED),
        ([SENT, COMPLAINED], State.COMPLAINED, COMPLAINED),
        ([COMPLAINED, SENT], State.COMPLAINED, COMPLAINED),
        ([SENT, BOUNCED, COMPLAINED], State.COMPLAINED, COMPLAINED),
        ([COMPLAINED, BOUNCED, SENT], State.COMPLAINED, COMPLAINED),
        (["noted", SENT], State.SENT, "noted"),
        ([SENT, "noted", BOUNCED], State.BOUNCED, BOUNCED),
        ([BOUNCED, "noted"], State.BOUNCED, BOUNCED),
        (["dead", SENT], State.DEAD, "dead"),
        ([SENT, DELIVERED], State.DELIVERED, None),
        ([DELIVERED, SENT], State.DELIVERED, None),
        ([DELIVERED, DELIVERED, BOUNCED], State.BOUNCED, BOUNCED),
        ([BOUNCED, DELIVERED], State.BOUNCED, BOUNCED),
        ([DELIVERED, COMPLAINED, DELIVERED], State.COMPLAINED, COMPLAINED),
        (["dead", DELIVERED], State.DELIVERED, "dead"),
        (["noted", DELIVERED], State.DELIVERED, "noted"),
    ],
)
def test_states_follow_in_any_order_of_events(
    post: Post, events: list[str], state: State, reason: str | None
) -> None:
    message_id = post.queue()
    claimed = post.store.claim(message_id)
    assert claimed is not None
    for event in events:
        match event:
            case "sent":
                post.store.mark_mail_sent(message_id, "ses-1")
            case "bounced" | "complained":
                post.store.report(message_id, State(event), event)
            case "delivered":
                post.store.report(message_id, State.DELIVERED, "")
            case "noted":
                post.store.note(message_id, event)
            case "dead":
                assert post.store.bury(claimed, event)
    message = post.look(message_id)
    assert (message.state, message.reason) == (state, reason)
    assert post.store.claim(message_id) is None


def test_the_providers_id_leads_back_whatever_came_first(post: Post) -> None:
    message_id = post.queue()
    post.store.report(message_id, State.BOUNCED, "permanent_general")
    assert post.store.message_of_receipt("ses-1") is None
    post.store.mark_mail_sent(message_id, "ses-1")
    assert post.store.message_of_receipt("ses-1") == message_id


def test_a_webhook_is_marked_without_a_receipt(post: Post, services: Services) -> None:
    queued = services.outbox.webhook("01JENDPOINT", "request.closed", b"{}")
    services.run_command(lambda: queued.actions)
    post.store.claim(queued.message_id)
    post.store.mark_sent(queued.message_id)
    assert post.look(queued.message_id).state is State.SENT
