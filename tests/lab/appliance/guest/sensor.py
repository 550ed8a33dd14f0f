"""In the machine of bluetooth.py: the station's treadmill sensor and what the core makes of it, a
line of JSON four times a second until standard input is closed.

    python guest/sensor.py WANTED
"""

import json
import select
import sys

from station.gait.belt_speed import BeltSpeed
from station.run.clock import SystemClock
from station.sense.treadmill import Treadmill
from station.types import NS

clock = SystemClock()
sensor, belt = Treadmill(sys.argv[1], clock), BeltSpeed(100.0)
values = {}
while not select.select([sys.stdin], [], [], 0.25)[0]:
    now_ns = clock.now_ns()
    for reading in sensor.poll(now_ns):
        belt.read(reading.t_ns / NS, reading)
        values[reading.channel] = reading.value
    speed = belt.speed(now_ns / NS)
    mps = None if speed.mps != speed.mps else round(speed.mps, 3)
    print(json.dumps({"mps": mps, "origin": speed.origin, **values, "trouble": sensor.trouble}), flush=True)
sensor.close()
print(json.dumps({"closed": True}), flush=True)
