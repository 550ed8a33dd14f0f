"""Colours, sizes and weights of the screen, and the contrast that they must keep.

Dark, because a bright panel beside the treadmill would light the runner and pull the eye. Two hues
carry meaning and both survive every colour blindness (sky blue and amber of Okabe & Ito, 2008,
lightened for the dark ground): blue is "yours", amber is "do this". Wherever a hue speaks, a shape
or a word says the same.
"""

from __future__ import annotations

from typing import Literal

Colour = tuple[int, int, int]  # sRGB, 0..255

GROUND: Colour = (13, 16, 21)  # colours chosen; their contrast is tested
PANEL: Colour = (23, 28, 35)  # likewise
TRACK: Colour = (33, 40, 49)  # the dial's ring
RULE: Colour = (52, 60, 71)  # hairlines and tracks; never text
# The band of other runners, and outlines that must be seen against the ground.
EDGE: Colour = (120, 132, 147)
FAR: Colour = (94, 106, 120)  # the far limbs
BODY: Colour = (150, 160, 172)  # likewise
SHADE: Colour = (190, 199, 209)  # the near arm and the waistband, in front of the trunk
TEXT: Colour = (241, 244, 247)  # likewise
QUIET: Colour = (164, 175, 188)  # labels and units
OWN: Colour = (104, 190, 240)  # the zone; "good"
ACT: Colour = (246, 190, 60)  # the cue; "attend to this"
ON_HUE: Colour = (16, 18, 22)  # words on a filled OWN or ACT


Weight = Literal["Medium", "SemiBold"]

# Type sizes in page units (em): 1280 x 720 units fill the screen, whatever its pixels.
ZONE_NUMBER = 250  # the one number of the live page
HERO = 112  # sizes in design pixels, chosen
CUE = 96  # likewise
CUE_NARROW = 66  # in portrait
BIG = 76  # likewise
HEAD = 54  # likewise
LEAD = 40  # likewise
BODY_SIZE = 32  # likewise
LABEL = 27  # likewise
TICK = 22  # the smallest: axis numbers
