"""gait: landmarks to angles, strides, events and pelvic turn. Pure: no clock, file, chance."""

from station.gait.core import GaitCore

# Raised whenever the same landmarks may give other numbers.
CORE_VERSION = "4"

__all__ = ["CORE_VERSION", "GaitCore"]
