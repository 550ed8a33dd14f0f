"""In the machine of bluetooth.py: the station's Bluetooth service as a session opens it, fed with a
runner whose cadence and speed are known, until standard input is closed.

    python guest/pod.py NAME
"""

import json
import select
import sys
from dataclasses import replace

from station.present.watch import Watch
from station.run.clock import SystemClock
from station.run.presenter import Presenter
from station.testing import screen_samples
from station.types import Activity, Measure, Speed

snapshot = screen_samples.coach()
measures = {"cadence_spm": Measure(172.0, 171.0, 173.0, 30)}
snapshot = replace(
    snapshot, gait=replace(snapshot.gait, activity=Activity.RUNNING, speed=Speed(3.0, "given"), measures=measures)
)
presenter = Presenter("Bluetooth service", lambda: Watch(sys.argv[1]), SystemClock())
while not select.select([sys.stdin], [], [], 0.25)[0]:
    presenter.show(snapshot)
    print(json.dumps({"works": presenter.works, "trouble": presenter.trouble}), flush=True)
presenter.close()
print(json.dumps({"closed": True}), flush=True)
