"""Stages that overlap: the same items, the same order, the same errors, and an end to every thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from station.run.pipeline import Pipeline, begun


def counted(count: int, error: BaseException | None = None) -> Iterator[int]:
    yield from range(count)
    if error is not None:
        raise error


def test_everything_comes_in_order_through_two_stages() -> None:
    with Pipeline() as line:
        first = line.ahead(counted(1000), 4, "first")
        assert list(line.ahead((2 * one for one in first), 8, "second")) == list(range(0, 2000, 2))


def test_what_a_stage_raises_comes_after_what_it_made() -> None:
    with Pipeline() as line:
        made = line.ahead(line.ahead(counted(7, ZeroDivisionError()), 2, "first"), 2, "second")
        assert [next(made) for _ in range(7)] == list(range(7))
        with pytest.raises(ZeroDivisionError):
            next(made)


def test_stages_work_at_the_same_time() -> None:
    """Each of the two waits for the other: alone, neither would ever end."""
    meet = threading.Barrier(2, timeout=30.0)

    def met() -> Iterator[int]:
        for one in range(3):
            meet.wait()
            yield one

    with Pipeline() as line:
        made = line.ahead(met(), 3, "met")
        for _ in range(3):
            meet.wait()
        assert list(made) == [0, 1, 2]


def test_a_stage_is_no_further_ahead_than_it_may_be() -> None:
    made = []

    def making() -> Iterator[int]:
        for one in range(100):
            made.append(one)
            yield one

    with Pipeline() as line:
        items = line.ahead(making(), 3, "making")
        assert next(items) == 0
        time.sleep(0.05)
        assert len(made) <= 1 + 3 + 1


def test_leaving_early_ends_every_thread_even_one_that_waits_for_nothing() -> None:
    release = threading.Event()

    def never() -> Iterator[int]:
        yield 1
        while not release.wait(0.01):
            pass

    with Pipeline() as line:
        items = line.ahead(line.ahead(never(), 2, "never"), 2, "waiting")
        assert next(items) == 1
        threading.Timer(0.05, release.set).start()
    assert not {thread.name for thread in threading.enumerate()} & {"never", "waiting"}


def test_items_are_begun_so_many_ahead_and_no_further() -> None:
    reported = []

    def begin(one: int) -> int:
        reported.append(f"begun {one}")
        return 10 * one

    for one, made in begun(counted(4), begin, 2):
        assert made == 10 * one
        reported.append(f"taken {one}")
    assert reported == ["begun 0", "begun 1", "taken 0", "begun 2", "taken 1", "begun 3", "taken 2", "taken 3"]


def test_what_was_begun_is_taken_before_the_error_that_follows_it() -> None:
    made = begun(counted(3, ZeroDivisionError()), str, 2)
    assert [next(made) for _ in range(3)] == [(0, "0"), (1, "1"), (2, "2")]
    with pytest.raises(ZeroDivisionError):
        next(made)
