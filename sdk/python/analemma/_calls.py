"""What calls are made of, and those about processes and the kernel, for clients of any kind.

A call is a generator: it yields a `Request`, is sent the `Reply` to it, may go on with another, and returns what the
caller gets. `Kernel` drives it by blocking and `AsyncKernel` by awaiting. A call whose answer comes in pieces is a
`Feed`, which they turn into an iterator. The first parameter is the client, whose methods these become.
"""

from __future__ import annotations

import os

from analemma._generic import G, Generic, T
from analemma._records import (
    AuditRecord,
    ExecResult,
    Files,
    Identity,
    Killed,
    LogText,
    Metrics,
    Output,
    Paused,
    Process,
    Record,
    Spawned,
    Status,
)
from analemma._session import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from typing import Any, Union

    from analemma._loop import ToolRun
    from analemma._records import Limits, ToolCall
    from analemma._tools import ToolResult

    Call = Generator[Request, "Reply", T]
    Target = Union[int, str, Process, Spawned, None]

VERSION = "0.1.0"

NOOP, EXEC, READ, WRITE = 0x00, 0x02, 0x03, 0x04
SPAWN, KILL, LIST, PAUSE, RESUME = 0x10, 0x11, 0x12, 0x14, 0x15
SUBSCRIBE, HELLO = 0x60, 0xFE
METRICS = 0xC0
AUDIT = 0x76
WAIT, INSPECT, LOGS, STATUS, SHUTDOWN, FILES, CLAIM = 0x100, 0x101, 0x102, 0x103, 0x104, 0x105, 0x106

# How long a model may take, its queue included, when the caller does not say.
_THINK_SECONDS = 600.0

# A file is written in pieces of this size: base64 of it fits one request body.
_WRITE_BYTES = 8 * 1024 * 1024


class Reply:
    """A whole answer: the pieces that came with MORE, and the last frame's payload."""

    __slots__ = ("descriptors", "payload", "pieces")

    def __init__(self, pieces: list[bytes], payload: bytes, descriptors: Sequence[int] = ()) -> None:
        self.pieces = pieces
        self.payload = payload
        self.descriptors = descriptors

    def json(self) -> dict[str, Any]:
        return parse(self.payload)


class Feed(Generic[T, G]):
    """A call whose answer comes in pieces: how to read a piece, and how to put all of them together."""

    __slots__ = ("gather", "piece", "request")

    def __init__(
        self, request: Request, piece: Callable[[bytes], T], gather: Callable[[Sequence[T], dict[str, Any]], G]
    ) -> None:
        self.request = request
        self.piece = piece
        self.gather = gather


class ToolFeed:
    """A tool loop whose answers come in pieces. Its generator yields a `Feed` for each answer, and `Work`."""

    __slots__ = ("loop", "text_only")

    def __init__(self, loop: Generator[Any, Any, ToolRun], text_only: bool = False) -> None:
        self.loop = loop
        self.text_only = text_only

    def as_text(self) -> ToolFeed:
        """The model's text alone, with the last answer at its end."""
        return ToolFeed(self.loop, True)

    def shows(self, event: str | ToolCall | ToolResult) -> bool:
        return not self.text_only or isinstance(event, str)

    def end(self, run: ToolRun) -> Any:
        return run.answer if self.text_only else run


def parse(payload: bytes) -> dict[str, Any]:
    import json

    fields = json.loads(payload) if payload else {}
    if not isinstance(fields, dict):
        from analemma._errors import ProtocolError

        raise ProtocolError(f"expected a JSON object in the answer, found {payload[:80]!r}")
    return fields


def _request(opcode: int, takes: float | None = 0.0, **fields: Any) -> Request:
    import json

    present = {name: value for name, value in fields.items() if value is not None}
    return Request(opcode, json.dumps(present, separators=(",", ":")).encode(), False, takes)


def _of(target: Target) -> dict[str, Any]:
    """The fields that name a process; none means the caller itself."""
    if target is None:
        return {}
    if isinstance(target, str):
        return {"name": target}
    if isinstance(target, int) and not isinstance(target, bool):
        return {"id": target}
    if isinstance(target, (Process, Spawned)):
        return {"id": target.id}
    raise TypeError(f"a process is named by its id, its name or its record, not by {target!r}")


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _output(piece: bytes) -> Output:
    return Output(piece[0] if piece else 1, piece[1:])


def hello(client: object, name: str = f"analemma-python/{VERSION}") -> Call[Identity]:
    """Agrees on the version; tells who the caller is to the kernel, and its limits."""
    reply = yield _request(HELLO, version=2, client=name)
    return Identity(reply.json())


def noop(client: object, payload: bytes = b"") -> Call[bytes]:
    """Sends bytes and gets the same back: is the kernel there?"""
    reply = yield Request(NOOP, payload, True)
    return b"".join(reply.pieces) + reply.payload if reply.pieces else reply.payload


def echo(client: object, text: str) -> Call[str]:
    """Sends a text and gets the same back."""
    answer = yield from noop(client, text.encode())
    return answer.decode()


def _words(name: str, words: Sequence[str] | None) -> list[str] | None:
    """A list of words. A text would be taken for the list of its letters."""
    if isinstance(words, (str, bytes)):
        raise TypeError(f"{name} is a list of texts, such as [{words!r}], not one text")
    return None if words is None else [*words]


def spawn(
    client: object,
    script: str | os.PathLike[str] | None = None,
    *,
    argv: Sequence[str] | None = None,
    name: str | None = None,
    args: Sequence[str] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    python: str | None = None,
    sandboxed: bool | None = None,
    network: bool | Sequence[Mapping[str, Any]] | None = None,
    limits: Limits | Mapping[str, int] | None = None,
    require: Sequence[str] | None = None,
    audit: str | None = None,
    pool: str | None = None,
    mounts: Sequence[Mapping[str, Any]] | None = None,
    models: Mapping[str, Any] | None = None,
    tools: Sequence[str] | None = None,
    stdin_pipe: int | Record | None = None,
    stdout_pipe: int | Record | None = None,
    permissions: Mapping[str, Any] | None = None,
) -> Call[Spawned]:
    """Starts an agent, from a script file or from an argv that is found inside the sandbox; returns when it runs.

    `limits` takes the fields of `Limits`, `require` names of guarantees without which the spawn is refused, `audit`
    is "writes" or "reads", `pool` "auto" or "cold", a mount {"source", "target", "writable"}, and `models` the agent's
    share of the models: {"weight", "priority", "group", "requests_per_minute", "tokens_per_minute", "budget"}.
    `network` is a list of what it may reach through the kernel: {"host", "scheme", "ports", "methods", "paths",
    "headers", "request_bytes", "response_bytes", "allow_private", "addresses"}, of which only the host must be given;
    or True for the host's own network. `tools` are the kernel's that it may call: "server/tool", or "server/*" for all
    of a server. `stdin_pipe` and `stdout_pipe` are pipes of `pipe_open` that become its standard streams.
    `permissions` are lists of patterns: {"send", "spawn", "kill", "read", "exec", "models", "store_read",
    "store_write", "emit"}, and the "group" whose part of the store it shares.
    """
    reply = yield _request(
        SPAWN,
        script=None if script is None else os.path.abspath(script),
        argv=_words("argv", argv),
        name=name,
        args=_words("args", args),
        env=None if env is None else {**env},
        cwd=cwd,
        python=python,
        sandboxed=sandboxed,
        network=network if network is None or isinstance(network, bool) else [{**rule} for rule in network],
        limits=limits.to_json() if isinstance(limits, Record) else limits,
        require=_words("require", require),
        audit=audit,
        pool=pool,
        mounts=None if mounts is None else [*mounts],
        models=None if models is None else {**models},
        tools=_words("tools", tools),
        stdin_pipe=getattr(stdin_pipe, "pipe", stdin_pipe),
        stdout_pipe=getattr(stdout_pipe, "pipe", stdout_pipe),
        permissions=None if permissions is None else {**permissions},
    )
    return Spawned(reply.json())


def kill(client: object, target: Target = None, *, grace: float = 2.0) -> Call[Killed]:
    """Ends a process and all below it: SIGTERM, `grace` seconds, then the whole cgroup. Returns when it has ended."""
    reply = yield _request(KILL, grace, **_of(target), grace_ms=_ms(grace))
    return Killed(reply.json())


def list_(client: object, *, all: bool = False) -> Call[list[Process]]:
    """The living processes, by id; with `all` also the dead whose records are kept."""
    reply = yield _request(LIST, all=all or None)
    return [Process(fields) for fields in reply.json()["processes"]]


def wait(client: object, target: Target, *, timeout: float | None = None) -> Call[Process]:
    """Waits until a process has ended; returns its last record. Raises TimedOut after `timeout` seconds."""
    reply = yield _request(WAIT, timeout, **_of(target), timeout_ms=_ms(timeout))
    return Process(reply.json())


def inspect(client: object, target: Target = None) -> Call[Process]:
    """One process's record, living or dead."""
    reply = yield _request(INSPECT, **_of(target))
    return Process(reply.json())


def pause(client: object, target: Target = None) -> Call[Paused]:
    """Freezes a process with all its host processes until `resume`."""
    reply = yield _request(PAUSE, **_of(target))
    return Paused(reply.json())


def resume(client: object, target: Target = None) -> Call[Paused]:
    """Lets a paused process go on."""
    reply = yield _request(RESUME, **_of(target))
    return Paused(reply.json())


def read(client: object, target: Target, path: str, *, offset: int = 0, length: int | None = None) -> Call[bytes]:
    """Reads a file of a process's /work. No path leads out of it."""
    reply = yield _request(READ, **_of(target), path=path, offset=offset or None, length=length)
    return b"".join(reply.pieces)


def write(
    client: object,
    target: Target,
    path: str,
    content: str | bytes,
    *,
    append: bool = False,
    file_mode: int | None = None,
) -> Call[int]:
    """Writes a file of a process's /work, and makes the folders above it. Returns the bytes written."""
    from binascii import b2a_base64

    rest = memoryview(content.encode() if isinstance(content, str) else content)
    total = 0
    while True:
        reply = yield _request(
            WRITE,
            **_of(target),
            path=path,
            content=b2a_base64(rest[:_WRITE_BYTES], newline=False).decode(),
            encoding="base64",
            mode="append" if append else None,
            file_mode=file_mode,
        )
        total += int(reply.json()["bytes_written"])
        rest, append = rest[_WRITE_BYTES:], True
        if not rest:
            return total


def files(client: object, target: Target = None, path: str = "") -> Call[Files]:
    """Lists a folder of a process's /work, or describes one file."""
    reply = yield _request(FILES, **_of(target), path=path)
    return Files(reply.json())


def status(client: object) -> Call[Status]:
    """The kernel, and what it can enforce on this host."""
    reply = yield _request(STATUS)
    return Status(reply.json())


def metrics(client: object) -> Call[Metrics]:
    """Everything that the kernel counts and measures; an agent gets the figures of its own sandbox alone."""
    reply = yield _request(METRICS)
    return Metrics(reply.json())


def audit(
    client: object,
    target: Target = None,
    *,
    category: str | None = None,
    since: int | None = None,
    max: int | None = None,
) -> Call[list[AuditRecord]]:
    """The latest records of the audit log, the oldest first: who did what, and what was denied.

    A client on the host sees all, or what `target` did; an agent what it did itself, or what one did that it may read.
    `category` is security or lifecycle; `since` is the id of a record, after which the others come; `max` is 1 to 1000.
    """
    reply = yield _request(AUDIT, **_of(target), category=category, since=since, max=max)
    return [AuditRecord(each) for each in reply.json()["records"]]


def shutdown(client: object, *, grace: float = 2.0) -> Call[int]:
    """Stops the kernel after ending every process; returns how many there were."""
    reply = yield _request(SHUTDOWN, grace, grace_ms=_ms(grace))
    return int(reply.json()["processes"])


def exec_stream(
    client: object,
    target: Target,
    command: str | Sequence[str],
    *,
    cwd: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 30.0,
) -> Feed[Output, ExecResult]:
    """Runs a command inside a process's own sandbox; its output as it comes. `gather()` waits for all of it.

    A string is a line for /bin/sh, a sequence a program and its arguments. After `timeout` seconds it is killed.
    """
    request = _request(
        EXEC,
        timeout,
        **_of(target),
        command=command if isinstance(command, str) else None,
        argv=None if isinstance(command, str) else [*command],
        cwd=cwd,
        env=None if env is None else {**env},
        timeout_ms=_ms(timeout),
    )
    return Feed(request, _output, ExecResult)


def exec_(
    client: object,
    target: Target,
    command: str | Sequence[str],
    *,
    cwd: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 30.0,
) -> Call[ExecResult]:
    """Runs a command inside a process's own sandbox, and waits for it.

    A string is a line for /bin/sh, a sequence a program and its arguments. After `timeout` seconds it is killed and
    the result says `timed_out`.
    """
    feed = exec_stream(client, target, command, cwd=cwd, env=env, timeout=timeout)
    reply = yield feed.request
    return ExecResult([_output(piece) for piece in reply.pieces], reply.json())


def logs(
    client: object, target: Target = None, *, follow: bool = False, tail: int | None = None
) -> Feed[Output, LogText]:
    """A process's captured output. With `follow` it goes on until the process has ended; `tail` starts that many lines
    before the end. `gather()` puts it all together."""
    request = _request(LOGS, None if follow else 0.0, **_of(target), follow=follow or None, tail=tail)
    return Feed(request, _output, LogText)
