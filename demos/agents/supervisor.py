"""An agent that supervises three others: one is well, one crashes every second or so, one cannot be started.

It only says how; the kernel restarts them, also while this agent does something else. What it cannot cope with it passes
on, with what has led to it.
"""

import json

from analemma import Kernel

STABLE = "import time\nwhile True: time.sleep(0.1)"
CRASHER = (
    "import sys, time\n"
    "print('opening the index', flush=True)\n"
    "time.sleep(0.6)\n"
    "sys.exit('KeyError: page 7 is not in the index')"
)


def say(**fields):
    print(json.dumps(fields), flush=True)


def main():
    with Kernel() as kernel:
        kernel.supervise(name="stable", argv=["python3", "-c", STABLE], heartbeat=None)
        kernel.supervise(
            name="crasher", argv=["python3", "-c", CRASHER], backoff=0.4, backoff_max=10, burst=5, interval=60
        )
        kernel.supervise(name="stillborn", argv=["/usr/bin/no-such-program"], backoff=0.2, burst=3, interval=60)
        say(said="three children are supervised")
        given_up = set()
        with Kernel() as ears:
            for event in ears.events(["supervision", "escalated"]):
                if event.type == "escalated" and event.kind == "supervisor" and event.name not in given_up:
                    given_up.add(event.name)
                    say(given_up=event.name, reason=event.reason)
                    told = kernel.escalate(f"I cannot keep {event.name} running", event.name)
                    say(escalated=event.name, to=told.to, chain=list(told.chain))


if __name__ == "__main__":
    main()
