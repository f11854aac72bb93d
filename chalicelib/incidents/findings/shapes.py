"""The documented shapes of what EventBridge brings, as far as they are read.

What a finding is known by and judged by has to be there and be right. What only helps (moments,
words) is taken where it is right: an odd one is no reason to lose a finding. New members are passed
over.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

LONGEST_TEXT = 4000
"""Characters of a title or a description that are kept."""
MOST_RESOURCES = 50


def _or_nothing(value: object, handle: ValidatorFunctionWrapHandler) -> Any:
    try:
        return handle(value)
    except ValidationError:
        return None


def _text(value: object) -> str:
    return value[:LONGEST_TEXT] if isinstance(value, str) else ""


def _listed(value: object) -> list[Any]:
    """What should be a list of objects, without what is none."""
    found = value if isinstance(value, list) else []
    return [each for each in found if isinstance(each, dict)][:MOST_RESOURCES]


def _told_as_sample(value: object) -> bool:
    """GuardDuty says so in a member, or in JSON within one."""
    match value:
        case {"sample": bool(said)}:
            return said
        case {"value": str(text)}:
            try:
                return _told_as_sample(json.loads(text))
            except (ValueError, RecursionError):
                return False
    return False


type Id = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
type Type = Annotated[str, StringConstraints(min_length=1, max_length=512)]
type Text = Annotated[str, BeforeValidator(_text)]
type Seen = Annotated[
    Annotated[AwareDatetime, Field(strict=False)] | None, WrapValidator(_or_nothing)
]
type Objects = Annotated[list[dict[str, Any]], BeforeValidator(_listed)]
type Object = Annotated[dict[str, Any] | None, WrapValidator(_or_nothing)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, defer_build=True)


class Event(_Shape):
    """EventBridge's envelope."""

    id: Id
    source: str
    detail_type: str = Field(alias="detail-type")
    detail: dict[str, Any]


class GuardDutyService(_Shape):
    archived: bool = False
    sample: Annotated[bool, BeforeValidator(_told_as_sample)] = Field(
        default=False, alias="additionalInfo"
    )
    first_seen: Seen = Field(None, alias="eventFirstSeen")
    last_seen: Seen = Field(None, alias="eventLastSeen")


class GuardDutyFinding(_Shape):
    """`detail` of "GuardDuty Finding"."""

    id: Id
    type: Type
    severity: Annotated[float, Field(ge=0, le=10)]
    title: Text = ""
    description: Text = ""
    resource: Object = None
    service: GuardDutyService = GuardDutyService()


class MacieSeverity(_Shape):
    description: Literal["Low", "Medium", "High"]


class MacieFinding(_Shape):
    """`detail` of "Macie Finding", sensitive data or policy."""

    id: Id
    type: Type
    severity: MacieSeverity
    title: Text = ""
    description: Text = ""
    archived: bool = False
    sample: bool = False
    created: Seen = Field(None, alias="createdAt")
    updated: Seen = Field(None, alias="updatedAt")
    affected: Object = Field(None, alias="resourcesAffected")


class HubSeverity(_Shape):
    label: Literal["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"] = Field(alias="Label")


class HubWorkflow(_Shape):
    status: str = Field("NEW", alias="Status")


class HubFinding(_Shape):
    """One of `detail.findings` of "Security Hub Findings - Imported" (ASFF)."""

    id: Id = Field(alias="Id")
    product: Id = Field(alias="ProductArn")
    severity: HubSeverity = Field(alias="Severity")
    types: tuple[Type, ...] = Field((), alias="Types", strict=False)
    title: Text = Field("", alias="Title")
    description: Text = Field("", alias="Description")
    state: str = Field("ACTIVE", alias="RecordState")
    workflow: HubWorkflow = Field(HubWorkflow(), alias="Workflow")
    sample: bool = Field(default=False, alias="Sample")
    first_seen: Seen = Field(None, alias="FirstObservedAt")
    last_seen: Seen = Field(None, alias="LastObservedAt")
    created: Seen = Field(None, alias="CreatedAt")
    updated: Seen = Field(None, alias="UpdatedAt")
    resources: Objects = Field((), alias="Resources", validate_default=True)


class HubDetail(_Shape):
    findings: Annotated[list[HubFinding], Field(min_length=1, max_length=100)]
