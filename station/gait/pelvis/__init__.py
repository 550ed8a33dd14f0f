"""Pelvic rotation from whatever shows it: hip landmarks, or a hip belt with printed tags.

`choice` picks the source, `landmarks` and `belt` are the sources; the `belt_*` modules read a belt's shape and place.
Pure: NumPy and types only.
"""
