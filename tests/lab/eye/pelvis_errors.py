"""How the pelvis model errs over a stride, between people it never saw: what the station corrects
by and puts into its intervals.

    python -m tests.lab.eye.pelvis_errors MODEL.onnx RUN FILMS ... --clips CLIPS [--write]

Films are those of the ground's `--steady`: a person, clothes and a camera each. Over a film, what
is read at stride frequency is taken as gain times the true turn, plus drag times the thigh's swing
in phase with it, plus this film's own error. The scatter of these errors between films, freed of
what the noise of single frames adds, is how people differ; that of the quarter-stride part is kept
as a share of the spread that the model gives its frames. All held-out bodies give the table
(types.TurnBand). How often a 95 % interval holds the truth is counted body by body, with the table
that the other bodies give. --write puts the table beside the model, where the station reads it.
What a person's own change is worth comes from the rendered clips of tests/lab/end_to_end in CLIPS:
their own running against the same person's faults, through the whole station.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.gait.pelvis.pixels import WIDEST_SPREAD_DEG
from station.types import TurnBand
from tests.lab.end_to_end.models import SHIPPED
from tests.lab.end_to_end.pelvis import changes

from . import pelvis_measure as measure

AZIMUTHS_DEG = (12.0, 25.0, 45.0)
MOST_TURN_DEG = 20.0
"""Films of larger turns teach nothing of running: the 95th percentile of the norms is below it at
every speed.
"""
FEWEST_FILMS = 12
FEWEST_BODIES = 4


@dataclass(frozen=True)
class Films:
    """Per film (F,): `read`, `true` complex wave of the pelvis against the near thigh, `thigh` its
    swing; deg, peak to peak.

    `noise` is the variance that the scatter of single frames adds to one part of `read`, `spread`
    what the model says of them.
    """

    read: NDArray[np.complex128]
    true: NDArray[np.complex128]
    thigh: NDArray[np.float64]
    noise: NDArray[np.float64]
    spread: NDArray[np.float64]
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
        azimuth_deg, spread = abs(float(film.truth["bearing_deg"].mean())), float(np.median(film.spread_deg))
        rows.append((read, true, 2 * abs(thigh), noise, spread, azimuth_deg, film.truth["body"][0]))
    films = Films(*(np.array(column) for column in zip(*rows, strict=True)))
    return films.where((films.spread <= WIDEST_SPREAD_DEG) & (abs(films.true) <= MOST_TURN_DEG))


def fitted(films: Films) -> tuple[float, float]:
    """Gain and drag by least squares over both parts of all films, a film the less the less sure
    the model is.
    """
    left = np.concatenate([films.true.real, films.true.imag])
    drag = np.concatenate([films.thigh, np.zeros(len(films.thigh))])
    right = np.concatenate([films.read.real, films.read.imag])
    sure = 1 / np.tile(films.spread, 2)
    gain, share = np.linalg.lstsq(np.stack([left, drag], axis=1) * sure[:, None], right * sure, rcond=None)[0]
    return float(gain), float(share)


def band_of(films: Films, most_azimuth_deg: float) -> TurnBand | None:
    """None where too few films or bodies lie in it."""
    own = films.where(films.azimuth_deg <= most_azimuth_deg)
    bodies = np.unique(own.body)
    if len(own.read) < FEWEST_FILMS or len(bodies) < FEWEST_BODIES:
        return None
    gain, drag = fitted(own)
    rest = own.read - gain * own.true - drag * own.thigh
    quadrature_sd = _sd(float(np.mean((rest.imag / own.spread) ** 2)), float(np.mean(own.noise / own.spread**2)))
    return TurnBand(
        most_azimuth_deg,
        round(gain, 3),
        round(_gain_sd(own, quadrature_sd), 3),
        round(drag, 4),
        round(_sd(float(np.mean((rest.real / own.thigh) ** 2)), float(np.mean(own.noise / own.thigh**2))), 4),
        round(quadrature_sd, 3),
        0.0,
        len(own.read),
    )


def _sd(variance: float, noise: float) -> float:
    """What is left of the scatter without the noise, but never less than a quarter of it: noise is
    estimated too.
    """
    return float(np.sqrt(max(variance - noise, variance / 16)))


def _gain_sd(films: Films, quadrature_sd: float) -> float:
    """Between bodies, without what their films' own errors add. `quadrature_sd`: of these, per
    degree of spread.
    """
    gains, noise = [], []
    for body in np.unique(films.body):
        own = films.where(films.body == body)
        if len(own.read) >= 3:
            weight = abs(own.true) ** 2
            gains.append(fitted(own)[0])
            noise.append(float(np.sum(weight * ((quadrature_sd * own.spread) ** 2 + own.noise)) / weight.sum() ** 2))
    if len(gains) <= 2:
        return 0.3 * fitted(films)[0]
    return _sd(float(np.var(gains, ddof=1)), float(np.mean(noise)))


def halves(films: Films, band: TurnBand) -> NDArray[np.float64]:
    """Half of each film's 95 % interval of the quarter-stride part, deg."""
    value = films.read.imag / band.gain
    error = (band.quadrature_sd * films.spread) ** 2 + films.noise
    return 1.96 * np.sqrt(error / band.gain**2 + (band.gain_sd / band.gain * value) ** 2)


def covered(films: Films, most_azimuth_deg: float) -> tuple[float, float]:
    """Share of films whose true quarter-stride part lies in the 95 % interval by the other bodies'
    band; median half, deg.
    """
    own = films.where(films.azimuth_deg <= most_azimuth_deg)
    held, half = [], []
    for body in np.unique(own.body):
        judged, band = own.where(own.body == body), band_of(films.where(films.body != body), most_azimuth_deg)
        if band is not None:
            half += halves(judged, band).tolist()
            held += (abs(judged.read.imag / band.gain - judged.true.imag) <= halves(judged, band)).tolist()
    return float(np.mean(held)), float(np.median(half))


def main(model: Path, run: Path, folders: list[Path], clips: Path, write: bool) -> None:
    from .pelvis_train import shape_of

    films = films_of(measure.read(measure.exported(model), folders, shape_of(run)))
    bands = [band for most in AZIMUTHS_DEG if (band := band_of(films, most)) is not None]
    head = ("azimuth up to", "gain", "SD", "drag deg/deg", "SD", "quarter-stride SD per spread", "films", "held", "half, deg")
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    for band in bands:
        share, half = covered(films, band.most_azimuth_deg)
        own = {name: value for name, value in asdict(band).items() if name != "change_sd_deg"}
        print("| " + " | ".join(str(value) for value in (*own.values(), f"{100 * share:.0f} %", f"{half:.1f}")) + " |")
    if write:
        _write(model, bands)
        own = changes(clips, SHIPPED)
        change_sd_deg = round(float(np.sqrt(np.mean([(change.read - change.true) ** 2 for change in own]))), 2)
        print(f"\nOf a person's own change: SD {change_sd_deg} deg, {len(own)} changes.")
        _write(model, [replace(band, change_sd_deg=change_sd_deg) for band in bands])


def _write(model: Path, bands: list[TurnBand]) -> None:
    table = {"sha256": sha256(model.read_bytes()).hexdigest(), "bands": [asdict(band) for band in bands]}
    model.with_suffix(".errors.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.lab.eye.pelvis_errors")
    parser.add_argument("model", type=Path)
    parser.add_argument("run", type=Path, help="folder of the training run: its shape says what the network is shown")
    parser.add_argument("films", type=Path, nargs="+", help="folders of the ground's steady films")
    parser.add_argument("--clips", type=Path, required=True, help="folder of tests.lab.end_to_end, with poses")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    main(asked.model, asked.run, asked.films, asked.clips, asked.write)
