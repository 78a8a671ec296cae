"""Contention: ten agents share one model that takes two calls at once. One of them floods it, nine are polite.

Asserts, from the kernel's books and from what the agents measured, that all ten got equal shares, that the polite ones
waited no longer than their turns take while the flood waited for itself, that every call was answered exactly once, and
that an agent with a budget was refused before it could break it.

The model is the embedded simulation. With GEMINI_API_KEY set it is Gemini, and the same claims are made of it.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
from typing import Any, Sequence

from analemma import AsyncKernel, Models, ModelUse, Spawned
from stage.claims import Claims
from stage.own_kernel import OwnKernel

NAME = "contention"
ASKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "agents", "asker.py")
MIB = 1024 * 1024

FLOOD_IN_FLIGHT = 40
POLITE_IN_FLIGHT = 2
POLITE = [f"polite-{number}" for number in range(1, 10)]
AGENTS = ["flooder", *POLITE]
QUEUE_SECONDS = 3.0
BUDGET_TOKENS = 400

# Of a fair share, how far off an agent may be beside two calls, that may be under way when it is measured.
TOLERANCE = 0.15
# Of the time that turns take, how much longer one may wait on a host that is busy with other work.
PATIENCE = 2.0


class Stage:
    """Which model, and how it is set up so that it is scarce."""

    def __init__(self) -> None:
        self.real = bool(os.environ.get("GEMINI_API_KEY"))
        self.provider = "gemini" if self.real else "sim"
        self.slots = 4 if self.real else 2
        self.seconds = 40.0 if self.real else 7.0
        self.max_tokens = 400 if self.real else 24
        self.env = {
            f"ANALEMMA_{self.provider.upper()}__SLOTS": str(self.slots),
            "ANALEMMA_SIM__SPEED": "8",
            "ANALEMMA_MODELS__QUEUE_TIMEOUT_MS": str(round(QUEUE_SECONDS * (10 if self.real else 1) * 1000)),
        }


class Told:
    """What an agent printed at its end."""

    def __init__(self, output: str) -> None:
        lines: list[dict[str, Any]] = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        self.refusal: str = next((line["refusal"] for line in reversed(lines) if "refusal" in line), "")
        tally: dict[str, Any] = next((line for line in lines if "asked" in line), {})
        self.asked: int = tally.get("asked", 0)
        self.answered: int = tally.get("answered", 0)
        self.refused: dict[str, int] = tally.get("refused", {})
        self.latency_ms: list[int] = tally.get("latency_ms", [])
        self.wait_ms: list[int] = tally.get("wait_ms", [])
        self.ran_ms: list[int] = tally.get("ran_ms", [])


def percentile(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[math.ceil(len(ordered) * percent / 100) - 1] if ordered else math.nan


async def run(command: str, claims: Claims) -> None:
    stage = Stage()
    async with OwnKernel(command, stage.env) as kernel:
        status = await kernel.status()
        model = next(provider.models[0] for provider in status.providers if provider.name == stage.provider)
        simulated = " (simulated)" if stage.provider == "sim" else ""
        claims.say(f"{NAME}: {len(AGENTS)} agents share {model}{simulated}, {stage.slots} calls at once; one floods it")
        agents = await asyncio.gather(*(_spawn(kernel, name, model, stage) for name in AGENTS))
        before, after = await _contend(kernel, stage)
        await asyncio.gather(*(kernel.write(agent, "stop", "") for agent in agents))
        await asyncio.gather(*(kernel.wait(agent, timeout=60) for agent in agents))
        told = {agent.name: await _told(kernel, agent) for agent in agents}
        books = {use.name: use for use in (await kernel.llm(all=True)).agents}
        used = {use.name: use.tokens - before[use.name].tokens for use in after.values()}
        _show(claims, used, told, books)
        _judge_shares(claims, stage, used)
        _judge_waits(claims, stage, told)
        _judge_books(claims, told, books)
        await _judge_budget(kernel, claims, stage, model)


async def _spawn(kernel: AsyncKernel, name: str, model: str, stage: Stage, **options: Any) -> Spawned:
    in_flight = FLOOD_IN_FLIGHT if name == "flooder" else POLITE_IN_FLIGHT
    return await kernel.spawn(
        ASKER,
        name=name,
        args=[str(in_flight), str(stage.max_tokens), model],
        limits={"memory": 64 * MIB, "max_pids": 8},
        **options,
    )


async def _contend(kernel: AsyncKernel, stage: Stage) -> tuple[dict[str, ModelUse], dict[str, ModelUse]]:
    """The books as of when all agents are at it, and again some seconds later."""
    while True:
        before = _by_name(await kernel.llm())
        if all(name in before and before[name].calls > 0 for name in AGENTS):
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(stage.seconds)
    return before, _by_name(await kernel.llm())


def _by_name(models: Models) -> dict[str, ModelUse]:
    return {use.name: use for use in models.agents if use.process != 0}


async def _told(kernel: AsyncKernel, agent: Spawned) -> Told:
    return Told((await kernel.logs(agent).gather()).stdout)


def _show(claims: Claims, used: dict[str, int], told: dict[str, Told], books: dict[str, ModelUse]) -> None:
    total = max(1, sum(used.values()))
    claims.say()
    claims.say("  AGENT      CALLS  TOKENS  SHARE   LATENCY P50/P95    WAIT P50/P95       THROTTLED  REFUSED")
    for name in AGENTS:
        said, book = told[name], books[name]
        latency = f"{percentile(said.latency_ms, 50):.0f}/{percentile(said.latency_ms, 95):.0f} ms"
        wait = f"{percentile(said.wait_ms, 50):.0f}/{percentile(said.wait_ms, 95):.0f} ms"
        claims.say(
            f"  {name:<10} {said.answered:>5}  {used[name]:>6}  {100 * used[name] / total:>4.1f} %"
            f"  {latency:<17}  {wait:<17}  {book.throttled:>9}  {book.refused:>7}"
        )
    claims.say()


def _judge_shares(claims: Claims, stage: Stage, used: dict[str, int]) -> None:
    total = sum(used.values())
    fair = total / len(AGENTS)
    # A call's prompt is about as long as its answer here.
    calls = 2 * 2 * stage.max_tokens
    off = TOLERANCE * fair + calls
    least = min(POLITE, key=lambda name: used[name])
    claims.check(
        "the polite got their shares",
        used[least] >= fair - off,
        f"the polite got their shares: at least {100 * used[least] / total:.1f} % of {total} tokens each, fair is 10 %",
        f"{least} got {used[least]} of {total} tokens; fair is {fair:.0f}",
    )
    claims.check(
        "the flooder got no more than its share",
        used["flooder"] <= fair + off,
        f"the flooder got no more than its share: {100 * used['flooder'] / total:.1f} %",
        f"the flooder got {used['flooder']} of {total} tokens; fair is {fair:.0f}",
    )


def _judge_waits(claims: Claims, stage: Stage, told: dict[str, Told]) -> None:
    ran = percentile([ms for name in AGENTS for ms in told[name].ran_ms], 50)
    # Between two turns of an agent every other has one; and of its own calls one may be before it.
    turn = ran * len(AGENTS) / stage.slots
    bound = PATIENCE * POLITE_IN_FLIGHT * turn
    worst = max(percentile(told[name].wait_ms, 95) for name in POLITE)
    flood = percentile(told["flooder"].wait_ms, 50)
    claims.check(
        "the polite waited their turns",
        worst <= bound,
        f"the polite waited their turns: 95 % of calls no longer than {worst:.0f} ms, where a round of turns takes"
        f" {turn:.0f} ms",
        f"a polite agent's p95 wait was {worst:.0f} ms; the bound is {bound:.0f} ms",
    )
    claims.check(
        "the flood waited for itself",
        flood >= worst,
        f"the flood waited for itself: half of its calls longer than {flood:.0f} ms",
        f"half of the flood's calls waited {flood:.0f} ms, a polite agent {worst:.0f} ms",
    )


def _judge_books(claims: Claims, told: dict[str, Told], books: dict[str, ModelUse]) -> None:
    def agrees(said: Told, book: ModelUse) -> bool:
        limited = sum(said.refused.get(code, 0) for code in ("try_again", "budget_exhausted", "runaway_stopped"))
        failed = sum(said.refused.values()) - limited
        # A call that failed at the provider may have used tokens, and is in the books then.
        return limited == book.refused and said.answered <= book.calls <= said.answered + failed

    wrong = [
        f"{name} asked {said.asked}, was answered {said.answered} and refused {said.refused};"
        f" the kernel's books have {books[name].calls} and {books[name].refused}"
        for name, said in told.items()
        if said.asked == 0
        or said.asked != said.answered + sum(said.refused.values())
        or not agrees(said, books[name])
    ]
    asked = sum(said.asked for said in told.values())
    claims.check(
        "every call was answered once",
        not wrong,
        f"every call was answered once: {asked} asked, {sum(said.answered for said in told.values())} answered,"
        f" {sum(sum(said.refused.values()) for said in told.values())} refused, and the kernel's books agree",
        "; ".join(wrong),
    )


async def _judge_budget(kernel: AsyncKernel, claims: Claims, stage: Stage, model: str) -> None:
    tokens = BUDGET_TOKENS * (10 if stage.real else 1)
    agent = await _spawn(kernel, "frugal", model, stage, models={"budget": {"tokens": tokens}})
    await kernel.wait(agent, timeout=60)
    said = await _told(kernel, agent)
    spent = next(use.tokens for use in (await kernel.llm(all=True)).agents if use.process == agent.id)
    claims.check(
        "the frugal was refused: budget_exhausted",
        said.answered > 0 and said.refused.get("budget_exhausted", 0) > 0 and spent <= tokens,
        f"the frugal was refused: budget_exhausted, after {said.answered} answers and {spent} of {tokens} tokens",
        f"the frugal spent {spent} of {tokens} tokens in {said.answered} answers; refused: {said.refused}",
    )
    if said.refusal:
        claims.say(f"    {said.refusal}")
