"""Pressure to at most one cue, and the session's modes. Pure."""

from station.cues.plan import Plan

__all__ = ["Plan"]
