"""Supervision: agents that are kept running, by declaration or by another agent.

    with Kernel() as kernel:                                     # inside an agent: it is the supervisor
        kernel.supervise("worker.py", name="worker", burst=4)    # restarted by the kernel, below this agent
        kernel.ready("workers are up")
        for event in kernel.events(["supervision", "escalated"]):
            if event.type == "escalated":
                kernel.escalate("I cannot cope", event.name)     # goes to whoever supervises this agent
"""

from __future__ import annotations

from analemma import _calls
from analemma._records import Record, Unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, TypedDict

    from typing_extensions import Unpack

    from analemma._calls import Call, Target

    class Rules(TypedDict, total=False):
        """How a watched agent is kept running. Times are in seconds."""

        policy: str | None
        backoff: float | None
        backoff_max: float | None
        reset_after: float | None
        burst: int | None
        interval: float | None
        ready_when: str | None
        probe: Sequence[str] | None
        ready_timeout: float | None
        grace: float | None
        drain: float | None
        heartbeat: float | None
        repeat_max: int | None
        tokens_without_progress: int | None
        on_hang: str | None
        orphan: str | None


WATCH, RESTART, ESCALATE, READY = 0x140, 0x141, 0x142, 0x143
FLEET_APPLY, FLEET_DOWN, FLEET_STATUS, FLEET_RESTART = 0x160, 0x161, 0x162, 0x163


class ReadyReply(Record):
    """`heartbeat_ms` is how often the watchdog expects a sign of life, if it does."""

    supervised: bool
    heartbeat_ms: int | None = None
    incarnation: int = 0


class Escalated(Record):
    """Who decides now, and the causes, first the first."""

    to: str
    chain: Sequence[str] = ()


class FleetChange(Record):
    """One agent that is declared otherwise than before."""

    name: str
    fields: Sequence[str] = ()
    action: str = "update"


class FleetDifference(Record):
    """The difference between a declaration and the one before."""

    fleet: str
    revision: int
    added: Sequence[str] = ()
    changed: Sequence[FleetChange] = ()
    removed: Sequence[str] = ()
    unchanged: Sequence[str] = ()
    dry_run: bool = False

    _nested = {"changed": FleetChange}


class FleetSupervisor(Record):
    """One supervisor of a fleet."""

    name: str
    parent: str = ""
    strategy: str = "one_for_one"
    restarts: int = 0
    falls: int = 0


class Fleet(Record):
    """One declared fleet."""

    fleet: str
    revision: int
    leaving: bool = False
    supervisors: Sequence[FleetSupervisor] = ()

    _nested = {"supervisors": FleetSupervisor}


class FleetStatus(Record):
    """Fleets, and a row an agent."""

    fleets: Sequence[Fleet] = ()
    units: Sequence[Unit] = ()

    _nested = {"fleets": Fleet, "units": Unit}


def _rules(
    *,
    policy: str | None = None,
    backoff: float | None = None,
    backoff_max: float | None = None,
    reset_after: float | None = None,
    burst: int | None = None,
    interval: float | None = None,
    ready_when: str | None = None,
    probe: Sequence[str] | None = None,
    ready_timeout: float | None = None,
    grace: float | None = None,
    drain: float | None = None,
    heartbeat: float | None = None,
    repeat_max: int | None = None,
    tokens_without_progress: int | None = None,
    on_hang: str | None = None,
    orphan: str | None = None,
) -> dict[str, Any]:
    ms = _calls._ms
    parts = {
        "restart": {
            "policy": policy,
            "backoff_ms": ms(backoff),
            "backoff_max_ms": ms(backoff_max),
            "reset_after_ms": ms(reset_after),
            "burst": burst,
            "interval_ms": ms(interval),
        },
        "ready": {
            "when": ready_when or (None if probe is None else "probe"),
            "probe": None if probe is None else [*probe],
            "timeout_ms": ms(ready_timeout),
        },
        "stop": {"grace_ms": ms(grace), "drain_ms": ms(drain)},
        "watchdog": {
            "heartbeat_ms": ms(heartbeat),
            "repeat_max": repeat_max,
            "tokens_without_progress_max": tokens_without_progress,
            "action": on_hang,
        },
    }
    present = {
        part: {name: value for name, value in fields.items() if value is not None} for part, fields in parts.items()
    }
    return {**{part: fields or None for part, fields in present.items()}, "orphan": orphan}


def watch(client: object, target: Target, **rules: Unpack[Rules]) -> Call[Unit]:
    """Puts a living process that the caller spawned under its supervision; again, changes the rules.

    `policy` is "on-failure", "no", "on-abnormal" or "always". The delay before a restart is drawn below `backoff`,
    which doubles with each failure up to `backoff_max`, and begins anew after a run of `reset_after`; after `burst`
    starts within `interval` the agent is given up, and the caller told by the event "escalated". `ready_when` is
    "started", "syscall" (it calls `ready`), "message" or "probe": then the command `probe` must succeed in its sandbox.
    `heartbeat` is how long it may make no call, `on_hang` what follows: "restart", "pause" or "kill". `orphan` is
    "end", or "restart": below the caller's next process, when the caller is restarted itself. Times are in seconds.
    """
    reply = yield _calls._request(WATCH, **_calls._of(target), **_rules(**rules))
    return Unit(reply.json()["unit"])


def supervise(
    client: object,
    script: str | None = None,
    *,
    name: str,
    argv: Sequence[str] | None = None,
    spawn: Mapping[str, Any] | None = None,
    **rules: Unpack[Rules],
) -> Call[Unit]:
    """Starts an agent and keeps it running, from its first start on, also when that fails. Returns at once.

    `spawn` takes what else `Kernel.spawn` does, such as {"limits": …}; the other options are those of `watch`.
    """
    import os

    asked = {
        **(spawn or {}),
        "name": name,
        "script": None if script is None else os.path.abspath(script),
        "argv": None if argv is None else [*argv],
    }
    present = {key: value for key, value in asked.items() if value is not None}
    reply = yield _calls._request(WATCH, spawn=present, **_rules(**rules))
    return Unit(reply.json()["unit"])


def restart(client: object, target: Target, *, grace: float | None = None) -> Call[Unit]:
    """Starts a supervised agent again, whatever state it is in; counters begin anew. Returns at once."""
    reply = yield _calls._request(RESTART, **_calls._of(target), grace_ms=_calls._ms(grace))
    return Unit(reply.json()["unit"])


def escalate(client: object, reason: str, target: Target = None) -> Call[Escalated]:
    """Says that the caller cannot cope, with a child of it or with its own work.

    A caller that is supervised itself is ended by this, and its supervisor decides; else the host is told.
    """
    reply = yield _calls._request(ESCALATE, reason=reason, **_calls._of(target))
    return Escalated(reply.json())


def ready(client: object, status: str | None = None) -> Call[ReadyReply]:
    """Says that the caller is ready; again, that it lives. Of no effect when nobody supervises it."""
    reply = yield _calls._request(READY, status=status)
    return ReadyReply(reply.json())


def fleet_apply(
    client: object,
    fleet: str,
    agents: Sequence[Mapping[str, Any]],
    *,
    supervisors: Sequence[Mapping[str, Any]] | None = None,
    dry_run: bool = False,
) -> Call[FleetDifference]:
    """Declares a fleet, as FLEETAPPLY in docs/abi.md has it, and applies the difference to what was declared before."""
    reply = yield _calls._request(
        FLEET_APPLY,
        fleet=fleet,
        agents=[{**agent} for agent in agents],
        supervisors=None if supervisors is None else [{**each} for each in supervisors],
        dry_run=dry_run or None,
    )
    return FleetDifference(reply.json())


def fleet_down(client: object, fleet: str) -> Call[int]:
    """Stops a fleet and forgets it. Returns at once, with how many of its agents still live."""
    reply = yield _calls._request(FLEET_DOWN, fleet=fleet)
    return int(reply.json()["stopping"])


def fleet_status(client: object, fleet: str | None = None) -> Call[FleetStatus]:
    """How one fleet fares, or all that is supervised."""
    reply = yield _calls._request(FLEET_STATUS, fleet=fleet)
    return FleetStatus(reply.json())


def fleet_restart(
    client: object, fleet: str, agent: str | None = None, *, rolling: bool = False
) -> Call[list[str]]:
    """Restarts a fleet, one agent of it or one replica; rolling, one after the other. Returns their names at once."""
    reply = yield _calls._request(FLEET_RESTART, fleet=fleet, agent=agent, rolling=rolling or None)
    return [str(name) for name in reply.json()["restarting"]]
