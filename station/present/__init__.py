"""Cues and snapshots out: screen, sound, lights. Presenters decide nothing."""
