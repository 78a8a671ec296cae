"""Runs the demonstrations: `python3 demos/run.py [NAME…]`, all of them without a name.

Each starts a kernel of its own, runs real agents on it through the public SDK, and asserts what it says: the exit code
is 1 when a claim does not hold, 2 when a demonstration could not run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "sdk", "python"))

import contention
import fault_isolation
import pipeline
import supervisor
import untrusted_agent
import workflow
from analemma import AnalemmaError
from stage.claims import Claims
from stage.own_kernel import KernelDidNotStart

DEMOS = {demo.NAME: demo for demo in (fault_isolation, untrusted_agent, contention, pipeline, supervisor, workflow)}


def main() -> int:
    # Started by ./analemma, that is what the user called.
    called = "./analemma demo" if "ANALEMMA_COMMAND" in os.environ else None
    parser = argparse.ArgumentParser(prog=called, description="Runs the demonstrations.")
    parser.add_argument("name", nargs="*", help=f"which: {', '.join(DEMOS)}; default all")
    parser.add_argument("--json", action="store_true", help="print one JSON object a demonstration, and no more")
    parser.add_argument(
        "--analemma",
        metavar="PATH",
        default=os.environ.get("ANALEMMA_COMMAND") or os.path.join(ROOT, "analemma"),
        help="the command line that starts the kernel; default $ANALEMMA_COMMAND, else ./analemma",
    )
    asked = parser.parse_args()
    unknown = [name for name in asked.name if name not in DEMOS]
    if unknown:
        parser.error(f"there is no demonstration {unknown[0]}; there are {', '.join(DEMOS)}")

    code = 0
    for name in asked.name or DEMOS:
        claims = Claims(name, quiet=asked.json)
        try:
            asyncio.run(DEMOS[name].run(asked.analemma, claims))
        except KeyboardInterrupt:
            return 130
        except (AnalemmaError, KernelDidNotStart, OSError) as failed:
            print(f"{name}: could not run: {failed}", file=sys.stderr)
            code = 2
            continue
        if not claims.end():
            code = max(code, 1)
        claims.say()
    return code


if __name__ == "__main__":
    sys.exit(main())
