"""Pressure to at most one cue, and the session's modes. Pure."""

from station.cues.governor import Governor, Now, Speaker
from station.cues.plan import Plan
from station.cues.session import Session

__all__ = ["Governor", "Now", "Plan", "Session", "Speaker"]
