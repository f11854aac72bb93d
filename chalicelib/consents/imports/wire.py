"""Imports on the wire."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.clock import rfc3339
from chalicelib.consents.imports.models import CREATED, UNCHANGED, Fault, Format, OnInvalid, Report
from chalicelib.consents.imports.service import Progress
from chalicelib.wire import Answer, Wire


class ImportIn(Wire):
    """A file of decisions that were collected elsewhere, and what a bad row in it does.

    Its rows are those of `POST /v1/consents`. CSV has a header and writes the guardian as
    `guardian_relationship`, `guardian_name`, `guardian_verified_by`; an empty cell is absent.
    """

    format: Annotated[Format, Field(strict=False)]
    content: Annotated[str, StringConstraints(min_length=1)]
    on_invalid: Annotated[OnInvalid, Field(strict=False)]


class FaultView(Answer):
    row: int
    field: str
    code: str


class RefusalView(Answer):
    row: int
    code: str


class ImportView(Answer):
    """How far an import has come. Rows count from 1, without the header and blank lines.

    `errors` are the first 1,000 faults of invalid rows. `refused` counts by code the valid rows
    that could not be recorded when their turn came; `refusals` are the first 1,000 of them. With
    the status `refused` nothing was taken.
    """

    import_id: str | None
    status: Literal["refused", "running", "done"]
    rows: int
    valid: int
    invalid: int
    created: int
    unchanged: int
    refused: dict[str, int]
    errors: tuple[FaultView, ...]
    refusals: tuple[RefusalView, ...]
    accepted_at: str | None
    ended_at: str | None


def refused_view(report: Report) -> ImportView:
    """A file of which nothing was taken."""
    return ImportView(
        import_id=None,
        status="refused",
        rows=report.rows,
        valid=len(report.good),
        invalid=report.invalid,
        created=0,
        unchanged=0,
        refused={},
        errors=tuple(map(_fault, report.faults)),
        refusals=(),
        accepted_at=None,
        ended_at=None,
    )


def import_view(progress: Progress) -> ImportView:
    """An import, running or done."""
    import_, ended_at = progress.import_, progress.import_.ended_at
    applied = {CREATED, UNCHANGED}
    return ImportView(
        import_id=import_.import_id,
        status="running" if ended_at is None else "done",
        rows=import_.valid + import_.invalid,
        valid=import_.valid,
        invalid=import_.invalid,
        created=import_.outcomes.get(CREATED, 0),
        unchanged=import_.outcomes.get(UNCHANGED, 0),
        refused={code: count for code, count in import_.outcomes.items() if code not in applied},
        errors=tuple(map(_fault, progress.faults)),
        refusals=tuple(RefusalView(row=each.row, code=each.code) for each in progress.refusals),
        accepted_at=rfc3339(import_.accepted_at),
        ended_at=rfc3339(ended_at) if ended_at else None,
    )


def _fault(fault: Fault) -> FaultView:
    return FaultView(row=fault.row, field=fault.field, code=fault.code)
