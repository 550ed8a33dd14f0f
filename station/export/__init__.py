"""A recording as files that other programs and people open: JSON, CSV, FIT, OpenSim, and the
report.

`bundle` writes all of them for `station export`, `station analyze --out` and the USB stick; each
format is one file. Nothing here reads the database or a device: a `types.Recording` comes in, bytes
go out.
May import: types, errors, files, wall_clock, record.
"""
