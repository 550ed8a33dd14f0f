"""`station bench`: what every stage costs on this machine, and the same frames through MediaPipe
beside it.

`stages` times the stages, `latency` the way from a pose to the light and the first sound sample,
`drawing` the screen. May import: everything but cli.
"""
