"""A USB stick is put in: what is on it, what may be read from it, and writing sessions onto it.

`job` is the exporter's half that is root, `owner` the half that is the station's user; `disk` finds
the volume, `stick` writes sessions, `signature` proves an installer's settings, `status` is how the
running station learns of it. May import: types, errors, config, files, wall_clock, provision,
record, export; `job` the standard library alone.
"""
