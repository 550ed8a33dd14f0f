"""Stages of work that overlap on several cores, a thread each, items ahead of the next."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")
R = TypeVar("R")

LOOK_S = 0.1  # how often a stage that waits looks whether it is still wanted


# An item; or what ended the items: their error, or None after the last.
Entry = tuple[T] | BaseException | None


class Pipeline:
    """`with Pipeline() as line:` and in it `line.ahead(...)` for every stage but the last, which is
    the caller's.

    Each stage has one thread, so that its items are made in the same order as without one. On
    leaving, all stages are asked to stop and waited for; what they have made and nobody took is
    lost.
    """

    def __init__(self) -> None:
        self._unwanted = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._unwanted.set()
        for thread in self._threads:
            thread.join()

    def ahead(self, items: Iterable[T], depth: int, name: str) -> Iterator[T]:
        """The same items, made at most `depth` ahead.

        What `items` raises is raised where its next item would have come.
        """
        line: queue.Queue[Entry[T]] = queue.Queue(depth)
        thread = threading.Thread(target=self._fill, args=(line, items), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
        return self._taken(line)

    def _fill(self, line: queue.Queue[Entry[T]], items: Iterable[T]) -> None:
        try:
            for item in items:
                if not self._put(line, (item,)):
                    return
        except BaseException as error:  # it belongs to the thread that takes the items
            self._put(line, error)
        else:
            self._put(line, None)

    def _put(self, line: queue.Queue[Entry[T]], what: Entry[T]) -> bool:
        while not self._unwanted.is_set():
            try:
                line.put(what, timeout=LOOK_S)
            except queue.Full:
                continue
            return True
        return False

    def _taken(self, line: queue.Queue[Entry[T]]) -> Iterator[T]:
        while not self._unwanted.is_set():
            try:
                got = line.get(timeout=LOOK_S)
            except queue.Empty:
                continue
            if got is None:
                return
            if isinstance(got, BaseException):
                raise got
            yield got[0]


def begun(items: Iterable[T], begin: Callable[[T], R], at_once: int) -> Iterator[tuple[T, R]]:
    """Every item with what `begin` made of it, of which `at_once` are under way: an item is begun
    when whoever takes them comes back for the next but `at_once`.

    What `items` raises is raised where its next item would have come.
    """
    waiting: deque[tuple[T, R]] = deque()
    source, broken = iter(items), None
    while True:
        try:
            item = next(source)
        except StopIteration:
            break
        except Exception as error:
            broken = error
            break
        waiting.append((item, begin(item)))
        if len(waiting) == at_once:
            yield waiting.popleft()
    yield from waiting
    if broken is not None:
        raise broken
