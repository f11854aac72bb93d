"""Which laws hold for somebody in a country."""

import pytest

from chalicelib.law.jurisdictions import laws_for


@pytest.mark.parametrize(
    ("country", "laws"),
    [
        ("", {"id": None}),
        ("ID", {"id": None}),
        ("FR", {"id": None, "eu": "FR"}),
        ("NO", {"id": None, "eu": "NO"}),
        ("EU", {"id": None}),
        ("GB", {"id": None, "uk": None}),
        ("SG", {"id": None, "sg": None}),
        ("BR", {"id": None, "br": None}),
        ("US", {"id": None}),
        ("US-CA", {"id": None, "us-ca": None}),
    ],
)
def test_home_s_law_always_runs_and_the_requesters_where_there_is_a_pack(
    country: str, laws: dict[str, str | None]
) -> None:
    assert laws_for(country) == laws
