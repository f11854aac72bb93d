"""If-None-Match as RFC 9110 defines it, and what a cacheable answer says."""

import pytest

from chalicelib.http.caching import cacheable, matches

TAG = '"0123abcd"'


@pytest.mark.parametrize(
    "header",
    [
        TAG,
        f"W/{TAG}",
        f" {TAG}\t",
        f'"other", {TAG}',
        f'W/"other",{TAG},',
        f', "a,b" ,{TAG}',
        "*",
        " * ",
    ],
)
def test_a_named_tag_matches(header: str) -> None:
    assert matches(TAG, header)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        ",",
        "0123abcd",
        '"0123"',
        '"x0123abcd"',
        f'"x{TAG}x"',
        f"w/{TAG}",
        f"*, {TAG}",
        f'"other" {TAG}',
        f'{TAG}, "open',
        '"01 23abcd"',
    ],
)
def test_another_tag_or_no_tag_does_not(header: str | None) -> None:
    assert not matches(TAG, header)


def test_comparison_is_weak_from_either_side() -> None:
    assert matches(f"W/{TAG}", TAG)


def test_a_long_header_is_read_in_a_moment() -> None:
    assert not matches(TAG, '"a" ' * 2500)
    assert not matches(TAG, " ," * 5000 + "x")


def test_a_cacheable_answer_names_its_tag_its_time_and_what_it_varies_with() -> None:
    assert cacheable(TAG, seconds=300) == {
        "cache-control": "public, max-age=300",
        "etag": TAG,
        "vary": "Accept-Encoding",
    }
    kept = cacheable(TAG, seconds=300, stale_seconds=60)["cache-control"]
    assert kept == "public, max-age=300, stale-while-revalidate=60"
