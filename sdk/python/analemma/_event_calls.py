"""Calls about events: what happens is streamed, asked for, or told. Made methods of both clients as those of `_calls`."""

from __future__ import annotations

from analemma._calls import SUBSCRIBE, Feed, _ms, _request, parse
from analemma._records import Event, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from analemma._calls import Call

UNSUBSCRIBE, POLL_EVENTS, EMIT = 0x61, 0x62, 0x63


class PolledEvents(Record):
    """The events that came, the oldest first, and the `cursor` to go on from."""

    events: Sequence[Event] = ()
    cursor: str

    _nested = {"events": Event}


class Subscription(Record):
    """The standing subscription: its types (`*` for all), and the cursor where `poll_events` goes on."""

    subscribed: Sequence[str] = ()
    cursor: str | None = None


class Emitted(Record):
    """What was told: its whole type, `NAME/TYPE`, and its cursor."""

    type: str
    cursor: str


def _selection(
    types: Sequence[str] | None, agent: int | str | None, where: Mapping[str, str] | None, since: str | None
) -> dict[str, Any]:
    return {
        "types": None if types is None else [*types],
        "agent": None if agent is None else str(agent),
        "where": None if where is None else dict(where),
        "from": since,
    }


def events(
    client: object,
    types: Sequence[str] | None = None,
    *,
    agent: int | str | None = None,
    where: Mapping[str, str] | None = None,
    since: str | None = None,
) -> Feed[Event, list[Event]]:
    """What happens in the kernel, until closed: from now on, or `since` the cursor of an event or "oldest".

    A client on the host sees all processes, an agent its own and what is emitted to everyone. In `types` a `*` stands
    for any text; `agent` is a process's name or id; `where` has fields and their text, such as {"exit.code": "1"}
    or {"data.stage": "parse"}. Who does not keep up gets the rest later, and an event `missed` for what is gone.
    """
    request = _request(SUBSCRIBE, None, **_selection(types, agent, where, since))
    return Feed(request, lambda piece: Event(parse(piece)), lambda pieces, _: list(pieces))


def poll_events(
    client: object,
    since: str | None = None,
    *,
    types: Sequence[str] | None = None,
    agent: int | str | None = None,
    where: Mapping[str, str] | None = None,
    max: int | None = None,
    timeout: float | None = None,
) -> Call[PolledEvents]:
    """The events after the cursor `since`, "oldest" or "now"; without it those that came since `subscribe`, or since
    the last poll. With `timeout` it waits so many seconds, at most 60, for the first."""
    reply = yield _request(
        POLL_EVENTS, timeout or 0.0, **_selection(types, agent, where, since), max=max, timeout_ms=_ms(timeout)
    )
    return PolledEvents(reply.json())


def subscribe(
    client: object,
    types: Sequence[str] | None = None,
    *,
    agent: int | str | None = None,
    where: Mapping[str, str] | None = None,
    since: str | None = None,
) -> Call[Subscription]:
    """Has what happens from now on kept for `poll_events`. Another adds its types. It goes with the process."""
    reply = yield _request(SUBSCRIBE, 0.0, **_selection(types, agent, where, since), stream=False)
    return Subscription(reply.json())


def unsubscribe(client: object, types: Sequence[str] | None = None) -> Call[Subscription]:
    """Ends what `subscribe` began, or takes types out of it."""
    reply = yield _request(UNSUBSCRIBE, types=None if types is None else [*types])
    return Subscription(reply.json())


def emit(
    client: object, type: str, data: Any = None, *, to: str | None = None, durable: bool = False
) -> Call[Emitted]:
    """Tells those who may see it that something happened: those above this agent and clients on the host, or with
    `to="everyone"` every agent. `data` is any JSON of at most 4096 bytes. `durable` keeps it across restarts of the
    kernel. An agent may emit 100 a second; a durable one counts as 50."""
    reply = yield _request(EMIT, type=type, data=data, to=to, durable=durable or None)
    return Emitted(reply.json())
