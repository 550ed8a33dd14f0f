"""How the camera stands to the treadmill: found once on an empty belt, kept, and watched afterwards.

`lines` finds straight edges, `orientation` reads roll and azimuth from them, `deck` the scale and the runner's zone,
`framing` judges light and sharpness, `scene` recognises the place again; `calibration` is the small file that is kept.
May import: types, ports, errors, config, files, sense.
"""
