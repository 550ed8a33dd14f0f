"""How the pelvis model errs over a stride, between people it never saw: what the station corrects by and puts into its intervals.

    python -m tests.lab.eye.pelvis_errors MODEL.onnx FILMS ... [--write]

Films are those of the ground's `--steady`: a person, clothes and a camera each. Over a film, what is read at stride frequency is
taken as gain times the true turn, plus drag times the thigh's swing in phase with it, plus this film's own error. The scatter of
these errors between films, freed of what the noise of single frames adds, is how people differ. Half of the held-out bodies give
the table (types.TurnBand); on the other half it says how often a 95 % interval made of it holds the truth. --write puts the table
beside the model, where the station reads it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.types import TurnBand

from . import pelvis_measure as measure
from .pelvis_report import JUDGES, LEVELS

AZIMUTHS_DEG = (12.0, 25.0, 45.0)
FEWEST_FILMS = 12
FEWEST_BODIES = 4


@dataclass(frozen=True)
class Films:
    """Per film (F,): `read`, `true` complex wave of the pelvis against the near thigh, `thigh` its swing; deg, peak to peak.

    `noise` is the variance that the scatter of single frames adds to one part of `read`.
    """

    read: NDArray[np.complex128]
    true: NDArray[np.complex128]
    thigh: NDArray[np.float64]
    noise: NDArray[np.float64]
    azimuth_deg: NDArray[np.float64]
    body: NDArray[np.str_]

    def where(self, rows: NDArray[np.bool_]) -> Films:
        return Films(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def films_of(readings: measure.Readings) -> Films:
    rows = []
    for person in np.unique(readings.truth["person"]):
        film = readings.where(readings.truth["person"] == person)
        phase = film.truth["phase"]
        thigh, _ = measure.wave(film.truth["thigh_near_deg"], phase)
        (read, scatter), (true, _) = (measure.wave(v, phase) for v in (film.read_deg, film.truth["apparent_turn_deg"]))
        read, true = (2 * v * abs(thigh) / thigh for v in (read, true))
        noise = (2 * scatter) ** 2  # peak to peak, of one of the two parts
        rows.append((read, true, 2 * abs(thigh), noise, abs(float(film.truth["bearing_deg"].mean())), film.truth["body"][0]))
    return Films(*(np.array(column) for column in zip(*rows, strict=True)))


def fitted(films: Films) -> tuple[float, float]:
    """Gain and drag by least squares over both parts of all films."""
    left = np.concatenate([films.true.real, films.true.imag])
    drag = np.concatenate([films.thigh, np.zeros(len(films.thigh))])
    right = np.concatenate([films.read.real, films.read.imag])
    gain, share = np.linalg.lstsq(np.stack([left, drag], axis=1), right, rcond=None)[0]
    return float(gain), float(share)


def band_of(films: Films, most_azimuth_deg: float) -> TurnBand | None:
    """None where too few films or bodies lie in it."""
    own = films.where(films.azimuth_deg <= most_azimuth_deg)
    bodies = np.unique(own.body)
    if len(own.read) < FEWEST_FILMS or len(bodies) < FEWEST_BODIES:
        return None
    gain, drag = fitted(own)
    rest = own.read - gain * own.true - drag * own.thigh
    noise = float(own.noise.mean())
    gains = [fitted(own.where(own.body == body))[0] for body in bodies if (own.body == body).sum() >= 3]
    return TurnBand(
        most_azimuth_deg,
        round(gain, 3),
        round(float(np.std(gains, ddof=1)) if len(gains) > 2 else 0.3 * gain, 3),
        round(drag, 4),
        round(_sd((rest.real / own.thigh).var(), noise / float(np.mean(own.thigh) ** 2)), 4),
        round(_sd(rest.imag.var(), noise), 3),
        len(own.read),
    )


def _sd(variance: float, noise: float) -> float:
    """What is left of the scatter without the frames' noise, but never less than a quarter of it: noise is estimated too."""
    return float(np.sqrt(max(variance - noise, variance / 16)))


def covered(films: Films, band: TurnBand) -> float:
    """Share of films whose true quarter-stride part lies in the 95 % interval that the band gives for it."""
    own = films.where(films.azimuth_deg <= band.most_azimuth_deg)
    value = own.read.imag / band.gain
    half = 1.96 * np.sqrt((band.quadrature_sd_deg**2 + own.noise) / band.gain**2 + (band.gain_sd / band.gain * value) ** 2)
    return float(np.mean(abs(value - own.true.imag) <= half))


def main(model: Path, folders: list[Path], write: bool) -> None:
    from .pelvis_train import trained  # the network's shape says what it is shown

    shape = trained(folders[0])[0].shape
    films = films_of(measure.read(model, folders[1:], shape))
    levels, judges = (films.where(np.isin(films.body, list(names))) for names in (LEVELS, JUDGES))
    bands = [band for most in AZIMUTHS_DEG if (band := band_of(levels, most)) is not None]
    print("| azimuth up to | gain | SD | drag deg/deg | SD | quarter-stride SD, deg | films | 95 % holds, other bodies |")
    print("|---" * 8 + "|")
    for band in bands:
        held = f"{100 * covered(judges, band):.0f} %"
        print("| " + " | ".join(str(value) for value in (*asdict(band).values(), held)) + " |")
    if write:
        table = {"sha256": sha256(model.read_bytes()).hexdigest(), "bands": [asdict(band) for band in bands]}
        model.with_suffix(".errors.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    paths = [Path(word) for word in sys.argv[1:] if not word.startswith("--")]
    main(paths[0], paths[1:], "--write" in sys.argv)
