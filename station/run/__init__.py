"""Wiring: the running station, analysis, replay, bench, doctor."""
