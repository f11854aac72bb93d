"""What of the data map is on the wire."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.wire import Answer, Wire

MAX_YAML = 300 * 1024
MAX_BODY_BYTES = 4 * MAX_YAML
"""A character of YAML may take several bytes in JSON; the file itself is measured later."""

type Yaml = Annotated[str, StringConstraints(min_length=1, max_length=MAX_YAML)]


class DataMapText(Wire):
    """The body of `POST /v1/staff/data-map/check`."""

    yaml: Yaml


class DataMapIn(Wire):
    """The body of `POST /v1/staff/data-map/versions`.

    `yaml` is a file in fideslang's dataset format (docs/connectors.md). `replaces` is the version
    that it was made from, 0 for none: if another is in force by now, the call is refused.
    """

    yaml: Yaml
    replaces: Annotated[int, Field(ge=0)] | None = None


class FindingView(Answer):
    """`where` names dataset, collection and field, or a place in the file."""

    where: str
    code: str
    is_error: bool


class DataMapCheck(Answer):
    """`acceptable`: whether publishing would be accepted."""

    acceptable: bool
    findings: tuple[FindingView, ...]


class DataMapProposed(Answer):
    """`replaces` is the version in force, 0 for none: in its place alone this may be approved."""

    version: int
    sha256: str
    proposed_at: str
    replaces: int
    warnings: tuple[FindingView, ...]


class DataMapView(Answer):
    """A version, with the file as it was proposed; `proposed_by` is empty for the operator."""

    version: int
    sha256: str
    proposed_at: str
    proposed_by: str
    replaces: int
    yaml: str
