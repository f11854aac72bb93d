"""Reading a packaged template: resources by type, and what a property points at."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its logical name, type, properties, and the attributes beside them."""

    name: str
    type: str
    properties: dict[str, Any]
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy, and where it stands."""

    where: str
    document: dict[str, Any]
    is_key_policy: bool

    @property
    def allows(self) -> bool:
        return bool(self.document["Effect"] == "Allow")

    @property
    def actions(self) -> list[str]:
        return as_list(self.document.get("Action", []))

    @property
    def resources(self) -> list[str]:
        """Resources as text; a reference appears as `${Name}` or `${Name.Attribute}`."""
        return [as_text(each) for each in as_list(self.document.get("Resource", []))]


class Template:
    """A packaged template."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def of_type(self, kind: str) -> Iterator[Resource]:
        """Every resource of the CloudFormation type `kind`."""
        for name, resource in self.document["Resources"].items():
            if resource["Type"] == kind:
                yield Resource(name, kind, resource.get("Properties", {}), resource)

    def functions(self) -> Iterator[Resource]:
        yield from self.of_type("AWS::Serverless::Function")

    def events(self, kind: str) -> Iterator[tuple[Resource, str, dict[str, Any]]]:
        """Function, name and properties of every event of `kind` that starts a function."""
        for function in self.functions():
            for name, event in function.properties.get("Events", {}).items():
                if event["Type"] == kind:
                    yield function, name, event["Properties"]

    def statements(self) -> Iterator[Statement]:
        """Every statement of every policy: of roles, keys, buckets, queues and topics.

        Those of a policy that is added to a role count as the role's.
        """
        for role in self.of_type("AWS::IAM::Role"):
            for policy in role.properties.get("Policies", []):
                yield from _statements(role.name, policy["PolicyDocument"])
        for addition in self.of_type("AWS::IAM::Policy"):
            for extended in addition.properties["Roles"]:
                yield from _statements(referred(extended), addition.properties["PolicyDocument"])
        for key in self.of_type("AWS::KMS::Key"):
            yield from _statements(key.name, key.properties["KeyPolicy"], is_key_policy=True)
        for kind in ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
            for holder in self.of_type(kind):
                yield from _statements(holder.name, holder.properties["PolicyDocument"])

    def copy(self) -> Self:
        """A copy that may be changed without changing this one."""
        return type(self)(_copied(self.document))


def _statements(
    where: str, document: dict[str, Any], *, is_key_policy: bool = False
) -> Iterator[Statement]:
    for statement in as_list(document["Statement"]):
        yield Statement(where, statement, is_key_policy)


def as_list(value: Any) -> list[Any]:
    """`value` if it is a list, else a list of it: policies allow both."""
    return value if isinstance(value, list) else [value]


def as_text(value: Any) -> str:
    """A string, reference, attribute or substitution in `Fn::Sub`'s notation."""
    match value:
        case {"Ref": str(name)}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), *_]}:
            return text
        case {"Fn::Split": [str(), list_of_texts]}:
            return as_text(list_of_texts)
        case _:
            return str(value)


def referred(value: Any) -> str:
    """The logical name that a reference or attribute points at; empty for anything else."""
    text = as_text(value)
    if not (text.startswith("${") and text.endswith("}")):
        return ""
    return text[2:-1].partition(".")[0]


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_copied(each) for each in value]
    return value
