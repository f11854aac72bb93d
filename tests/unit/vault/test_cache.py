"""Plaintext keys in memory: how many, how long, and that the rest is really gone."""

from datetime import timedelta

import pytest

from chalicelib.vault.cache import KeyCache
from tests.fakes import START, FixedClock

LIFE = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def cache(clock: FixedClock) -> KeyCache[str, str]:
    return KeyCache(clock, size=3, life=LIFE)


def test_a_value_stays_for_its_life_and_no_longer(
    cache: KeyCache[str, str], clock: FixedClock
) -> None:
    cache.put("a", "A")
    clock.advance(LIFE - SECOND)
    assert cache.get("a") == "A"
    clock.advance(SECOND)
    assert cache.get("a") is None


def test_use_does_not_lengthen_a_life(cache: KeyCache[str, str], clock: FixedClock) -> None:
    cache.put("a", "A")
    for _ in range(5):
        clock.advance(timedelta(minutes=1))
        cache.get("a")
    assert cache.get("a") is None


def test_the_least_recently_used_leaves(cache: KeyCache[str, str]) -> None:
    for name in "abc":
        cache.put(name, name)
    cache.get("a")
    cache.put("d", "d")
    assert [cache.get(name) for name in "abcd"] == ["a", None, "c", "d"]
    assert len(cache) == 3


def test_what_expired_is_dropped_whatever_is_asked_for(
    cache: KeyCache[str, str], clock: FixedClock
) -> None:
    cache.put("a", "A")
    clock.advance(SECOND)
    cache.put("b", "B")
    clock.advance(LIFE - SECOND)
    cache.get("unknown")
    assert len(cache) == 1  # a is gone, though nobody asked for it
    clock.advance(SECOND)
    cache.get("unknown")
    assert len(cache) == 0


def test_an_earlier_end_counts(cache: KeyCache[str, str], clock: FixedClock) -> None:
    cache.put("long", "L")
    cache.put("short", "S", not_after=START + SECOND)
    cache.put("beyond", "B", not_after=START + 2 * LIFE)
    clock.advance(SECOND)
    assert [cache.get(name) for name in ("long", "short", "beyond")] == ["L", None, "B"]
    clock.advance(LIFE - SECOND)
    cache.get("long")
    assert len(cache) == 0


def test_a_clock_set_back_empties_the_cache(cache: KeyCache[str, str], clock: FixedClock) -> None:
    cache.put("a", "A")
    clock.advance(timedelta(minutes=1))
    cache.get("a")
    clock.set(START)
    assert cache.get("a") is None


def test_forget(cache: KeyCache[str, str]) -> None:
    cache.put("a", "A")
    cache.forget("a")
    cache.forget("never there")
    assert cache.get("a") is None


@pytest.mark.parametrize("life", [timedelta(0), -SECOND, LIFE + timedelta(microseconds=1)])
def test_at_most_five_minutes(clock: FixedClock, life: timedelta) -> None:
    with pytest.raises(ValueError, match="at most five minutes"):
        KeyCache[str, str](clock, size=1, life=life)


def test_at_least_one_entry(clock: FixedClock) -> None:
    with pytest.raises(ValueError, match="at least one"):
        KeyCache[str, str](clock, size=0, life=LIFE)
