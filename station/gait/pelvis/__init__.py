"""Pelvic rotation from whatever shows it: pixels round the hips, a hip belt, hip landmarks.

`source` is the seam, `pixels`, `belt` and `landmarks` are the sources, `choice` hands them their
inputs and picks the best; the `belt_*` modules read a belt's shape and place. Pure: NumPy, types
and stats only.
"""
