"""How the camera stands to the treadmill: found once on an empty belt, kept, and watched.

`watched` looks for some seconds; `lines` finds straight edges, `orientation` reads roll and azimuth
from them, `deck` the scale and the runner's zone, `framing` judges light and sharpness, `scene`
recognises the place again. `given` is what a person adds, `findings` says what was found,
`calibration` is what is kept of it. May import: types, ports, errors, check, config, files,
wall_clock, sense.
"""
