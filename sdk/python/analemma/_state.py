"""The kernel's store: values by key, durable, with versions and times to live.

    kernel.store("progress", {"page": 12})
    kernel.fetch("progress").value["page"]
    kernel.update("visits", lambda count: count + 1, default=0)     # by whoever else, too

Like those of `_calls`, each function becomes a method of both clients.
"""

from __future__ import annotations

from analemma import _calls
from analemma._errors import VersionConflict
from analemma._records import Fetched, Perms, StoredKey
from analemma._session import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from analemma._calls import Call, Target

STORE, FETCH, DELETE, KEYS = 0x30, 0x31, 0x32, 0x33
GET_PERMS, SET_PERMS = 0x40, 0x41

_PAGE = 1000
_UPDATES_MAX = 100


def store(
    client: object,
    key: str,
    value: Any,
    *,
    scope: str | None = None,
    ttl: float | None = None,
    if_version: int | None = None,
    owner: str | None = None,
) -> Call[int]:
    """Keeps a value, anything that JSON has, under a key; returns its version when it is on disk.

    `scope` is "agent" (default), "group", "global", or "any" for the widest that the caller may write. After `ttl`
    seconds it is gone. With `if_version` only when the key has that version now, 0 for no such key; else
    VersionConflict. `owner` is for clients on the host, and says whose.
    """
    import json

    request = {"key": key, "value": value, **_named(scope, owner)}
    if ttl is not None:
        request["ttl_ms"] = max(1, round(ttl * 1000))
    if if_version is not None:
        request["if_version"] = if_version
    reply = yield Request(STORE, json.dumps(request, separators=(",", ":"), allow_nan=False).encode())
    return int(reply.json()["version"])


def fetch(client: object, key: str, *, scope: str | None = None, owner: str | None = None) -> Call[Fetched]:
    """The value of a key: `value`, `exists`, `version`. Scope "any" looks in the caller's own first, then further."""
    reply = yield _calls._request(FETCH, key=key, **_named(scope, owner))
    return Fetched(reply.json())


def delete(
    client: object,
    key: str,
    *,
    scope: str | None = None,
    if_version: int | None = None,
    owner: str | None = None,
) -> Call[bool]:
    """Forgets a key; returns whether there was one."""
    reply = yield _calls._request(DELETE, key=key, if_version=if_version, **_named(scope, owner))
    return bool(reply.json()["deleted"])


def keys(
    client: object, prefix: str = "", *, scope: str | None = None, owner: str | None = None
) -> Call[list[StoredKey]]:
    """All keys that begin with a prefix, in order."""
    found: list[StoredKey] = []
    after: str | None = None
    while True:
        reply = yield _calls._request(
            KEYS, prefix=prefix or None, after=after, limit=_PAGE, **_named(scope, owner)
        )
        page = reply.json()
        found.extend(StoredKey(each) for each in page["keys"])
        after = page.get("next")
        if after is None:
            return found


def update(
    client: object,
    key: str,
    change: Callable[[Any], Any],
    *,
    default: Any = None,
    scope: str | None = None,
    owner: str | None = None,
) -> Call[Any]:
    """Puts `change(value)` in the place of a key's value, `change(default)` when there is none; returns what it is now.

    When somebody else changes it in between, `change` is asked again with what is there then. Raises VersionConflict
    when that goes on and on.
    """
    for attempt in range(_UPDATES_MAX):
        found = yield from fetch(client, key, scope=scope, owner=owner)
        value = change(found.value if found.exists else default)
        try:
            yield from store(client, key, value, scope=scope, if_version=found.version, owner=owner)
        except VersionConflict:
            if attempt == _UPDATES_MAX - 1:
                raise
        else:
            return value
    raise AssertionError("the last attempt returns or raises")


def get_perms(client: object, target: Target = None) -> Call[Perms]:
    """What an agent may, within what all above it may; itself unless told."""
    reply = yield _calls._request(GET_PERMS, **_calls._of(target))
    return Perms(reply.json())


def set_perms(client: object, target: Target = None, **lists: Sequence[str]) -> Call[Perms]:
    """Gives an agent other lists in the place of those it has: `send`, `spawn`, `kill`, `read`, `exec`, `models`,
    `store_read`, `store_write`, `emit`. An agent can only take away, from itself and from those below it."""
    permissions = {name: [*items] for name, items in lists.items()}
    reply = yield _calls._request(SET_PERMS, **_calls._of(target), permissions=permissions)
    return Perms(reply.json())


def _named(scope: str | None, owner: str | None) -> dict[str, Any]:
    return {name: value for name, value in (("scope", scope), ("owner", owner)) if value is not None}
