"""Workflow: a state machine of sandboxed functions, model calls, an agent and a person's word, whose kernel is killed.

The kernel is killed with SIGKILL in the middle and started again. Asserts, from the execution's history, that the next
kernel went on where the first was: what stood in the history before stands in it still, nothing that had ended ran
again, the wait ended when it would have, and the execution came to the end that it would have come to.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from typing import Any

from stage.claims import Claims
from stage.own_kernel import OwnKernel

NAME = "workflow"
WAIT_SECONDS = 4

OUTLINE = """
def handler(event, context):
    print("outlining", event["subject"])
    return {"subject": event["subject"], "topics": ["cells", "wires", "light"]}
"""

TOTAL = """
exports.handler = async (event) => ({ letters: event.drafts.map((draft) => draft.length).reduce((a, b) => a + b, 0) });
"""

LAMBDA = "arn:aws:lambda:us-east-1:000000000000:function:"

DEFINITION: dict[str, Any] = {
    "StartAt": "Outline",
    "States": {
        "Outline": {"Type": "Task", "Resource": LAMBDA + "outline", "Next": "Draft"},
        "Draft": {
            "Type": "Map",
            "ItemsPath": "$.topics",
            "MaxConcurrency": 2,
            "ItemProcessor": {
                "StartAt": "Think",
                "States": {
                    "Think": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::analemma:think",
                        "Parameters": {"prompt.$": "States.Format('Two lines on {}.', $)", "max_tokens": 40},
                        "OutputPath": "$.content",
                        "End": True,
                    }
                },
            },
            "ResultPath": "$.drafts",
            "Next": "Settle",
        },
        "Settle": {"Type": "Wait", "Seconds": WAIT_SECONDS, "Next": "Total"},
        "Total": {"Type": "Task", "Resource": LAMBDA + "total", "ResultPath": "$.total", "Next": "Print"},
        "Print": {
            "Type": "Task",
            "Resource": "arn:aws:states:::analemma:agent",
            "Parameters": {"argv": ["sh", "-c", "echo printed by process $$ of its own"]},
            "ResultPath": "$.print",
            "Next": "Approve",
        },
        "Approve": {
            "Type": "Task",
            "Resource": "arn:aws:states:::analemma:approve.waitForTaskToken",
            "Parameters": {"letters.$": "$.total.letters", "token.$": "$$.Task.Token"},
            "ResultPath": "$.approved",
            "End": True,
        },
    },
}


class Machine:
    """`analemma sm`, on the demonstration's kernel."""

    def __init__(self, command: str, socket: str) -> None:
        self._argv = [command, "--socket", socket, "sm"]

    async def call(self, *words: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *self._argv, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        output, error = await process.communicate()
        if process.returncode:
            raise OSError(f"analemma sm {words[0]}: {error.decode(errors='replace').strip()}")
        return output.decode()

    async def history(self, execution: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = json.loads(await self.call("history", execution, "--json"))["events"]
        return events

    async def until(self, execution: str, wanted: str, seconds: float = 60.0) -> list[dict[str, Any]]:
        deadline = time.monotonic() + seconds
        while True:
            events = await self.history(execution)
            if any(wanted in (event["type"], entered(event)) for event in events):
                return events
            if time.monotonic() > deadline:
                raise OSError(f"{wanted} did not come in {seconds:g} s; the history ends with {events[-1]}")
            await asyncio.sleep(0.1)


def entered(event: dict[str, Any]) -> str:
    return str(event.get("stateEnteredEventDetails", {}).get("name", ""))


def count(events: list[dict[str, Any]], kind: str) -> int:
    return sum(event["type"] == kind for event in events)


async def run(command: str, claims: Claims) -> None:
    claims.say(__doc__.strip().splitlines()[0] if __doc__ else "")
    own = OwnKernel(command, {"ANALEMMA_SIM__SPEED": "4", "ANALEMMA_MODELS__DEFAULT": "sim"})
    with tempfile.TemporaryDirectory(prefix="analemma-demo-") as folder:
        async with own:
            await play(Machine(command, own.socket), own, folder, claims)


async def play(machine: Machine, own: OwnKernel, folder: str, claims: Claims) -> None:
    files = {"outline.py": OUTLINE, "total.js": TOTAL, "book.asl.json": json.dumps(DEFINITION)}
    for name, text in files.items():
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
    await machine.call("function", "put", "outline", "-f", os.path.join(folder, "outline.py"))
    await machine.call("function", "put", "total", "-f", os.path.join(folder, "total.js"))
    await machine.call("create", "book", "-f", os.path.join(folder, "book.asl.json"))
    execution = (await machine.call("start", "book", '{"subject": "a small machine"}', "--name", "first")).strip()

    before = await machine.until(execution, "Settle")
    claims.say(f"  {len(before)} events so far: outlined, {count(before, 'TaskSucceeded')} drafts thought; now it waits")
    waiting_since = next(event["timestamp"] for event in before if entered(event) == "Settle")
    await own.crash()
    claims.say("  the kernel is killed with SIGKILL, and another one started on what is on disk")
    await own.again()

    after = await machine.until(execution, "Approve")
    await machine.until(execution, "TaskSubmitted")
    await machine.call("succeed", "book:first", '{"by": "a person"}')
    output = json.loads(await machine.call("wait", execution))
    whole = await machine.history(execution)
    claims.say(await machine.call("history", execution))

    claims.check(
        "what was in the history stays in it",
        whole[: len(before)] == before,
        f"all {len(before)} events from before the kill stand in the history, unchanged",
        "the history before the kill is another one after it",
    )
    thought = sum(
        event["type"] == "TaskScheduled" and event["taskScheduledEventDetails"]["resource"] == "think" for event in whole
    )
    claims.check(
        "nothing that had ended ran again",
        thought == 3 and count(whole, "LambdaFunctionScheduled") == 2,
        "three drafts were thought and two functions called, each once",
        f"{thought} drafts were begun, and {count(whole, 'LambdaFunctionScheduled')} functions",
    )
    waited = next(event["timestamp"] for event in after if event["type"] == "WaitStateExited") - waiting_since
    claims.check(
        "a wait ends when it would have",
        waited >= WAIT_SECONDS,
        f"the wait of {WAIT_SECONDS} s, through the kill, took {waited:.1f} s",
        f"the wait of {WAIT_SECONDS} s took {waited:.1f} s",
    )
    letters = sum(len(draft) for draft in output["drafts"])
    claims.check(
        "it came to its end",
        output["total"]["letters"] == letters and output["approved"] == {"by": "a person"},
        f"the end has the drafts of before the kill ({letters} letters) and the person's word",
        f"the end is {output}",
    )
    claims.check(
        "the agent ran in a sandbox of its own",
        output["print"]["Output"].startswith("printed by process"),
        f"an agent {output['print']['Output']}",
        f"the agent printed {output['print']}",
    )
