"""Pelvic rotation from whatever shows it: hip landmarks, or a hip belt with printed tags.

`source` is the seam, `landmarks` and `belt` are the sources, `choice` hands them their inputs and picks the best; the `belt_*`
modules read a belt's shape and place. Pure: NumPy and types only.
"""
