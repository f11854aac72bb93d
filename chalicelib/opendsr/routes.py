"""OpenDSR 2.0 for partners: submit, ask, cancel; and what anyone may know of us."""

from pydantic import BaseModel

from chalicelib.http.access import Platform
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.opendsr.problems import OPENDSR_ERRORS
from chalicelib.opendsr.wire import (
    SUBJECT_REQUEST_ID,
    CancellationReceipt,
    Discovery,
    StatusView,
    SubmissionIn,
    SubmissionReceipt,
)
from chalicelib.services import services

_ACCESS = Platform("opendsr")
_REQUESTS = "/opendsr/v2/requests"
_REQUEST = _REQUESTS + "/{subject_request_id}"
_PARAMETERS = {"subject_request_id": {"type": "string", "pattern": SUBJECT_REQUEST_ID}}
_PEM = "application/x-pem-file"

opendsr = Routes(__name__)


@opendsr.operation(
    Operation(
        "GET",
        "/opendsr/v2/discovery",
        "OpenDSR: what is supported",
        Discovery,
        refusals=OPENDSR_ERRORS,
    )
)
def discover(_call: Call[None]) -> Reply:
    return Reply(services().open_dsr.discovery())


@opendsr.operation(
    Operation(
        "GET",
        "/opendsr/v2/certificate.pem",
        "OpenDSR: the certificate that signatures are checked with",
        _PEM,
        refusals=OPENDSR_ERRORS,
    )
)
def show_certificate(_call: Call[None]) -> Reply:
    return Reply(services().open_dsr.certificate(), headers={"content-type": _PEM})


@opendsr.operation(
    Operation(
        "POST",
        _REQUESTS,
        "OpenDSR: submit a data subject's request",
        SubmissionReceipt,
        body=SubmissionIn,
        statuses=(201,),
        description="The same `subject_request_id` again changes nothing and is answered alike.",
        access=_ACCESS,
        longest=16384,
        refusals=OPENDSR_ERRORS,
    )
)
def submit_request(call: Call[SubmissionIn]) -> Reply:
    return _signed(services().open_dsr.submit(call.caller.id, call.body, call.raw), 201)


@opendsr.operation(
    Operation(
        "GET",
        _REQUEST,
        "OpenDSR: where a request is",
        StatusView,
        parameters=_PARAMETERS,
        access=_ACCESS,
        refusals=OPENDSR_ERRORS,
    )
)
def show_status(call: Call[None], subject_request_id: str) -> Reply:
    return _signed(services().open_dsr.status(call.caller.id, subject_request_id), 200)


@opendsr.operation(
    Operation(
        "DELETE",
        _REQUEST,
        "OpenDSR: cancel a request",
        CancellationReceipt,
        parameters=_PARAMETERS,
        statuses=(202,),
        access=_ACCESS,
        refusals=OPENDSR_ERRORS,
    )
)
def cancel_request(call: Call[None], subject_request_id: str) -> Reply:
    return _signed(services().open_dsr.cancel(call.caller.id, subject_request_id), 202)


def _signed(answer: BaseModel, status: int) -> Reply:
    body = answer.model_dump_json(exclude_none=True)
    return Reply(body, status, services().open_dsr_stamp.headers(body.encode()))
