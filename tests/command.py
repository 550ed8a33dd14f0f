"""The command line as somebody types it."""

from __future__ import annotations

import pytest

from station.cli import main


def station(*arguments: object) -> int:
    """`station ARGUMENTS` in this process; its exit code."""
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    assert isinstance(left.value.code, int)
    return left.value.code
