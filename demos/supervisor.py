"""Supervision: an agent supervises three others; one is well, one crashes again and again, one cannot be started.

Asserts from the kernel's own events that each restart came after its delay, that delays are drawn below a bound that
doubles, that no child had two processes at once, that both bad ones were given up at their limits, that the host was
told with the chain of causes and the last words, and that the well one did not notice.
"""

from __future__ import annotations

import asyncio
import datetime
import os
import re
from typing import Any

from analemma import AsyncKernel, Event
from stage.claims import Claims
from stage.own_kernel import OwnKernel

NAME = "supervisor"
AGENTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "agents")
SECONDS_MAX = 60.0
CRASHES = 5
STARTS_FAILED = 3
# A timer rings when the host lets it: earlier never, later as busy as it is.
EARLY_SECONDS_MAX = 0.001


def _at(text: str) -> float:
    """Seconds of a time on the wire, whose fraction has as many digits as it needs."""
    whole, fraction = re.fullmatch(r"([^.]+?)(\.\d+)?(?:Z|\+00:00)", text).groups()
    return datetime.datetime.fromisoformat(whole + "+00:00").timestamp() + float(fraction or 0)


class Story:
    """What happened to each child, in order."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.escalated: dict[str, Event] = {}
        self.told: dict[str, Event] = {}

    def of(self, name: str, kind: str) -> list[Event]:
        return [event for event in self.events if event.name == name and event.kind == kind]

    def hear(self, event: Event, claims: Claims) -> None:
        note = event.supervision
        if note is None or event.name == "supervisor" and event.type == "supervision":
            return
        self.events.append(event)
        if event.type == "escalated":
            (self.told if event.kind == "supervisor" else self.escalated)[str(event.name)] = event
            return
        if event.kind == "backing_off":
            claims.say(
                f"  {event.name:<10} {event.reason}; restart {note.unit.restarts} in {note.delay_ms} ms"
                f" (drawn below {note.bound_ms} ms)"
            )
        elif event.kind == "given_up":
            claims.say(f"  {event.name:<10} given up: {event.reason}")


async def run(command: str, claims: Claims) -> None:
    async with OwnKernel(command) as kernel:
        status = await kernel.status()
        claims.say(f"{NAME}: engine {status.engine}")
        story = Story()
        heard = asyncio.Event()
        listening = asyncio.ensure_future(_listen(kernel, story, heard, claims))
        await heard.wait()
        try:
            await kernel.spawn(os.path.join(AGENTS, "supervisor.py"), name="supervisor")
            await asyncio.wait_for(_both_escalated(story), SECONDS_MAX)
        finally:
            listening.cancel()
        units = {unit.name: unit for unit in (await kernel.fleet_status()).units}
        processes = await kernel.list(all=True)
    claims.say()
    _judge_restarts(claims, story)
    _judge_limits(claims, story, units)
    _judge_escalation(claims, story)
    stable = [process for process in processes if process.name == "stable"]
    claims.check(
        "the stable child did not notice",
        len(stable) == 1 and stable[0].running and units["stable"].restarts == 0,
        f"stable: one process, ran all the time ({stable[0].uptime_ms / 1000:.1f} s)",
        f"stable: {[(process.id, process.state) for process in stable]}, {units['stable'].restarts} restarts",
    )


async def _listen(kernel: AsyncKernel, story: Story, heard: asyncio.Event, claims: Claims) -> None:
    async with kernel.events(["supervision", "escalated", "started", "exited"]) as events:
        asyncio.get_running_loop().call_later(0.2, heard.set)
        async for event in events:
            if event.type in ("started", "exited"):
                story.events.append(event)
            else:
                story.hear(event, claims)


async def _both_escalated(story: Story) -> None:
    while not {"crasher", "stillborn"} <= story.told.keys() or len(story.escalated) == 0:
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)


def _judge_restarts(claims: Claims, story: Story) -> None:
    delays = [event.supervision for event in story.of("crasher", "backing_off")]
    bounds = [note.bound_ms for note in delays if note is not None]
    claims.check(
        "restarts come with growing delays",
        bounds == [400 * 2**i for i in range(CRASHES - 1)]
        and all(0 <= (note.delay_ms or 0) <= (note.bound_ms or 0) for note in delays if note is not None),
        f"crasher: restarted {len(bounds)} times, delays drawn below {', '.join(map(str, bounds))} ms",
        f"crasher: delays were drawn below {bounds}",
    )
    ends = [_at(event.at) for event in story.events if event.type == "exited" and event.name == "crasher"]
    starts = [_at(event.at) for event in story.events if event.type == "started" and event.name == "crasher"]
    waited = [start - end for end, start in zip(ends, starts[1:])]
    early = [
        note for note, took in zip(delays, waited) if note is not None and took < note.delay_ms / 1000 - EARLY_SECONDS_MAX
    ]
    claims.check(
        "no restart before its time, no two processes at once",
        len(waited) == CRASHES - 1 and not early and all(took > 0 for took in waited),
        f"crasher: {len(starts)} processes one after the other, none started before its delay was over",
        f"crasher: waited {waited}, {len(early)} too early, {len(starts)} starts",
    )


def _judge_limits(claims: Claims, story: Story, units: dict[str, Any]) -> None:
    crasher, stillborn = units["crasher"], units["stillborn"]
    claims.check(
        "the start limit ends a crash loop",
        crasher.state == "given_up" and crasher.incarnation == CRASHES,
        f"crasher: given up after {crasher.incarnation} starts",
        f"crasher: {crasher.state} after {crasher.incarnation} starts",
    )
    claims.check(
        "what cannot be started is given up too",
        stillborn.state == "given_up" and stillborn.incarnation == STARTS_FAILED,
        f"stillborn: given up after {stillborn.incarnation} starts that failed",
        f"stillborn: {stillborn.state} after {stillborn.incarnation} starts: {stillborn.reason}",
    )


def _judge_escalation(claims: Claims, story: Story) -> None:
    # The supervisor passes on what it was told of; the event is about the supervisor, the chain begins below it.
    event = story.escalated.get("supervisor")
    note = event.supervision if event is not None else None
    chains = [
        each.supervision for each in story.events
        if each.type == "escalated" and each.kind == "root" and each.supervision is not None
    ]
    note = next((each for each in chains if (each.chain or [""])[0].startswith("crasher")), note)
    chain = list(note.chain or []) if note is not None else []
    log = list(note.log or []) if note is not None else []
    if chain:
        claims.say("  escalated to the host:")
        for depth, line in enumerate(chain):
            claims.say(f"    {'  ' * depth}{line}")
        claims.say(f"    last words: {log[-1] if log else 'none'}")
    claims.check(
        "the host is told, with the chain of causes and the last words",
        len(chain) == 2
        and chain[0].startswith("crasher exited with code 1")
        and chain[1].startswith("supervisor could not cope")
        and any("page 7 is not in the index" in line for line in log),
        "escalated: from crasher over its supervisor to the host, with the crasher's last words",
        f"the chain is {chain}, the last words {log[-2:]}",
    )
