"""Pipeline: parser → reasoner (a model) → verifier, three sandboxed agents with durable mailboxes between them.

The verifier rejects one answer and sends it back once. The reasoner is killed with a sentence in its hands and started
again. Asserts that every sentence comes out verified, once each; that the rejected one was thought about twice; that
what the dead reasoner held came again; and that nothing is left behind. Prints each stage's latency and the throughput.

The model is the embedded simulation. With GEMINI_API_KEY set it is Gemini, and the same claims are made of it.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from typing import Any, Sequence

from analemma import AsyncKernel, Message, Spawned
from stage.claims import Claims
from stage.own_kernel import OwnKernel

NAME = "pipeline"
AGENTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "agents")

SENTENCES = 12
REJECTED = 3
KILLED_AT = 6
SECONDS_MAX = 60.0
ENV = {"ANALEMMA_SIM__SPEED": "4"}


async def run(command: str, claims: Claims) -> None:
    async with OwnKernel(command, ENV) as kernel:
        for box, receiver in (("sentences", "reasoner"), ("answers", "verifier"), ("verified", None)):
            await kernel.register(box, durable=True, receiver=receiver)
        claims.say("parser → sentences → reasoner → answers → verifier → verified; all three boxes on disk")
        began = time.monotonic()
        async with kernel.events(["reasoner/thinking"]) as thinking:
            await spawn(kernel, "verifier", str(REJECTED))
            reasoner = await spawn(kernel, "reasoner")
            await spawn(kernel, "parser")
            held = await asyncio.wait_for(killed_in_thought(kernel, thinking, reasoner), SECONDS_MAX)
        claims.say(f"reasoner killed as it thought about sentence {held['number']}, and started again")
        await spawn(kernel, "reasoner")
        results = await asyncio.wait_for(collect(kernel), SECONDS_MAX)
        seconds = time.monotonic() - began
        say_latencies(claims, results, seconds)
        check(claims, results, held)
        await check_nothing_is_left(kernel, claims)


async def spawn(kernel: AsyncKernel, name: str, *args: str) -> Spawned:
    return await kernel.spawn(os.path.join(AGENTS, f"{name}.py"), name=name, args=args or None)


async def killed_in_thought(kernel: AsyncKernel, thinking: Any, reasoner: Spawned) -> dict[str, Any]:
    async for event in thinking:
        if event.data["number"] == KILLED_AT:
            await kernel.kill(reasoner, grace=0)
            return dict(event.data)
    raise AssertionError("the stream of events has no end of its own")


async def collect(kernel: AsyncKernel) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    while len({result["number"] for result in results}) < SENTENCES:
        messages: list[Message] = await kernel.recv("verified", max=100)
        results += [message.body for message in messages]
        await kernel.ack(*messages)
    # One that came twice would be right behind.
    for message in await kernel.recv("verified", max=100, timeout=0):
        results.append(message.body)
    return results


def percentile(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[math.ceil(len(ordered) * percent / 100) - 1] if ordered else math.nan


def say_latencies(claims: Claims, results: Sequence[dict[str, Any]], seconds: float) -> None:
    claims.say(f"  {'stage':<20} {'p50 ms':>8} {'p99 ms':>8}")
    stages = {
        "sentences (waiting)": "waited_s",
        "reasoner (the model)": "reason_s",
        "answers (waiting)": "handed_s",
        "verifier": "verify_s",
    }
    for stage, field in stages.items():
        times = [1000 * result[field] for result in results]
        claims.say(f"  {stage:<20} {percentile(times, 50):>8.2f} {percentile(times, 99):>8.2f}")
    claims.say(f"  {len(results)} sentences in {seconds:.1f} s: {len(results) / seconds:.1f} a second")


def check(claims: Claims, results: Sequence[dict[str, Any]], held: dict[str, Any]) -> None:
    numbers = sorted(result["number"] for result in results)
    claims.check(
        "nothing is lost and nothing comes twice",
        numbers == list(range(SENTENCES)),
        f"all {SENTENCES} sentences came out verified, once each",
        f"verified were {numbers}",
    )
    attempts = {result["number"]: result["attempt"] for result in results}
    claims.check(
        "the verifier sends back once",
        attempts.get(REJECTED) == 2 and all(count == 1 for number, count in attempts.items() if number != REJECTED),
        f"sentence {REJECTED} was sent back once, and thought about again",
        f"the attempts were {attempts}",
    )
    deliveries = {result["number"]: result["delivery"] for result in results}
    claims.check(
        "what a dead agent held comes again",
        deliveries.get(held["number"], 0) >= 2,
        f"sentence {held['number']}, which the dead reasoner held, was given to the next",
        f"the deliveries were {deliveries}",
    )


async def check_nothing_is_left(kernel: AsyncKernel, claims: Claims) -> None:
    boxes = {box.name: box.messages for box in await kernel.mailboxes() if box.durable}
    dead = await kernel.dead_letters()
    claims.check(
        "nothing is left behind",
        set(boxes) >= {"sentences", "answers", "verified"} and not any(boxes.values()) and not dead,
        "every mailbox is empty, and there are no dead letters",
        f"left are {boxes} and {len(dead)} dead letters",
    )
