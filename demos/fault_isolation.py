"""Fault isolation: four agents misbehave, each in its own way, and a fifth does not notice.

Asserts from the kernel's own records that the CPU hog was throttled, that the memory hog was killed at its limit and
for that reason, that the segfault and the fork bomb ended as such, and, from the fifth agent's own measurements, that
no heartbeat was more than 50 ms late while they did it.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import Any

from analemma import AsyncKernel, NotEnforceable, Process, Status
from stage.claims import Claims
from stage.own_kernel import OwnKernel
from stage.table import LiveTable

NAME = "fault-isolation"
AGENTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "agents")
MIB = 1024 * 1024

LATE_MS_MAX = 50.0
QUIET_SECONDS = 1.0
MISBEHAVING_SECONDS = 8.0

# A heartbeat that is late on a host that is busy with other work proves nothing about the agents: look again.
LOOKS_MAX = 3
BUSY_PERCENT = 50

CPU_QUOTA_PERCENT = 20
MEMORY_MIB = 64
PIDS = 32

# What each may use, and the guarantees without which it had better not run at all.
MISBEHAVING: dict[str, dict[str, Any]] = {
    "cpu-hog": {"script": "cpu_hog.py", "limits": {"cpu_quota": CPU_QUOTA_PERCENT * 1000}, "require": ["cpu"]},
    "mem-hog": {"script": "mem_hog.py", "limits": {"memory": MEMORY_MIB * MIB}, "require": ["memory"]},
    "segfault": {"script": "segfault.py", "limits": {"memory": MEMORY_MIB * MIB}, "require": []},
    "fork-bomb": {
        "script": "fork_bomb.py",
        "limits": {"max_pids": PIDS, "cpu_quota": 50_000, "memory": 256 * MIB},
        "require": ["pids"],
    },
}


class Heartbeat:
    """What the healthy agent says about itself, as it says it."""

    def __init__(self) -> None:
        self.beats = 0
        self.late_ms = 0.0
        self.worst_ms = 0.0
        self.heard = time.monotonic()

    async def follow(self, kernel: AsyncKernel) -> None:
        rest = b""
        async for piece in kernel.logs("healthy", follow=True):
            *lines, rest = (rest + piece.data).split(b"\n")
            for line in lines:
                said = json.loads(line)
                self.beats, self.late_ms = said["beats"], said["late_ms"]
                self.worst_ms = max(self.worst_ms, self.late_ms)
                self.heard = time.monotonic()


class HostLoad:
    """How much of the host's CPU time goes to others than the agents, from now on: proc(5), /proc/stat."""

    def __init__(self) -> None:
        self._busy, self._all = self._read()

    @staticmethod
    def _read() -> tuple[int, int]:
        with open("/proc/stat") as file:
            user, nice, system, idle, waiting, *rest = map(int, file.readline().split()[1:9])
        busy = user + nice + system + sum(rest)
        return busy, busy + idle + waiting

    def others_percent(self, agents_ms: int) -> float:
        busy, total = (now - then for now, then in zip(self._read(), (self._busy, self._all)))
        agents = agents_ms * os.sysconf("SC_CLK_TCK") / 1000
        return max(0.0, 100 * (busy - agents) / max(total, 1))


async def run(command: str, claims: Claims) -> None:
    async with OwnKernel(command) as kernel:
        status = await kernel.status()
        claims.say(f"{NAME}: engine {status.engine}, cgroups {status.cgroups}")
        await kernel.spawn(
            os.path.join(AGENTS, "healthy.py"),
            name="healthy",
            limits={"memory": 64 * MIB, "max_pids": 8, "cpu_weight": 1000},
        )
        heartbeat = Heartbeat()
        listening = asyncio.ensure_future(heartbeat.follow(kernel))
        try:
            await asyncio.sleep(QUIET_SECONDS)
            quiet_ms = heartbeat.worst_ms
            for look in range(1, LOOKS_MAX + 1):
                heartbeat.worst_ms, load = 0.0, HostLoad()
                started = await _start_misbehaving(kernel, claims)
                await _watch(kernel, claims, heartbeat)
                ended = {process.name: process for process in await kernel.list(all=True)}
                busy = load.others_percent(sum(process.cpu_ms for process in ended.values()))
                if heartbeat.worst_ms <= LATE_MS_MAX or busy < BUSY_PERCENT or look == LOOKS_MAX:
                    break
                claims.say(
                    f"  healthy was {heartbeat.worst_ms:.1f} ms late, but {busy:.0f} % of the host went to other work:"
                    " once more"
                )
                await asyncio.gather(*(kernel.kill(ended[name], grace=0) for name in started if ended[name].running))
        finally:
            listening.cancel()
        claims.say()
        _judge(claims, status, started, ended)
        _judge_healthy(claims, ended["healthy"], heartbeat, quiet_ms, busy)


async def _start_misbehaving(kernel: AsyncKernel, claims: Claims) -> set[str]:
    started = set()
    for name, agent in MISBEHAVING.items():
        try:
            await kernel.spawn(
                os.path.join(AGENTS, agent["script"]), name=name, limits=agent["limits"], require=agent["require"]
            )
            started.add(name)
        except NotEnforceable as refused:
            claims.not_enforced(name, f"{refused.message}; it was not started")
    return started


async def _watch(kernel: AsyncKernel, claims: Claims, heartbeat: Heartbeat) -> None:
    def note(process: Process) -> str:
        if process.name == "healthy":
            return f"heartbeat {heartbeat.beats}, {heartbeat.worst_ms:.1f} ms late at most"
        return str(process.exit or "")

    table = LiveTable(claims.say, shown=True)
    deadline = time.monotonic() + MISBEHAVING_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        await asyncio.sleep(min(table.interval, left))
        table.show(await kernel.list(all=True), note)


def _judge(claims: Claims, status: Status, started: set[str], ended: dict[str, Process]) -> None:
    if "cpu-hog" in started:
        hog = ended["cpu-hog"]
        claims.check(
            "cpu-hog throttled",
            hog.running and hog.throttled_ms > 1000,
            f"cpu-hog throttled: held back for {hog.throttled_ms / 1000:.1f} s by its quota of {CPU_QUOTA_PERCENT} %"
            f" of a core, used {hog.cpu_ms / 1000:.1f} s",
            f"cpu-hog is {hog.state} and was throttled for {hog.throttled_ms} ms",
        )
    if "mem-hog" in started:
        exit = ended["mem-hog"].exit
        claims.check(
            "mem-hog killed: oom",
            exit is not None and exit.cause == "oom-killed",
            f"mem-hog killed: oom, at its limit of {MEMORY_MIB} MiB",
            f"mem-hog ended as {exit}",
        )
    exit = ended["segfault"].exit
    claims.check(
        "segfault signalled 11",
        exit is not None and exit.cause == "signalled" and exit.signal == 11,
        "segfault signalled 11 (SIGSEGV), and took nobody with it",
        f"segfault ended as {exit}",
    )
    if "fork-bomb" in started:
        bomb = ended["fork-bomb"]
        claims.check(
            "fork-bomb KILLED pid limit",
            bomb.exit is not None and bomb.exit.cause == "pid-limit" and bomb.pid_limit_hits > 0,
            f"fork-bomb KILLED pid limit: {bomb.pid_limit_hits} forks refused at {PIDS} processes",
            f"fork-bomb ended as {bomb.exit}, {bomb.pid_limit_hits} forks refused",
        )


def _judge_healthy(claims: Claims, healthy: Process, heartbeat: Heartbeat, quiet_ms: float, busy: float) -> None:
    silent = time.monotonic() - heartbeat.heard
    claims.check(
        f"healthy continues, never more than {LATE_MS_MAX:.0f} ms late",
        healthy.running and silent < 2 and 0 < heartbeat.beats and heartbeat.worst_ms <= LATE_MS_MAX,
        f"healthy continues: {heartbeat.beats} heartbeats, none more than {heartbeat.worst_ms:.1f} ms late"
        f" (alone: {quiet_ms:.1f} ms)",
        f"healthy is {healthy.state}, {heartbeat.beats} heartbeats, {heartbeat.worst_ms:.1f} ms late at most"
        f" (alone: {quiet_ms:.1f} ms), silent for {silent:.1f} s; {busy:.0f} % of the host went to other work",
    )
