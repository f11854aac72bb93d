"""The client platform's files of consents that it collected before."""

from chalicelib.consents.imports.models import Report
from chalicelib.consents.imports.wire import ImportIn, ImportView, import_view, refused_view
from chalicelib.consents.wire import SUBJECT_PATTERN
from chalicelib.http.access import Platform
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.services import services

_IMPORTS = "/v1/consents/imports"
_ACCESS = Platform("consents:write")
_LONGEST = 4_000_000  # bytes: escaped once more in Lambda's event (6 MB), a file's body still fits

consent_imports = Routes(__name__)


@consent_imports.operation(
    Operation(
        "POST",
        _IMPORTS,
        "Import consents that were collected elsewhere",
        ImportView,
        body=ImportIn,
        statuses=(202, 200),
        description="Every row is checked before any is recorded, and what is wrong is answered by"
        " row, field and code. With `refuse` one bad row means that nothing is taken (200, status"
        " `refused`); with `skip` the good ones are (202). Those are recorded one after the other"
        " in the background: up to 20,000, which are kept sealed until then.",
        access=_ACCESS,
        idempotent=True,
        longest=_LONGEST,
    )
)
def import_consents(call: Call[ImportIn]) -> Reply:
    body = call.body
    taken = services().consent_imports.take_in(
        body.format, body.content, body.on_invalid, call.caller.id, call.keyed
    )
    if isinstance(taken, Report):
        return Reply(refused_view(taken))
    return Reply(import_view(taken), 202)


@consent_imports.operation(
    Operation(
        "GET",
        _IMPORTS + "/{import_id}",
        "How far an import has come",
        ImportView,
        parameters={"import_id": {"type": "string", "pattern": SUBJECT_PATTERN}},
        description="For whoever made it, for 30 days.",
        access=_ACCESS,
        exact_path=True,
    )
)
def show_import(call: Call[None], import_id: str) -> Reply:
    return Reply(import_view(services().consent_imports.progress(import_id, call.caller.id)))
