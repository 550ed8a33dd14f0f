"""The `station` command: a function per sub-command, no logic; heavy imports inside."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import traceback
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from station import __version__
from station.errors import StationError, UsageError

BUG = 70  # EX_SOFTWARE of sysexits.h
BUG_WORDS = "this is a bug. Please report the lines above."
INTERRUPTED, READER_GONE = 130, 141  # as the shell has it for SIGINT and SIGPIPE
FILE = click.Path(path_type=Path)


class Destination(click.ParamType):
    """A place to write to, refused before any work when nothing can be written there."""

    def __init__(self, *, folder: bool = False, suffix: str = "", dash: bool = False) -> None:
        self.name = "folder" if folder else "file"
        self._folder, self._suffix, self._dash = folder, suffix, dash

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from station.files import why_no_folder, why_not_writable

        if self._dash and str(value) == "-":
            return value
        path = Path(value)
        why = why_no_folder(path) if self._folder else why_not_writable(path)
        if not why and self._suffix and path.suffix.lower() != self._suffix:
            why = f"the name must end in {self._suffix}"
        if why:
            raise UsageError(f"cannot be written: {why}", str(path), "choose another place")
        return value if self._dash else path


TO_FOLDER, TO_FILE = Destination(folder=True), Destination()
CONFIG = click.option(
    "--config",
    "config_file",
    type=FILE,
    metavar="FILE",
    envvar="STATION_CONFIG",
    show_envvar=True,
    help="Settings (station.toml); all have defaults.",
)
JSON = click.option(
    "--json",
    "json_to",
    type=Destination(dash=True),
    metavar="FILE|-",
    help="Write JSON to FILE; - is standard output, and then nothing else goes there.",
)
FPS = click.option(
    "--fps",
    type=click.FloatRange(1, 2000),
    help="Of a film: frames a second at which the camera took it, where the file does not say or says it wrong.",
)
TURN = click.option(
    "--turn",
    "turned_deg",
    type=click.Choice(["90", "180", "270"]),
    help="Of a film that lies on its side: turn its frames so far clockwise.",
)
OPENSIM = click.option("--opensim", is_flag=True, help="Also angles.mot and markers.trc, for OpenSim.")


class Commands(click.Group):
    """Lists commands with their whole first sentence, which click cuts at the terminal's width."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(1000)) for name, command in sorted(self.commands.items())])


class ScreenCommand(click.Command):
    """Names the views in its help; they are imported only for that."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from station.testing.screen_samples import SAMPLES

        with formatter.section("Views"):
            formatter.write_text(", ".join(SAMPLES))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="station")
def cli() -> None:
    """A coach beside the treadmill: sees the hip, says one thing, keeps no picture.

    Exit codes: 0 done; 1 finished with a problem it names; 2 wrong use, configuration or input; 3
    hardware missing; 70 a bug.
    """


@cli.command()
@CONFIG
@click.option(
    "--source",
    "source_text",
    default="picamera",
    show_default=True,
    metavar="picamera|webcam[:N]|VIDEO|POSES.npz",
    help="Where the frames come from; a file plays in real time.",
)
@click.option("--headless", is_flag=True, help="No screen: cues by sound and light, and the log on standard error.")
@click.option("--speed-kmh", type=click.FloatRange(0, 30, min_open=True), help="Belt speed, when the treadmill cannot tell it.")
@FPS
@TURN
def run(fps: float | None, turned_deg: str | None, **options: Any) -> None:
    """Coach live until stopped: the station's main job."""
    from station.run.start import Options, run_station
    from station.sense.film_reading import FilmReading

    run_station(Options(reading=FilmReading(fps, int(turned_deg or 0)), **options))


@cli.command()
@click.option("--headless", is_flag=True, help="No window; what happens is printed.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="Stop after that long (default: the whole clip once).")
def demo(headless: bool, seconds: float | None) -> None:
    """The whole station on a bundled clip, with stand-ins for camera, pins and, where there is
    none, loudspeaker.
    """
    from station.run.demo import run_demo

    run_demo(headless, seconds)


@cli.command()
@click.argument("source_text", metavar="VIDEO|POSES.npz|webcam[:N]")
@CONFIG
@click.option("--speed-kmh", type=click.FloatRange(0, 30, min_open=True), help="Belt speed.")
@click.option("--direction", type=click.Choice(["left", "right"]), help="The way the runner faces (default: found by itself).")
@JSON
@click.option("--out", "out_dir", type=TO_FOLDER, metavar="DIR", help="Write the files of an export there.")
@OPENSIM
@click.option("--overlay", is_flag=True, help="With --out: also overlay.mp4, the video with the measured lines drawn in.")
@click.option("--coach", "coached", is_flag=True, help="Keep the live session's schedule (silences, baseline, fading).")
@FPS
@TURN
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="Stop after that long (default: all; a camera 60 s).")
def analyze(fps: float | None, turned_deg: str | None, **options: Any) -> None:
    """Measure a recording with the same core, every frame, as fast as it goes."""
    from station.run.analyze import Options, run_analysis
    from station.sense.film_reading import FilmReading

    run_analysis(Options(reading=FilmReading(fps, int(turned_deg or 0)), **options))


@cli.command()
@click.argument("log_file", type=FILE, metavar="LOG")
@click.option("--compare", is_flag=True, help="Compare with the cues that were given live; print the first that differs.")
def replay(log_file: Path, compare: bool) -> None:
    """Put a recorded input log through the coach again: the same cues, to the bit."""
    from station.run.replay import run_replay

    run_replay(log_file, compare)


@cli.command()
@CONFIG
@JSON
def sessions(config_file: Path | None, json_to: str | None) -> None:
    """List what is stored."""
    from station.run.stored import list_sessions

    list_sessions(config_file, json_to)


@cli.command()
@CONFIG
@click.option("--session", default="last", show_default=True, metavar="ID|last|all", help="Which session.")
@click.option("--to", "folder", type=TO_FOLDER, required=True, metavar="DIR", help="Where to write.")
@OPENSIM
@click.option(
    "--started",
    type=click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]),
    metavar="'YYYY-MM-DD HH:MM'",
    help="When one session began, in the station's time zone, where its clock was not set.",
)
def export(config_file: Path | None, session: str, folder: Path, opensim: bool, started: datetime | None) -> None:
    """Write stored sessions: the same files that the USB stick gets."""
    from station.run.stored import export_sessions

    export_sessions(config_file, session, folder, opensim, started)


@cli.command()
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="AFTER")
@CONFIG
@JSON
@click.option("--out", type=Destination(suffix=".html"), metavar="FILE.html", help="Write a page.")
def compare(**options: Any) -> None:
    """Show what changed between two sessions of one runner: each a stored session, a folder of
    exported files, or what `analyze --json` wrote.
    """
    from station.run.compare import run_comparison

    run_comparison(**options)


@cli.command()
@click.argument("session_ids", nargs=-1, required=True, metavar="SESSION...")
@CONFIG
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(session_ids: tuple[str, ...], config_file: Path | None, yes: bool) -> None:
    """Delete stored sessions and their landmarks for good, as when a runner withdraws. Asks first.
    """
    from station.run.stored import forget_sessions

    forget_sessions(config_file, session_ids, yes)


@cli.command()
@click.argument("reference", type=FILE, metavar="CSV", required=False)
@CONFIG
@click.option("--session", "sessions", multiple=True, metavar="ID|last|all", help="Stored session (default: as the rows name).")
@click.option("--against", "folders", multiple=True, type=FILE, metavar="DIR", help="What `analyze --out` or an export wrote.")
@click.option("--offset", "offset_s", type=float, metavar="SECONDS", help="Station's clock minus reference's (default: found).")
@click.option("--within", multiple=True, metavar="NAME=VALUE", help="A tolerance other than the usual one.")
@click.option("--keep-units", is_flag=True, help="Compare values as they are, even when they look like another unit.")
@JSON
@click.option("--out", type=Destination(suffix=".html"), metavar="FILE.html", help="Write a page with Bland-Altman plots.")
@click.option("--columns", is_flag=True, help="List what a reference file may hold, and leave.")
def validate(columns: bool, **options: Any) -> None:
    """Compare hand counts, or another system's values, with what the station measured."""
    from station.run.validate import Options, print_columns, run_validation

    if columns:
        print_columns()
    elif options["reference"] is None:
        raise click.UsageError("name the CSV file")
    else:
        run_validation(Options(**options))


@cli.command()
@CONFIG
@click.option(
    "--source",
    "source_text",
    default="picamera",
    show_default=True,
    metavar="picamera|webcam[:N]|FILE",
    help="A webcam, a video or a photograph instead.",
)
@click.option("--seconds", type=click.FloatRange(1, 120), default=8.0, show_default=True, help="How long to look.")
@click.option("--plumb", metavar="X1,Y1,X2,Y2", help="A plumb line's ends in the frame, for the roll.")
@click.option("--deck", metavar="X1,Y1,X2,Y2", help="Two points on the deck's near edge, --deck-length-m apart.")
@click.option("--deck-length-m", type=click.FloatRange(0.3, 4), help="The near edge, end to end.")
@click.option("--deck-width-m", type=click.FloatRange(0.3, 1.5), help="Over both side rails.")
@click.option("--distance-m", type=click.FloatRange(0.5, 10), help="From the lens to the belt's middle.")
@click.option("--direction", type=click.Choice(["left", "right"]), help="The way the runner faces (default: from a runner).")
@click.option("--picture", type=TO_FILE, metavar="OUT.png", help="Draw what was found into a picture of the empty treadmill.")
@JSON
def calibrate(**options: Any) -> None:
    """Find out how the camera stands to the treadmill, and keep it: framing, light, roll, scale,
    direction, zone.
    """
    from station.run.calibrate import Options, run_calibration

    run_calibration(Options(**options))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable verdicts.")
@CONFIG
def doctor(config_file: Path | None, as_json: bool) -> None:
    """Check every part: verdict, evidence, remedy."""
    from station.run.doctor import run_doctor

    run_doctor(config_file, as_json)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable result.")
@click.option("--vs", type=click.Choice(["mediapipe"]), help="The same clip through that peer, in the same run.")
@click.option("--peer-python", type=FILE, metavar="FILE", help="The Python that has the peer installed (default: this one).")
@click.option("--clip", type=FILE, metavar="VIDEO", help="Which clip (default: the bundled one).")
@click.option("--frames", type=click.IntRange(10), default=120, show_default=True, help="How many of its frames.")
@click.option(
    "--latency", is_flag=True, help="Only the way from pose to pin edge and first audio sample, in the running station."
)
def bench(**options: Any) -> None:
    """Time every stage on this machine, and how fast films are analysed."""
    from station.bench.stages import run_bench

    run_bench(**options)


@cli.command("hip-belt")
@click.argument("source_text", metavar="PICTURE|VIDEO|picamera|webcam[:N]")
@CONFIG
@JSON
def hip_belt(source_text: str, config_file: Path | None, json_to: str | None) -> None:
    """Read a printed hip belt, or its sheets: which tags, upright, sharp, large enough, well
    spaced.
    """
    from station.run.hip_belt_check import check_hip_belt

    check_hip_belt(source_text, config_file, json_to)


@cli.command(cls=ScreenCommand)
@click.argument("view")
@click.option("--png", type=Destination(suffix=".png"), required=True, metavar="FILE.png", help="Where to write the picture.")
@click.option("--size", default="1280x720", show_default=True, metavar="WxH")
def screen(view: str, png: Path, size: str) -> None:
    """Draw one view of the screen with sample data into a picture, as it is on a screen of that
    size.
    """
    from station.run.picture import draw_view

    draw_view(view, png, size)


@cli.command()
@click.argument("name", required=False)
def schema(name: str | None) -> None:
    """Print the JSON Schema of what a command writes with --json, or of session.json; without NAME,
    the list.
    """
    from station.run.schema import print_schema

    print_schema(name)


@cli.command("config")
@CONFIG
@click.option("--example", is_flag=True, help="A settings file that explains every key instead, with all defaults.")
@click.option("--data-dir", type=FILE, metavar="DIR", help="With --example: set station.data_dir to it.")
def config_(config_file: Path | None, example: bool, data_dir: Path | None) -> None:
    """Print the settings in force and where they come from."""
    from station.run import settings_file

    if example:
        click.echo(settings_file.example(data_dir), nl=False)
    elif data_dir is not None:
        raise click.UsageError("--data-dir goes with --example")
    else:
        settings_file.print_settings(config_file)


@cli.command("sign-settings")
@click.argument("settings_file", type=FILE, metavar="station.toml", required=False)
@click.option("--key", "key_file", type=FILE, metavar="FILE", help="The key that the stations have too; never on a stick.")
@click.option("--to", "folder", type=TO_FOLDER, metavar="DIR", help="The top of the stick.")
@click.option("--new-key", "new_key_file", type=TO_FILE, metavar="FILE", help="Make a key there, and leave.")
def sign_settings(settings_file: Path | None, key_file: Path | None, folder: Path | None, new_key_file: Path | None) -> None:
    """Sign settings for an installer's stick, on the installer's own machine.

    Stations take them only with this signature, and only when nothing newer was taken before.
    """
    from station.run import sign

    if new_key_file is not None:
        sign.new_key(new_key_file)
    elif settings_file is None or key_file is None or folder is None:
        raise click.UsageError("name the settings, --key and --to; or --new-key alone")
    else:
        sign.sign_settings(settings_file, key_file, folder)


@cli.group(cls=Commands)
def models() -> None:
    """The pose models: check them, rebuild them."""


@models.command()
@click.option("--dir", "folder", type=FILE, metavar="DIR", help="The models' folder (default: the station's own).")
def verify(folder: Path | None) -> None:
    """Compare every model file with the hash on its card."""
    from station.run.models import verify_models

    verify_models(folder)


@models.command()
@click.option("--dir", "folder", type=FILE, metavar="DIR", help="Where to write (default: the station's own).")
@click.option("--wheel", type=FILE, metavar="FILE", help="The package file with the published weights, when already here.")
def build(folder: Path | None, wheel: Path | None) -> None:
    """Rebuild the ONNX files from the published weights, bit for bit (needs the build-models extra
    and a package index).
    """
    from station.run.models import build_models

    build_models(folder, wheel)


def main(arguments: list[str] | None = None) -> Any:
    """Entry point: every error becomes one message and the exit code of its kind."""
    # Its greeting would spoil JSON on standard output.
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    if sys.stdout is sys.__stdout__ and sys.stdout is not None:
        sys.stdout = _StandardOutput.opened()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        code = cli.main(args=arguments, prog_name="station", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.exceptions.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        with contextlib.suppress(OSError):
            error.show()
        sys.exit(2)
    except _OutputBroken as error:
        if error.exit_code != READER_GONE:
            _complain(f"station: {error}")
        sys.exit(error.exit_code)
    except StationError as error:
        _complain(f"station: {error}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        _complain(f"{''.join(traceback.format_exception(error))}station {__version__}: {BUG_WORDS}")
        sys.exit(BUG)
    sys.exit(code if isinstance(code, int) else 0)


def _complain(words: str) -> None:
    """Standard error may be full or closed: the exit code says it all the same."""
    with contextlib.suppress(OSError, ValueError):
        click.echo(words, err=True)


class _OutputBroken(StationError):
    """Standard output takes nothing: its disk is full, or its reader has gone."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"standard output cannot be written ({error.strerror})")
        self.exit_code = READER_GONE if isinstance(error, BrokenPipeError) else 1


class _StandardOutput(io.FileIO):
    """File descriptor 1, whose failures are kept apart from every other OSError."""

    @classmethod
    def opened(cls) -> io.TextIOWrapper:
        """In its place. What is no text in a file's name is printed as escapes."""
        buffer = io.BufferedWriter(cls(1, "w", closefd=False))
        return io.TextIOWrapper(buffer, sys.stdout.encoding, "backslashreplace", line_buffering=sys.stdout.isatty())

    def write(self, data: Any) -> int:
        try:
            return super().write(data) or 0
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python would try again while it ends
            raise _OutputBroken(error) from None
