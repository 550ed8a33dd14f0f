"""Colours: contrast after WCAG 2.2, and hues that stay apart for people who see fewer of them."""

from __future__ import annotations

import numpy as np
import pytest

from station.present.screen import theme

# Dichromats' colours in linear sRGB: Viénot, Brettel & Mollon 1999, Color Research and Application
# 24, 243-252.
DICHROMAT = {
    "protanopia": [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
    "deuteranopia": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
}

# Every pair that words are drawn in. A test holds them to WCAG 2.2: 4.5 to 1, also where large type
# would be allowed 3 to 1.
TEXT_PAIRS: tuple[tuple[theme.Colour, theme.Colour], ...] = (
    (theme.TEXT, theme.GROUND),
    (theme.TEXT, theme.PANEL),
    (theme.QUIET, theme.GROUND),
    (theme.QUIET, theme.PANEL),
    (theme.OWN, theme.GROUND),
    (theme.OWN, theme.PANEL),
    (theme.ACT, theme.GROUND),
    (theme.ACT, theme.PANEL),
    (theme.ON_HUE, theme.OWN),
    (theme.ON_HUE, theme.ACT),
)
# Every pair that a shape with a meaning is drawn in: 3 to 1 (WCAG 2.2, 1.4.11).
SHAPE_PAIRS: tuple[tuple[theme.Colour, theme.Colour], ...] = (
    (theme.OWN, theme.GROUND),
    (theme.OWN, theme.PANEL),
    (theme.OWN, theme.TRACK),
    (theme.ACT, theme.GROUND),
    (theme.ACT, theme.PANEL),
    (theme.TEXT, theme.TRACK),
    (theme.TEXT, theme.FAR),
    (theme.EDGE, theme.GROUND),
    (theme.EDGE, theme.TRACK),
    (theme.EDGE, theme.PANEL),
    (theme.FAR, theme.GROUND),
    (theme.BODY, theme.GROUND),
    (theme.SHADE, theme.GROUND),
    (theme.ACT, theme.TRACK),
    (theme.TEXT, theme.TRACK),
    (theme.TEXT, theme.EDGE),
)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)
    # The well-known grey just below AA.
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("pair", TEXT_PAIRS)
def test_words_reach_aa(pair: tuple[theme.Colour, theme.Colour]) -> None:
    assert contrast(*pair) >= 4.5


@pytest.mark.parametrize("pair", SHAPE_PAIRS)
def test_shapes_with_a_meaning_reach_three_to_one(pair: tuple[theme.Colour, theme.Colour]) -> None:
    assert contrast(*pair) >= 3.0


@pytest.mark.parametrize("kind", DICHROMAT)
def test_blue_and_amber_stay_apart(kind: str) -> None:
    own, act = (np.array(DICHROMAT[kind]) @ linear(colour) for colour in (theme.OWN, theme.ACT))
    assert np.linalg.norm(lab(own) - lab(act)) > 50  # CIE 1976; 2.3 is just noticeable


def linear(colour: theme.Colour) -> np.ndarray:
    part = np.array(colour) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b* (D65) of linear sRGB."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(np.maximum(to_xyz @ rgb / [0.9505, 1.0, 1.089], 1e-6))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def luminance(colour: theme.Colour) -> float:
    """Relative luminance 0..1 of an sRGB colour (WCAG 2.2, definition of relative luminance)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: theme.Colour, other: theme.Colour) -> float:
    """Contrast ratio 1..21 of two colours (WCAG 2.2, definition of contrast ratio)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
