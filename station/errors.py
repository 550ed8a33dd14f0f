"""Every error the station raises on purpose.

    StationError                  what, where, remedy; exit_code
    |-- UsageError            2   wrong command line
    |-- ConfigError           2   station.toml: unknown key, impossible value (all problems at once)
    |-- InputError            2   video, poses file or log that cannot be read (also ValueError)
    |-- ModelError            2   model file missing, damaged or not the one its card names
    |-- StoreError            1   database, log or stick that cannot be written
    |-- HardwareError         3   camera, pins, display or sound card missing (also OSError)
    |   `-- CameraLost        3   the camera stopped delivering and could not be reopened
    `-- NothingFound          1   the work was done and found nothing: no runner in the clip

Anything else that escapes is a bug: exit code 70.
"""

from __future__ import annotations


def printable(name: object) -> str:
    """A file's name as text that can be printed and stored, also where its bytes are no UTF-8."""
    return str(name).encode("utf-8", "replace").decode()


class StationError(Exception):
    """One problem as a person can act on it.

    Args:
        what: the problem, one clause, no full stop.
        where: file, key, device or position it concerns ("" when there is none).
        remedy: what to do about it, an imperative clause.
    """

    exit_code = 1

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, printable(where), remedy
        super().__init__(what, self.where, remedy)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}. {self.remedy[0].upper()}{self.remedy[1:]}." if self.remedy else f"{text}."

    @property
    def trouble(self) -> tuple[str, str]:
        """(what is wrong and where, what to do about it): as the screen shows it."""
        return f"{self.where}: {self.what}" if self.where else self.what, self.remedy


class UsageError(StationError):
    exit_code = 2


class ConfigError(StationError):
    exit_code = 2


class InputError(StationError, ValueError):
    exit_code = 2


class ModelError(StationError):
    exit_code = 2


class StoreError(StationError):
    exit_code = 1


class HardwareError(StationError, OSError):
    exit_code = 3

    # OSError brings its own __str__, which would print the arguments as an errno tuple.
    __str__ = StationError.__str__


class CameraLost(HardwareError):
    pass


class NothingFound(StationError):
    exit_code = 1
