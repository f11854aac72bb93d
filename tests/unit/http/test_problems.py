"""Every domain error has its place in the one table of problems."""

import importlib
import json
import pkgutil
from collections.abc import Iterator

import pytest

import chalicelib
from chalicelib.errors import DomainError, FieldError, Internal, InvalidInput, Unavailable
from chalicelib.http.problems import FAMILIES, PROBLEM_JSON, family_of, problem_for


def every_error() -> Iterator[type[DomainError]]:
    for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    pending = DomainError.__subclasses__()
    while pending:
        error = pending.pop()
        if error.__module__.startswith("chalicelib."):
            yield error
            pending += error.__subclasses__()


@pytest.mark.parametrize("error", sorted(set(every_error()), key=repr))
def test_every_error_descends_from_exactly_one_family(error: type[DomainError]) -> None:
    assert [family for family in FAMILIES if issubclass(error, family)].__len__() == 1


def test_codes_are_stable_words_and_unique() -> None:
    codes = [error.code for error in set(every_error()) if not error.__name__.startswith("_")]
    assert len(codes) == len(set(codes))
    assert all(code.isascii() and code.replace("_", "").isalnum() for code in codes)


def test_a_problem_names_fields_but_no_values() -> None:
    response = problem_for(InvalidInput(FieldError("choices.performance", "wrong_type")))
    assert response.status_code == 422
    assert response.headers["content-type"] == PROBLEM_JSON
    assert json.loads(response.body) == {
        "type": "urn:jaga:problem:invalid_input",
        "title": "The request breaks a rule",
        "status": 422,
        "code": "invalid_input",
        "errors": [{"field": "choices.performance", "code": "wrong_type"}],
    }


def test_a_problem_names_each_field_once_and_at_most_twenty() -> None:
    twice = InvalidInput(*[FieldError("body", "unknown_field")] * 2, FieldError("gpc", "missing"))
    assert json.loads(problem_for(twice).body)["errors"] == [
        {"field": "body", "code": "unknown_field"},
        {"field": "gpc", "code": "missing"},
    ]
    many = InvalidInput(*(FieldError(f"choices.{each}", "missing") for each in range(21)))
    assert len(json.loads(problem_for(many).body)["errors"]) == 20


def test_an_internal_error_keeps_its_reason_to_itself() -> None:
    class Secret(Internal):
        code = "very_secret_reason"

    body = json.loads(problem_for(Secret("details")).body)
    assert body["code"] == "internal"
    assert "secret" not in json.dumps(body)


def test_whoever_meets_an_outage_is_told_when_to_come_back() -> None:
    assert problem_for(Unavailable()).headers["retry-after"] == "1"


def test_an_error_outside_every_family_counts_as_internal() -> None:
    assert family_of(DomainError()) is Internal
