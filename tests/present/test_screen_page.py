"""What a page shows, measured in its pixels: sides, scales, purity, and that nothing unknown can break it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from station.cues.lines import LINES
from station.present.screen import page, render, render_rgb, strings
from station.present.screen.dial import Dial, bands, swing
from station.present.screen.ink import KEPT_LAYERS, KEPT_WORDS, Ink, hang
from station.present.screen.theme import ACT, OWN, TEXT
from station.present.screen.views import live as live_view
from station.testing import screen_samples as samples
from station.types import ANGLES, JOINTS, NAN, Activity, Band, Cue, Gait, Measure, Mode, Pose, Snapshot, Station, View

SIZE = (1280, 720)


@pytest.fixture(scope="module")
def ink() -> Ink:
    return Ink(SIZE)


def words(ink: Ink, snapshot: Snapshot, read: Snapshot | None = None) -> list[str]:
    ink._layers.clear()
    ink.placed = []
    page.paint(ink, snapshot, read)
    said = [line.words for line in ink.placed]
    ink.placed = None
    return said


def close(pixels: np.ndarray, colour: tuple[int, int, int], tolerance: int = 12) -> np.ndarray:
    return (np.abs(pixels.astype(int) - colour) <= tolerance).all(axis=-1)


def test_every_mode_has_a_view_and_a_sample() -> None:
    assert set(page.VIEWS) == set(Mode)
    assert {samples.sample(name).mode for name in samples.SAMPLES} == set(Mode)


def test_render_is_a_pure_function() -> None:
    first = render_rgb(samples.coach(), SIZE)
    render_rgb(samples.baseline(), SIZE)
    render_rgb(samples.idle(), (800, 480))
    assert np.array_equal(first, render_rgb(samples.coach(), SIZE))
    assert first.shape == (720, 1280, 3)
    assert first.dtype == np.uint8


def test_render_gives_a_surface_of_its_own() -> None:
    import pygame

    one = render(samples.coach(), SIZE)
    pixels = pygame.image.tobytes(one, "RGB")
    render(samples.idle(), SIZE)
    assert one.get_size() == SIZE
    assert pygame.image.tobytes(one, "RGB") == pixels
    assert pixels == render_rgb(samples.coach(), SIZE).tobytes()


# --- the dial ---


def facing(direction: str | None) -> Snapshot:
    now = samples.coach_silent()
    near = {"left": "left", "right": "right", None: None}[direction]
    return replace(now, gait=replace(now.gait, direction=direction, near_side=near), view=View(960, 720))


@pytest.mark.parametrize(("direction", "sign"), [("right", 1), ("left", -1), (None, 1)])
def test_forward_is_where_the_runner_faces(ink: Ink, direction: str | None, sign: int) -> None:
    snapshot = facing(direction)
    image = render_rgb(snapshot, SIZE)
    dial = Dial.within(live_view.layout(ink).dial)
    own, _ = bands(snapshot, "thigh_forward_near_deg")
    assert own is not None
    for at, there in (((own.low + own.high) / 2, True), (-(own.low + own.high) / 2, False)):
        x, y = (round(v) for v in hang(dial.hip, (dial.lane + dial.outer) / 2, sign * at))
        assert close(image[y, x], OWN) == there


@pytest.mark.parametrize("thigh_deg", [-35.0, -10.0, 0.0, 20.0, 45.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_needle_points_at_the_thigh(ink: Ink, thigh_deg: float, sign: int) -> None:
    angles = samples.angles_at(0.3).copy()
    angles["thigh_near_deg"], angles["shank_near_deg"] = thigh_deg, -80.0  # the shank out of the way
    angles["thigh_far_deg"], angles["shank_far_deg"] = -60.0, -90.0
    now = facing("right" if sign > 0 else "left")
    image = render_rgb(replace(now, gait=replace(now.gait, drawn=angles, curves=None)), SIZE)
    dial = Dial.within(live_view.layout(ink).dial)
    ring = [image[tuple(round(v) for v in reversed(hang(dial.hip, dial.inner - 15, a)))] for a in np.arange(-60, 60.1, 0.5)]
    lit = np.flatnonzero(close(np.array(ring), TEXT)) / 2 - 60
    assert len(lit) > 2
    assert lit.mean() == pytest.approx(sign * thigh_deg, abs=0.8)


def test_the_numbers_stand_on_the_side_of_their_end(ink: Ink) -> None:
    where = live_view.layout(ink)
    for direction, forward_box in (("right", where.right), ("left", where.left)):
        ink.placed = []
        page.paint(ink, facing(direction))
        place = {line.words: line.ink.centre[0] for line in ink.placed}
        ahead, behind = swing(facing(direction))
        assert forward_box.x <= place[strings.FORWARD] <= forward_box.right
        assert abs(place[f"{ahead:.0f}°"] - place[strings.FORWARD]) < 80
        assert abs(place[f"{behind:.0f}°"] - place[strings.BEHIND]) < 80
    ink.placed = None


def test_swing_is_the_median_of_the_last_ends() -> None:
    curves = np.zeros((3, 51))
    curves[:, 0], curves[:, 30] = (30, 32, 50), (-20, -22, -26)
    now = samples.coach_silent()
    assert swing(replace(now, gait=replace(now.gait, curves=curves))) == (32.0, 22.0)


def test_own_band_and_norm_are_told_apart() -> None:
    now = samples.coach_silent()
    own, norm = bands(now, "tle_near_deg")
    assert own == Band(24.0, 29.0, "own")
    assert norm is not None
    assert now.norm_curve is not None
    assert (norm.low, norm.high) == pytest.approx((-now.norm_curve[2].min(), -now.norm_curve[0].min()))
    assert bands(replace(now, norm_curve=None), "tle_near_deg") == (own, None)
    given_norm = {"tle_near_deg": Band(23.0, 33.0, "norm")}
    assert bands(replace(now, bands=given_norm, norm_curve=None), "tle_near_deg") == (None, Band(23.0, 33.0, "norm"))
    assert bands(replace(now, bands={}, norm_curve=None), "tle_near_deg") == (None, None)


# --- the plot ---


@pytest.mark.parametrize(("peak", "share"), [(12, 0.24), (25, 0.5), (38, 0.76)])
def test_the_plot_puts_forward_up_and_the_stride_from_left_to_right(ink: Ink, peak: int, share: float) -> None:
    curve = 40 * np.exp(-0.5 * ((np.arange(51) - peak) / 3) ** 2) - 10
    now = samples.coach_silent()
    image = render_rgb(replace(now, gait=replace(now.gait, curves=curve[None]), norm_curve=None), SIZE)
    box = live_view.layout(ink).plot
    part = image[round(box.y) + 60 : round(box.bottom) - 45, round(box.x) + 72 : round(box.right) - 20]
    rows, columns = np.nonzero(close(part, OWN, 20))
    top = columns[rows == rows.min()].mean() / part.shape[1]
    assert top == pytest.approx(share, abs=0.03)


# --- what is said ---


def test_the_pelvic_turn_or_the_reason(ink: Ink) -> None:
    now = samples.coach_silent()
    said = words(ink, now)
    assert "8.6°" in said
    assert "± 1.7°" in said
    cannot = replace(now, gait=replace(now.gait, measures={"pelvic_turn_deg": Measure(7.7, 1.0, 14.0, 60, reason="too dark")}))
    said = words(ink, cannot)
    assert strings.CANNOT_TELL in said
    assert "too dark" in said
    assert "7.7°" not in said


def test_a_cue_is_filled_with_amber_and_praise_with_blue(ink: Ink) -> None:
    box = live_view.layout(ink).headline
    spot = slice(round(box.y) + 4, round(box.y) + 10), slice(round(box.x) + 40, round(box.right) - 40)
    assert close(render_rgb(samples.coach(), SIZE)[spot], ACT).all()
    assert close(render_rgb(samples.praise(), SIZE)[spot], OWN).all()
    assert not close(render_rgb(samples.coach_silent(), SIZE)[spot], ACT).any()


def test_a_line_of_the_station_is_no_correction(ink: Ink) -> None:
    line = Cue(0, 1, "mode.baseline", "", "start", ("screen",), "Just run")
    image = render_rgb(replace(samples.coach_silent(), mode=Mode.BASELINE, cue=line), SIZE)
    assert not close(image, ACT).any()
    voice = replace(line, id="voice.off", text="Voice off")
    said = words(ink, replace(samples.coach_silent(), cue=voice))
    assert {"Voice off", LINES["voice.off"].detail} <= set(said)


@pytest.mark.parametrize(("prompt", "expected"), [("drill.near", "42°"), ("drill.far", "17°")])
def test_the_drill_follows_the_knee_that_is_to_be_lifted(ink: Ink, prompt: str, expected: str) -> None:
    drill = samples.drill()
    assert drill.gait.drawn is not None
    angles = drill.gait.drawn.copy()
    angles["thigh_far_deg"] = 17.0
    assert expected in words(ink, replace(drill, prompt=prompt, gait=replace(drill.gait, drawn=angles)))


def test_a_warning_is_seen_during_the_contrast_trial() -> None:
    warning = Cue(0, 1, "safety.rear", "", "start", ("screen",), "Come forward")
    assert close(render_rgb(replace(samples.contrast(), cue=warning), SIZE), ACT).sum() > 10_000
    assert not close(render_rgb(samples.contrast(), SIZE), ACT).any()


def test_landmarks_without_a_picture_are_framed_too() -> None:
    framing = samples.framing()
    image = render_rgb(replace(framing, station=Station()), SIZE)
    assert close(image, OWN).sum() > 1000


def test_a_narrow_band_can_still_be_seen() -> None:
    now = samples.coach_silent()
    narrow = {name: Band(30.0, 30.01, "own") for name in ("thigh_forward_near_deg", "tle_near_deg")}
    none = close(render_rgb(replace(now, bands={}), SIZE), OWN).sum()
    assert close(render_rgb(replace(now, bands=narrow), SIZE), OWN).sum() > none + 200


def test_numbers_come_from_the_older_snapshot_and_the_body_from_the_live_one(ink: Ink) -> None:
    old = samples.running(10.0)
    now = samples.running(10.2)
    now = replace(now, gait=replace(now.gait, measures={"cadence_spm": Measure(199.0, 198, 200, 30)}))
    said = words(ink, now, old)
    assert "171" in said
    assert "199" not in said
    both = ink.pixels.copy()
    page.paint(ink, old, old)
    assert not np.array_equal(both, ink.pixels)  # the figure has moved on


@pytest.mark.parametrize("mode", [Mode.IDLE, Mode.FRAMING])
def test_trouble_takes_the_page_while_nobody_runs(ink: Ink, mode: Mode) -> None:
    station = Station(healthy=False, trouble=(("No camera", "Plug it in"),))
    said = words(ink, replace(samples.sample(mode.value), station=station))
    assert {strings.TROUBLE_HEADLINE, "No camera", "Plug it in"} <= set(said)


@pytest.mark.parametrize("mode", sorted(set(Mode) - {Mode.IDLE, Mode.FRAMING}))
def test_trouble_is_discreet_in_a_session(ink: Ink, mode: Mode) -> None:
    station = Station(healthy=False, trouble=(("No loudspeaker", "Plug it in"),))
    said = words(ink, replace(samples.sample(mode.value), station=station))
    assert "No loudspeaker" in said
    assert strings.TROUBLE_HEADLINE not in said


def test_the_camera_picture_is_shown_in_framing_only() -> None:
    picture = np.full((90, 120, 3), (200, 30, 200), np.uint8)
    for name in samples.SAMPLES:
        snapshot = samples.sample(name)
        image = render_rgb(replace(snapshot, station=replace(snapshot.station, thumbnail=picture)), SIZE)
        assert close(image, (200, 30, 200)).any() == (name == "FRAMING")


def test_a_change_within_its_interval_is_not_painted_as_one() -> None:
    done = samples.done()
    assert done.page is not None
    small = ("pelvic_turn_deg", Measure(7.0, 5.0, 9.0, 30), Measure(8.0, 6.0, 10.0, 30))
    large = ("pelvic_turn_deg", Measure(7.0, 6.8, 7.2, 30), Measure(12.0, 11.8, 12.2, 30))
    blue = [close(render_rgb(replace(done, page=replace(done.page, rows=(row,))), SIZE), OWN).sum() for row in (small, large)]
    assert blue[1] > blue[0] + 100


# --- robustness and cost ---


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_unknown_breaks_a_page(ink: Ink, data: st.DataObject) -> None:
    number = st.one_of(st.just(NAN), st.floats(-400, 400))
    angles = np.zeros(1, ANGLES)[0]
    for name in ANGLES.names or ():
        angles[name] = data.draw(number)
    xy = np.full((JOINTS, 2), data.draw(number), np.float32)
    count = data.draw(st.integers(0, 6))
    curves = np.full((count, 51), data.draw(number)) if data.draw(st.booleans()) else None
    measure = Measure(*(data.draw(number) for _ in range(3)), 3, data.draw(st.sampled_from(["", "too dark"])))
    gait = Gait(
        0,
        Activity.RUNNING,
        direction=data.draw(st.sampled_from([None, "left", "right"])),
        angles=angles,
        drawn=data.draw(st.sampled_from([None, angles])),
        measures={"pelvic_turn_deg": measure, "cadence_spm": measure},
        curves=curves,
    )
    band = Band(data.draw(st.floats(-400, 400)), data.draw(st.floats(-400, 400)), "own")
    snapshot = Snapshot(
        0,
        data.draw(st.sampled_from(Mode)),
        data.draw(number),
        data.draw(number),
        gait,
        pose=Pose(0, xy, np.ones(JOINTS, np.float32)),
        view=View(data.draw(st.sampled_from([0, 640])), 480, roll_deg=data.draw(st.floats(-45, 45))),
        bands={"tle_near_deg": band, "pelvic_turn_deg": band},
        prompt=data.draw(st.sampled_from(["", "drill.near", "nobody.knows"])),
        progress=data.draw(number),
        norm_curve=np.full((3, 51), data.draw(number)),
    )
    page.paint(ink, snapshot)


def test_nothing_is_made_anew_while_numbers_stand_still(ink: Ink) -> None:
    read = samples.running(3.0)
    page.paint(ink, read)
    made = dict(ink._words), dict(ink._layers), dict(ink._fonts)
    for frame in range(8):
        page.paint(ink, samples.running(3.0 + frame / 30), read)
    assert (dict(ink._words), dict(ink._layers), dict(ink._fonts)) == made


def test_what_is_kept_is_bounded() -> None:
    ink = Ink((320, 320))
    for speed in range(KEPT_LAYERS + 5):
        ink.static(("x", speed), lambda: None)
    assert len(ink._layers) == KEPT_LAYERS
    for number in range(KEPT_WORDS + 50):
        ink.text(str(number), ink.page, 40)
    assert len(ink._words) == KEPT_WORDS


@pytest.mark.parametrize("size", [(320, 320), (3840, 2160), (333, 777)])
def test_odd_sizes_are_drawn(size: tuple[int, int]) -> None:
    assert render_rgb(samples.coach(), size).shape == (size[1], size[0], 3)


def test_the_benchmark_measures_frames() -> None:
    from station.bench.drawing import draw_benchmark

    spent = draw_benchmark(seconds=0.05)
    assert len(spent) >= 1
    assert min(spent) > 0
