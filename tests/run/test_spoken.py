"""The log of a running station, the doctor, and the error that ends either, in the language of the
settings.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from station import language
from station.check import Check
from station.config import Config, parse
from station.errors import HardwareError, StationError
from station.language import Catalogue
from station.provision import Provision, Starts
from station.run import doctor, spoken
from station.run.check_list import print_checks
from station.run.spoken import speaking
from station.run.start import closing_line
from station.run.station_parts import RunReport
from tests.export.test_report import spelled
from tests.lab.languages.messages import messages

STRANGE = Catalogue("en", {message: spelled(message) for message in messages()})
FIELD = re.compile(r"\{[^{}]*\}")


def of(*rooms: str) -> list[str]:
    """The messages of those files, with numbers in their fields."""
    return [FIELD.sub("7", words) for words, places in messages().items() if any(place.endswith(rooms) for place in places)]


@pytest.fixture
def strange(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spoken, "catalogue", lambda code: STRANGE)


def english(text: str) -> list[str]:
    return re.findall("[a-zA-Z]{2,}", text)


@pytest.mark.usefixtures("strange")
def test_every_line_of_the_log_is_translated(caplog: pytest.LogCaptureFixture) -> None:
    lines = of("run/live.py", "run/outputs.py", "run/outlet.py", "run/presenter.py", "run/boot_check.py", "record/writer.py")
    assert len(lines) > 20
    log = logging.getLogger("station")
    with caplog.at_level(logging.INFO, logger="station"), speaking("de"):
        for line in lines:
            log.warning(line)
        log.warning("the %s works again", 7)
        log.info(closing_line(RunReport(1, 2, 3, 4, 5, (6.0, 7.0))))
    left = [word for record in caplog.records for word in english(record.getMessage())]
    assert sorted(set(left)) in ([], ["ms"])
    caplog.clear()
    log.warning("nothing was translated")
    assert caplog.records[0].getMessage() == "nothing was translated"


@pytest.mark.usefixtures("strange")
def test_the_error_that_ends_it_is_translated_and_stays_what_it_is() -> None:
    with pytest.raises(HardwareError) as left, speaking("de"):
        raise HardwareError("there is no light, no loudspeaker and no screen", "", "connect one of them")
    assert english(left.value.what) == []
    assert left.value.exit_code == 3


@pytest.mark.usefixtures("strange")
def test_what_the_doctor_found_is_translated(capsys: pytest.CaptureFixture[str]) -> None:
    lines = of("run/doctor.py", "run/check_list.py")
    assert len(lines) > 40
    with speaking("de") as say:
        print_checks([Check("7", state, line, line) for line in lines for state in ("ok", "bad", "missing", "cannot_tell")], say)
    named = ("Python", "GPIO", "Raspberry", "Pi", "vcgencmd", "station", "calibrate", "doctor", "demo", "treadmill", "bluetooth")
    units = ("data_dir", "data", "dir", "ms", "GB", "MB")
    assert sorted(set(english(capsys.readouterr().out)) - set(named) - set(units)) == []


def test_the_doctor_speaks_german_and_its_json_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    german = parse({"station": {"language": "de", "data_dir": str(tmp_path)}, "light": {"enabled": False}})
    monkeypatch.setattr(doctor, "provision", lambda path: Provision(german, (), (), Starts(tmp_path, ("", ""))))
    monkeypatch.setattr(doctor, "CHECKS", {"pins": doctor.pins, "power": _cold, "treadmill": doctor.treadmill})
    with pytest.raises(StationError, match=r"nicht in Ordnung: power\. Folge den Hinweisen oben\."):
        doctor.run_doctor(None, as_json=False)
    said = capsys.readouterr().out
    assert re.search(r"gut +settings +nur Vorgabewerte\n", said)
    assert re.search(r"gut +pins +nichts angebaut\n", said)
    assert re.search(r"FEHLER +power +die Spannung ist niedrig, gerade jetzt \(0x1\)\n +-> nimm das offizielle Netzteil", said)
    with pytest.raises(StationError):
        doctor.run_doctor(None, as_json=True)
    assert "the voltage is low right now" in capsys.readouterr().out


def _cold(_: Config) -> str:
    raise StationError("the voltage is low right now (0x1)", "", "use the official supply and a cooler")


def test_several_things_in_a_row_are_translated_one_by_one() -> None:
    german = language.catalogue("de")
    assert german.text("none fitted; switched off in the settings") == "nichts angebaut; in den Einstellungen abgeschaltet"
