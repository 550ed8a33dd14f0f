from __future__ import annotations

import threading

import pytest

from station.run.slots import Inbox, LatestSlot


def test_the_newest_wins_and_the_replaced_are_counted() -> None:
    slot: LatestSlot[int] = LatestSlot()
    for item in (1, 2, 3):
        slot.put(item)
    assert slot.take(0) == 3
    assert slot.replaced == 2
    assert slot.take(0) is None


def test_a_waiting_taker_is_woken() -> None:
    slot: LatestSlot[str] = LatestSlot()
    taken: list[str | None] = []
    taker = threading.Thread(target=lambda: taken.append(slot.take(10)))
    taker.start()
    slot.put("now")
    taker.join(10)
    assert taken == ["now"]


def test_an_inbox_keeps_order_and_refuses_what_does_not_fit() -> None:
    inbox: Inbox[int] = Inbox(2)
    assert [inbox.put(i) for i in (1, 2, 3)] == [True, True, False]
    assert inbox.refused == 1
    assert inbox.take(0) == 1
    assert inbox.drain() == (2,)
    assert inbox.take(0) is None


def test_an_inbox_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Inbox(0)
