"""What a page shows, measured in its pixels: sides, scales, purity, and that nothing unknown can
break it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from station.cues.lines import LINES
from station.faults import BY_NAME, RULES
from station.present.screen import page, render_rgb, strings
from station.present.screen.box import Box
from station.present.screen.dial import Dial, swing
from station.present.screen.ink import KEPT_LAYERS, KEPT_WORDS, Ink, hang
from station.present.screen.theme import ACT, OWN, TEXT
from station.present.screen.views import live as live_view
from station.present.screen.zone import Shown, shown
from station.testing import screen_samples as samples
from station.types import ANGLES, JOINTS, NAN, QUANTITIES, Activity, Band, Cue, Gait, Measure, Mode, Pose, Snapshot, Station, View

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


def test_render_gives_pixels_of_its_own() -> None:
    one = render_rgb(samples.coach(), SIZE)
    pixels = one.tobytes()
    render_rgb(samples.idle(), SIZE)
    assert one.tobytes() == pixels


# --- the dial ---


def facing(direction: str | None) -> Snapshot:
    now = samples.coach_silent()
    near = {"left": "left", "right": "right", None: None}[direction]
    return replace(now, gait=replace(now.gait, direction=direction, near_side=near), view=View(960, 720))


def pushing(direction: str | None = "right", **more: object) -> Snapshot:
    """A cue about the leg behind the hip."""
    now = facing(direction)
    return replace(now, cue=samples.coach().cue, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("direction", "sign"), [("right", 1), ("left", -1), (None, 1)])
def test_the_zone_lies_behind_the_hip_wherever_the_runner_faces(ink: Ink, direction: str | None, sign: int) -> None:
    snapshot = pushing(direction, gait=replace(facing(direction).gait, curves=None))
    dial = Dial.within(live_view.layout(ink).body)
    band = snapshot.bands["tle_near_deg"]
    snapshot = replace(snapshot, recent={"tle_near_deg": Measure(band.low - 6, 0.0, 0.0, 12)})  # no mark in the middle
    image = render_rgb(snapshot, SIZE)
    for at, there in ((-(band.low + band.high) / 2, True), ((band.low + band.high) / 2, False)):
        x, y = (round(v) for v in hang(dial.hip, (dial.inner + dial.outer) / 2, sign * at))
        assert close(image[y, x], OWN) == there


def ambers(image: np.ndarray, box: Box) -> np.ndarray:
    """Columns and rows (N, 2) of amber below the headline."""
    part = image[round(box.y) : round(box.bottom), round(box.x) : round(box.right)]
    return np.argwhere(close(part, ACT))[:, ::-1] + (box.x, box.y)


@pytest.mark.parametrize(("direction", "sign"), [("right", 1), ("left", -1)])
def test_the_arrow_points_where_the_body_should_go(ink: Ink, direction: str, sign: int) -> None:
    """Push away: behind, so away from where the runner faces; and the leg that it is about is lit.
    """
    snapshot = pushing(direction)
    still = replace(snapshot, gait=replace(snapshot.gait, drawn=None, angles=None), pose=None)
    body = live_view.layout(ink).body
    dial = Dial.within(body)
    arrow = ambers(render_rgb(still, SIZE), body)
    assert len(arrow) > 300
    assert (sign * (arrow[:, 0] - dial.hip[0]) < 0).all(), "behind the hip"
    lit = ambers(render_rgb(snapshot, SIZE), body)
    assert len(lit) > len(arrow) + 3000, "the near leg"


@pytest.mark.parametrize(("rule", "to"), [(rule.name, rule.coaching.towards) for rule in RULES if rule.coaching])
def test_every_rule_lights_its_part_and_shows_its_number(ink: Ink, rule: str, to: str) -> None:
    coaching = BY_NAME[rule].coaching
    assert coaching is not None
    cue = Cue(0, 1, f"cue.{rule}", rule, "start", ("screen",), coaching.cue.screen)
    measures = {**samples.coach_silent().gait.measures, "cadence_spm": Measure(171.4, 170.0, 172.0, 36)}
    now = replace(samples.coach_silent(), cue=cue, gait=replace(samples.coach_silent().gait, measures=measures))
    said = words(ink, now)
    assert QUANTITIES[BY_NAME[rule].measure].short in said
    assert len(ambers(render_rgb(now, SIZE), live_view.layout(ink).body)) > 500


def test_silence_never_means_good_while_a_value_lies_outside_its_zone(ink: Ink) -> None:
    good = samples.coach_silent()
    assert LINES["mode.coach"].detail in words(ink, good)
    for name, value in (("pelvic_turn_deg", 2.0), ("cadence_spm", 140.0)):
        measures = {**good.gait.measures, name: Measure(value, value - 0.5, value + 0.5, 36)}
        said = words(ink, replace(good, gait=replace(good.gait, measures=measures)))
        assert LINES["mode.coach"].detail not in said
        assert strings.OUTSIDE in said
    recent = {"tle_near_deg": Measure(12.0, 11.0, 13.0, 12)}
    said = words(ink, replace(good, recent=recent))
    assert strings.OUTSIDE in said
    assert "12°" in said, "the number that lies outside is the one that is shown"


def test_an_interval_wider_than_the_norms_places_no_value_in_them(ink: Ink) -> None:
    good = samples.coach_silent()
    norm = replace(good, bands={"tle_near_deg": Band(20.0, 30.0)})
    for half, zoned in ((4.0, True), (5.5, False)):
        measures = {"tle_near_deg": Measure(25.0, 25.0 - half, 25.0 + half, 36)}
        vague = replace(norm, gait=replace(good.gait, measures=measures))
        assert (shown(vague).band is not None) == zoned
        assert (LINES["mode.coach"].detail in words(ink, vague)) == zoned
        assert strings.OUTSIDE not in words(ink, vague)
        cued = replace(vague, cue=samples.coach().cue)
        assert shown(cued).band is not None, "what a rule has decided by is shown"


def test_the_mark_stands_inside_the_zone_exactly_when_the_value_is_good() -> None:
    band = Band(24.0, 29.0)
    sides = [Shown("tle_near_deg", value, band).side for value in (20.0, 23.9, 24.1, 26.0, 28.9, 29.1, NAN)]
    assert sides == [-1, -1, 0, 0, 0, 1, 0]
    assert [Shown("tle_near_deg", value, band).colour for value in (20.0, 26.0)] == [ACT, OWN]


@pytest.mark.parametrize("thigh_deg", [-35.0, -10.0, 0.0, 20.0, 45.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_needle_points_at_the_thigh(ink: Ink, thigh_deg: float, sign: int) -> None:
    angles = samples.angles_at(0.3).copy()
    # The shank out of the way.
    angles["thigh_near_deg"], angles["shank_near_deg"] = thigh_deg, -80.0
    angles["thigh_far_deg"], angles["shank_far_deg"] = -60.0, -90.0
    now = pushing("right" if sign > 0 else "left", bands={})
    image = render_rgb(replace(now, gait=replace(now.gait, drawn=angles, curves=None)), SIZE)
    dial = Dial.within(live_view.layout(ink).body)
    ring = [image[tuple(round(v) for v in reversed(hang(dial.hip, dial.inner - 15, a)))] for a in np.arange(-60, 60.1, 0.5)]
    lit = np.flatnonzero(close(np.array(ring), TEXT)) / 2 - 60
    assert len(lit) > 2
    assert lit.mean() == pytest.approx(sign * thigh_deg, abs=0.8)


def test_the_needle_ends_its_swing_at_the_mark(ink: Ink) -> None:
    """The mark is without the pose model's bias; the needle must not reach a zone that it does not.
    """
    angles = samples.angles_at(0.3).copy()
    angles["thigh_near_deg"], angles["shank_near_deg"], angles["thigh_far_deg"] = -24.0, -80.0, -60.0
    seen = np.stack([np.linspace(34.0, -24.0, 51)] * 4)
    now = pushing("right", bands={}, recent={"tle_near_deg": Measure(18.0, 17.0, 19.0, 12)})
    image = render_rgb(replace(now, gait=replace(now.gait, drawn=angles, curves=seen)), SIZE)
    dial = Dial.within(live_view.layout(ink).body)
    ring = [image[tuple(round(v) for v in reversed(hang(dial.hip, dial.inner - 15, a)))] for a in np.arange(-60, 60.1, 0.5)]
    lit = np.flatnonzero(close(np.array(ring), TEXT)) / 2 - 60
    assert lit.mean() == pytest.approx(-18.0, abs=0.8)


def test_swing_is_the_median_of_the_last_ends() -> None:
    curves = np.zeros((3, 51))
    curves[:, 0], curves[:, 30] = (30, 32, 50), (-20, -22, -26)
    now = samples.coach_silent()
    assert swing(replace(now, gait=replace(now.gait, curves=curves))) == (32.0, 22.0)


# --- what is said ---


def test_the_pelvic_turn_or_the_reason(ink: Ink) -> None:
    now = samples.coach_silent()
    said = words(ink, now)
    assert "9°" in said
    cue = Cue(0, 1, "cue.locked_waist", "locked_waist", "start", ("screen",), "Pocket leads")
    measures = {"pelvic_turn_deg": Measure(7.7, 1.0, 14.0, 60, reason="too dark")}
    said = words(ink, replace(now, cue=cue, gait=replace(now.gait, measures=measures)))
    assert strings.CANNOT_TELL in said
    assert "too dark" in said
    assert "8°" not in said


def test_a_pelvis_that_is_not_measured_is_not_drawn_turning() -> None:
    """Only a hip belt shows the turn: with landmarks alone no picture of it moves."""
    seen = samples.hip_belt()
    without = replace(seen, gait=replace(seen.gait, hip_belt=None))
    turned = replace(seen, gait=replace(seen.gait, hip_belt=replace(seen.gait.hip_belt, turn_deg=-4.0)))
    assert not np.array_equal(render_rgb(seen, SIZE), render_rgb(turned, SIZE))
    spot = Dial.within(live_view.layout(Ink(SIZE)).body)
    area = Box(spot.hip[0] - 0.55 * spot.body, spot.hip[1] - 0.2 * spot.body, 0.25 * spot.body, 0.4 * spot.body)
    patch = render_rgb(without, SIZE)[round(area.y) : round(area.bottom), round(area.x) : round(area.right)]
    assert not close(patch, OWN).any()


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
    now = pushing()
    narrow = {"tle_near_deg": Band(30.0, 30.01)}
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
    band = Band(data.draw(st.floats(-400, 400)), data.draw(st.floats(-400, 400)))
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
    )
    page.paint(ink, snapshot)


def test_nothing_is_made_anew_while_numbers_stand_still(ink: Ink) -> None:
    read = samples.running(3.0)
    page.paint(ink, read)
    made = dict(ink._layers), ink._glyphs.cache_info().misses, ink._font.cache_info().misses
    for frame in range(8):
        page.paint(ink, samples.running(3.0 + frame / 30), read)
    assert (dict(ink._layers), ink._glyphs.cache_info().misses, ink._font.cache_info().misses) == made


def test_what_is_kept_is_bounded() -> None:
    ink = Ink((320, 320))
    for speed in range(KEPT_LAYERS + 5):
        ink.static(("x", speed), lambda: None)
    assert len(ink._layers) == KEPT_LAYERS
    for number in range(KEPT_WORDS + 50):
        ink.text(str(number), ink.page, 40)
    assert ink._glyphs.cache_info().currsize == KEPT_WORDS


@pytest.mark.parametrize("size", [(320, 320), (3840, 2160), (333, 777)])
def test_odd_sizes_are_drawn(size: tuple[int, int]) -> None:
    assert render_rgb(samples.coach(), size).shape == (size[1], size[0], 3)


def test_the_benchmark_measures_frames() -> None:
    from station.bench.drawing import draw_benchmark

    spent = draw_benchmark(seconds=0.05)
    assert len(spent) >= 1
    assert min(spent) > 0
