"""Behaves: a heartbeat every 20 ms, and a line every quarter of a second that says how late the latest of them were."""

import json
import time

PERIOD = 0.020
LINE_PERIOD = 0.250

beats = 0
worst = 0.0
due = time.monotonic() + PERIOD
line_due = due + LINE_PERIOD
while True:
    time.sleep(max(0.0, due - time.monotonic()))
    now = time.monotonic()
    worst = max(worst, now - due)
    beats += 1
    # A late heartbeat does not move those after it: they are due when they are due.
    due += PERIOD
    if now >= line_due:
        print(json.dumps({"beats": beats, "late_ms": round(worst * 1000, 2)}), flush=True)
        worst = 0.0
        line_due += LINE_PERIOD
