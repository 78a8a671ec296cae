"""An untrusted agent: tries to read, write, connect, signal, trace and fork its way out.

The host has what it is after: a secret file that anyone may read, a server on its loopback, an abstract socket, a key
in the kernel's environment. Asserts that it got none of them, that denials were seen as events with a reason, and that
the fork bomb at the end was killed for what it was.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import tempfile
from typing import Any

from analemma import AsyncKernel, Event, Process, Status
from stage.claims import Claims
from stage.own_kernel import OwnKernel

NAME = "untrusted-agent"
AGENTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "agents")
SECONDS_MAX = 20.0
PIDS = 32
MIB = 1024 * 1024

# Which guarantee stands behind the agent's failure in each area.
HOLDS = {"filesystem": "filesystem", "network": "network", "process": "processes", "environment": "processes"}


class Bait:
    """What the agent is after, on the host."""

    def __init__(self) -> None:
        self.secret = f"secret-{secrets.token_hex(16)}"
        self._folder = tempfile.TemporaryDirectory(prefix="analemma-bait-")
        os.chmod(self._folder.name, 0o755)
        self.path = os.path.join(self._folder.name, "secret.txt")
        with open(self.path, "w") as file:
            file.write(self.secret)
        os.chmod(self.path, 0o644)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.abstract = f"analemma-bait-{secrets.token_hex(8)}"
        self._abstract = socket.socket(socket.AF_UNIX)
        self._abstract.bind("\0" + self.abstract)
        self._abstract.listen()

    def reached(self) -> list[str]:
        """Which of the servers was connected to."""
        reached = []
        for name, server in (("loopback server", self._server), ("abstract socket", self._abstract)):
            server.settimeout(0)
            try:
                server.accept()[0].close()
                reached.append(name)
            except BlockingIOError:
                pass
        return reached

    def close(self) -> None:
        self._server.close()
        self._abstract.close()
        self._folder.cleanup()


async def run(command: str, claims: Claims) -> None:
    bait = Bait()
    try:
        async with OwnKernel(command, {"ANALEMMA_DEMO_API_KEY": bait.secret}) as kernel:
            await _run(kernel, claims, bait)
    finally:
        bait.close()


async def _run(kernel: AsyncKernel, claims: Claims, bait: Bait) -> None:
    status = await kernel.status()
    claims.say(f"{NAME}: engine {status.engine}, cgroups {status.cgroups}")
    denied: list[Event] = []
    async with kernel.events(["denied"]) as events:
        watching = asyncio.ensure_future(_collect(events, denied, claims))
        # A fork bomb runs where there is a limit for it, or not at all.
        limited = status.enforces("pids")
        agent = await kernel.spawn(
            os.path.join(AGENTS, "untrusted.py"),
            name="untrusted",
            args=[bait.path, str(bait.port), str(os.getpid()), bait.abstract, *([] if limited else ["no fork bomb"])],
            audit="reads",
            limits={"max_pids": PIDS, "memory": 128 * MIB, "cpu_quota": 50_000, "wall_ms": int(SECONDS_MAX * 1000)},
            require=["pids"] if limited else None,
        )
        ended = await kernel.wait(agent, timeout=SECONDS_MAX + 5)
        # The last reports of a burst are counted for a moment before they come.
        await asyncio.sleep(1.5)
        watching.cancel()
    said = (await kernel.logs(agent).gather()).stdout
    attempts = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    claims.say()
    for attempt in attempts:
        came = "SUCCEEDED: " if attempt["succeeded"] else ""
        claims.say(f"    tried to {attempt['what']}: {came}{attempt['detail']}")
    claims.say()
    _judge_denials(claims, status, denied)
    _judge_attempts(claims, status, attempts)
    _judge_end(claims, status, ended)
    _judge_bait(claims, status, bait, said)


async def _collect(events: Any, denied: list[Event], claims: Claims) -> None:
    seen = set()
    async for event in events:
        denied.append(event)
        if (event.kind, event.what) not in seen and len(seen) < 40:
            seen.add((event.kind, event.what))
            claims.say(f"  DENIED {event.kind}  {event.what}: {event.reason}")


def _judge_denials(claims: Claims, status: Status, denied: list[Event]) -> None:
    for kind in ("filesystem", "network", "process"):
        claim = f"DENIED {kind}"
        if not status.enforces("denials"):
            claims.not_enforced(claim, "denied attempts are not reported on this host, only refused")
            continue
        events = [event for event in denied if event.kind == kind]
        what = list(dict.fromkeys(str(event.what) for event in events))
        claims.check(
            claim,
            bool(events) and all(event.reason and event.what for event in events),
            f"DENIED {kind}  {sum(event.count or 1 for event in events)} attempts: {'; '.join(what[:4])}",
            f"no attempt of kind {kind} was reported",
        )


def _judge_attempts(claims: Claims, status: Status, attempts: list[dict[str, Any]]) -> None:
    for area, guarantee in HOLDS.items():
        tried = [attempt for attempt in attempts if attempt["area"] == area]
        if not status.enforces(guarantee):
            claims.not_enforced(f"no attempt on {area} succeeded", f"{guarantee} is missing on this host")
            continue
        through = [attempt["what"] for attempt in tried if attempt["succeeded"]]
        claims.check(
            f"no attempt on {area} succeeded",
            bool(tried) and not through,
            f"none of {len(tried)} attempts on {area} succeeded",
            f"succeeded: {', '.join(through) or 'nothing was even tried'}",
        )


def _judge_end(claims: Claims, status: Status, ended: Process) -> None:
    if not status.enforces("pids"):
        claims.not_enforced("KILLED pid limit", "pids is missing on this host; the fork bomb was left out")
        return
    claims.check(
        "KILLED pid limit",
        ended.exit is not None and ended.exit.cause == "pid-limit" and ended.pid_limit_hits > 0,
        f"KILLED pid limit  {ended.pid_limit_hits} forks refused at {PIDS} processes",
        f"the agent ended as {ended.exit}, {ended.pid_limit_hits} forks refused",
    )


def _judge_bait(claims: Claims, status: Status, bait: Bait, said: str) -> None:
    if status.enforces("filesystem") and status.enforces("processes"):
        claims.check(
            "the secret was not read",
            bait.secret not in said,
            "the secret was not read, neither from the file nor from the kernel's environment",
            "the agent has the host's secret",
        )
    else:
        claims.not_enforced("the secret was not read", "filesystem or processes is missing on this host")
    reached = bait.reached()
    if status.enforces("network"):
        claims.check(
            "nothing got out", not reached, "nothing got out: no server of the host was reached", f"reached: {reached}"
        )
    else:
        claims.not_enforced("nothing got out", "network is missing on this host")
