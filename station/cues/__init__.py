"""Pressure to at most one cue, and the session's modes. Pure."""
