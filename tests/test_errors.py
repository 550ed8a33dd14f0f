from __future__ import annotations

import pytest

from station import errors
from station.errors import HardwareError, InputError, StationError


def test_message_says_where_what_and_remedy() -> None:
    assert str(StationError("is empty", "clip.mp4", "record it again")) == "clip.mp4: is empty. Record it again."
    assert str(StationError("nobody runs")) == "nobody runs."


def test_hardware_errors_read_like_the_others() -> None:
    error = HardwareError("no camera is connected", "", "check the ribbon cable")
    assert str(error) == "no camera is connected. Check the ribbon cable."
    assert isinstance(error, OSError)


def test_input_errors_are_value_errors_too() -> None:
    assert isinstance(InputError("is no video"), ValueError)


@pytest.mark.parametrize("kind", [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, StationError)])
def test_every_kind_has_an_exit_code_of_the_contract(kind: type[StationError]) -> None:
    assert kind.exit_code in (1, 2, 3)
    assert errors.__doc__ is not None
    assert kind.__name__ in errors.__doc__
