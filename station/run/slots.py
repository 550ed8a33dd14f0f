"""What threads hand each other: a slot where the newest wins, bounded counted inboxes."""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestSlot(Generic[T]):
    """Holds one item; a newer one replaces it.

    With 60 fps in and 33 ms of work per item the worker sees the freshest frame every time, where a
    queue would make it work through the past.
    """

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._item: T | None = None
        self.replaced = 0  # items that nobody took

    def put(self, item: T) -> None:
        with self._ready:
            if self._item is not None:
                self.replaced += 1
            self._item = item
            self._ready.notify()

    def take(self, timeout_s: float) -> T | None:
        """The newest item, or None when none came in time."""
        with self._ready:
            if self._item is None:
                self._ready.wait(timeout_s)
            item, self._item = self._item, None
            return item


class Inbox(Generic[T]):
    """A bounded queue whose `put` never waits: a full one refuses and counts the newcomer."""

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"an inbox holds at least one item, not {size}")
        self._queue: queue.Queue[T] = queue.Queue(size)
        self.refused = 0

    def put(self, item: T) -> bool:
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self.refused += 1
            return False
        return True

    def take(self, timeout_s: float) -> T | None:
        """The oldest item, or None when none came in time."""
        with suppress(queue.Empty):
            return self._queue.get(timeout=timeout_s) if timeout_s > 0 else self._queue.get_nowait()
        return None

    def drain(self) -> tuple[T, ...]:
        """All that waits now, oldest first."""
        items: list[T] = []
        with suppress(queue.Empty):
            while True:
                items.append(self._queue.get_nowait())
        return tuple(items)
