"""Every syscall once, for clients of any kind.

A call is a generator: it yields a `Request`, is sent the `Reply` to it, may go on with another, and returns what the
caller gets. `Kernel` drives it by blocking and `AsyncKernel` by awaiting. A call whose answer comes in pieces is a
`Feed`, which they turn into an iterator. The first parameter is the client, whose methods these become.
"""

from __future__ import annotations

import os

from analemma._generic import G, Generic, T
from analemma._records import (
    Answer,
    AuditRecord,
    BudgetUse,
    Compaction,
    ConversationInfo,
    Endpoint,
    ExecResult,
    Files,
    HttpAnswer,
    Identity,
    Killed,
    KernelTools,
    LogText,
    Metrics,
    Models,
    Output,
    Paused,
    Process,
    Record,
    Secret,
    Spawned,
    Status,
    TokenCount,
    ToolProgress,
    ToolReply,
    ToolServer,
)
from analemma._session import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from typing import Any, TypedDict, Union

    from typing_extensions import Unpack

    from analemma._loop import ToolRun
    from analemma._records import Limits, ToolCall
    from analemma._tools import ToolResult

    Call = Generator[Request, "Reply", T]
    Target = Union[int, str, Process, Spawned, None]
    Image = Union[bytes, str, os.PathLike[str], Mapping[str, str]]
    # A tool that is only described to the model, or one with a function that a tool loop runs.
    # The name of a tool of the kernel is one, too.
    AnyTool = Union[Mapping[str, Any], Callable[..., Any], str]

    class ThinkOptions(TypedDict, total=False):
        """What `think` and `think_stream` take beside the prompt and the tools."""

        messages: Sequence[Mapping[str, Any] | Answer] | None
        system: str | None
        model: str | None
        temperature: float | None
        max_tokens: int | None
        tool_choice: str | None
        parallel_tool_calls: bool | None
        schema: Mapping[str, Any] | None
        json: bool | None
        repair: int | None
        top_p: float | None
        stop: Sequence[str] | None
        seed: int | None
        images: Sequence[Image] | None
        thinking_level: str | None
        budget: Mapping[str, int] | None
        timeout: float | None

VERSION = "0.1.0"

NOOP, THINK, EXEC, READ, WRITE = 0x00, 0x01, 0x02, 0x03, 0x04
SPAWN, KILL, LIST, PAUSE, RESUME = 0x10, 0x11, 0x12, 0x14, 0x15
SUBSCRIBE, HELLO = 0x60, 0xFE
METRICS = 0xC0
AUDIT = 0x76
WAIT, INSPECT, LOGS, STATUS, SHUTDOWN, FILES, CLAIM, LLM = 0x100, 0x101, 0x102, 0x103, 0x104, 0x105, 0x106, 0x107
HTTP = 0x50
CONVERSATION_OPEN, CONVERSATION_APPEND, CONVERSATION_FORK, CONVERSATION_TRUNCATE = 0x108, 0x109, 0x10A, 0x10B
CONVERSATION_COMPACT, CONVERSATION_TOKENS, CONVERSATION_SHOW = 0x10C, 0x10D, 0x10E
CONVERSATION_LIST, CONVERSATION_CLOSE = 0x10F, 0x110
BUDGET_SET = 0x112
SECRET_SET, SECRET_LIST, SECRET_REMOVE = 0x130, 0x131, 0x132
ENDPOINT = 0x138
LIST_TOOLS, CALL_TOOL, TOOL_SERVERS, RESTART_TOOLS = 0x120, 0x121, 0x122, 0x123

# How long a model may take, its queue included, when the caller does not say.
_THINK_SECONDS = 600.0

# How long a tool may take, its server's start included, when neither caller nor configuration says more.
_TOOL_SECONDS = 600.0

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


def _think(
    prompt: str | None = None,
    *,
    messages: Sequence[Mapping[str, Any] | Answer] | None = None,
    system: str | None = None,
    model: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    tools: Sequence[Mapping[str, Any]] | None = None,
    tool_choice: str | None = None,
    parallel_tool_calls: bool | None = None,
    schema: Mapping[str, Any] | None = None,
    json: bool | None = None,
    repair: int | None = None,
    top_p: float | None = None,
    stop: Sequence[str] | None = None,
    seed: int | None = None,
    images: Sequence[Image] | None = None,
    thinking_level: str | None = None,
    budget: Mapping[str, int] | None = None,
    timeout: float | None = _THINK_SECONDS,
    stream: bool | None = None,
    conversation: int | None = None,
) -> Request:
    return _request(
        THINK,
        timeout,
        prompt=prompt,
        conversation=conversation,
        messages=None if messages is None else [_message(message) for message in messages],
        system_instruction=system,
        model=model,
        temperature=temperature,
        max_tokens=max_tokens,
        tools=None if tools is None else [{**tool} for tool in tools],
        tool_choice=tool_choice,
        parallel_tool_calls=parallel_tool_calls,
        response_schema=None if schema is None else {**schema},
        json=json,
        repair=repair,
        top_p=top_p,
        stop=None if stop is None else [*stop],
        seed=seed,
        images=None if images is None else [_image(image) for image in images],
        thinking_level=thinking_level,
        budget=None if budget is None else {**budget},
        stream=stream,
        timeout_ms=_ms(timeout),
    )


def _message(message: Mapping[str, Any] | Answer) -> dict[str, Any]:
    """A message as the kernel takes it; an `Answer` is what the assistant said."""
    if isinstance(message, Answer):
        calls = [call.to_json() for call in message.tool_calls]
        said = {"role": "assistant", "content": message.content, "tool_calls": calls}
        return {name: value for name, value in said.items() if value}
    plain = {**message}
    if plain.get("images"):
        plain["images"] = [_image(image) for image in plain["images"]]
    if plain.get("tool_calls"):
        plain["tool_calls"] = [call.to_json() if isinstance(call, Record) else call for call in plain["tool_calls"]]
    return plain


# What the first bytes of an image say it is.
_IMAGE_TYPES = ((b"\x89PNG", "image/png"), (b"\xff\xd8", "image/jpeg"), (b"GIF8", "image/gif"), (b"RIFF", "image/webp"))


def _image(image: Image) -> dict[str, Any]:
    """An image as the kernel takes it: of bytes, of a file's path, or of such an object already."""
    if isinstance(image, (str, os.PathLike)):
        with open(image, "rb") as file:
            image = file.read()
    if not isinstance(image, bytes):
        return {**image}
    from binascii import b2a_base64

    kind = next((kind for magic, kind in _IMAGE_TYPES if image.startswith(magic)), None)
    if kind is None:
        raise ValueError('the image is no PNG, JPEG, GIF or WebP; give {"mime_type", "data"} to say what it is')
    return {"mime_type": kind, "data": b2a_base64(image, newline=False).decode()}


def think(
    client: object,
    prompt: str | None = None,
    *,
    tools: Sequence[AnyTool] | None = None,
    max_steps: int | None = None,
    parallel: bool | int = False,
    **options: Unpack[ThinkOptions],
) -> Call[Answer]:
    """Asks a model, by a prompt or by `messages`, and waits for its answer, queueing and retries included.

    `tools` are {"name", "description", "parameters"}. A function, a `@tool` or the name of a tool of the kernel among
    them makes it a tool loop, as `run_tools`, of which this is the last answer. The options, each of which may be left out:

    - `messages`: a conversation in place of the prompt; an `Answer` in it stands for what the assistant said
    - `system`: who the model shall be; `model`: a model or an alias of the kernel's settings
    - `temperature`: 0 to 2; `max_tokens`: of the answer, thinking included; `thinking_level`: "none" to "high"
    - `tool_choice`: "auto", "none", "required" or a tool's name; `parallel_tool_calls`: False for one call an answer
    - `top_p`: 0 to 1; `stop`: texts that end the answer; `seed`: for sampling that can be repeated
    - `schema`: a JSON Schema that the answer must satisfy, else AnswerInvalid is raised; `repair`: how often the model
      is first told what was wrong and asked again; `json`: True for a JSON object of any form
    - `images`: each is bytes, a path or {"mime_type", "data"}
    - `budget`: {"tokens", "microdollars"} that this call may cost; `timeout`: in seconds, 600 unless given

    Raises BudgetExhausted, TryAgain, RunawayStopped, NoSuchModel, NotConfigured, TooLarge, ModelFailed, TimedOut.
    """
    if tools is not None and any(callable(each) or isinstance(each, str) for each in tools):
        run = yield from run_tools(
            client, prompt, tools=tools, max_steps=max_steps, parallel=parallel, **options
        )
        return run.answer
    reply = yield _think(prompt, tools=tools, **options)  # type: ignore[arg-type]
    return Answer(reply.json())


def think_stream(
    client: object,
    prompt: str | None = None,
    *,
    tools: Sequence[AnyTool] | None = None,
    max_steps: int | None = None,
    parallel: bool | int = False,
    **options: Unpack[ThinkOptions],
) -> Feed[str, Answer]:
    """Asks a model; its text as it comes. `gather()` waits for the rest and gives the whole `Answer`.

    Takes what `think` takes, but for `repair`. Closing it stops the model, and a tool loop after the tool that is
    running. An answer to a `schema` is checked when it is whole: AnswerInvalid is raised after its last piece.
    """
    if tools is not None and any(callable(each) or isinstance(each, str) for each in tools):
        return run_tools_stream(  # type: ignore[return-value]
            client, prompt, tools=tools, max_steps=max_steps, parallel=parallel, **options
        ).as_text()
    return _think_feed(prompt, tools=tools, **options)


def _think_feed(prompt: str | None, **options: Any) -> Feed[str, Answer]:
    request = _think(prompt, stream=True, **options)
    from codecs import getincrementaldecoder

    # A character may be cut between two pieces.
    decoder = getincrementaldecoder("utf-8")("replace")
    return Feed(request, decoder.decode, lambda pieces, fields: Answer({**fields, "content": "".join(pieces)}))


def run_tools(
    client: object,
    prompt: str | None = None,
    *,
    tools: Sequence[AnyTool],
    messages: Sequence[Mapping[str, Any] | Answer] | None = None,
    max_steps: int | None = None,
    parallel: bool | int = False,
    **options: Any,
) -> Call[ToolRun]:
    """Asks a model, runs the tools that it asks for, and asks again with their results, until it asks for none.

    `tools` are functions, `@tool`s, names of the kernel's tools ("fs/read_file", or "fs/*" for all of a server), or
    descriptions as `think` takes them; a call of one that is only described ends the loop, with the call in the
    answer. After `max_steps` (8) answers it raises StepLimitReached. With `parallel` the calls of one answer run at
    once: True for 8, or so many. The other options are `think`'s, for each step.
    """
    from analemma import _loop

    kit = _loop.Kit(tools, client)

    def ask(said: list[Any]) -> Call[Answer]:
        reply = yield _think(None, **_asked(options), messages=said, tools=kit.definitions)
        return Answer(reply.json())

    return (yield from _loop.loop(ask, kit, _opening(prompt, messages, options), max_steps, parallel))


def run_tools_stream(
    client: object,
    prompt: str | None = None,
    *,
    tools: Sequence[AnyTool],
    messages: Sequence[Mapping[str, Any] | Answer] | None = None,
    max_steps: int | None = None,
    parallel: bool | int = False,
    **options: Any,
) -> ToolFeed:
    """The same as it happens: text of the model (str), its calls of tools (ToolCall), their results (ToolResult).

    `gather()` waits for the rest and gives the `ToolRun`. Closing it stops the model; a tool that runs goes on to its
    end.
    """
    from analemma import _loop

    kit = _loop.Kit(tools, client)

    def ask(said: list[Any]) -> Generator[Any, Any, Answer]:
        answer = yield _think_feed(None, **_asked(options), messages=said, tools=kit.definitions)
        return answer  # type: ignore[no-any-return]

    return ToolFeed(_loop.loop(ask, kit, _opening(prompt, messages, options), max_steps, parallel))


_THINK_OPTIONS: dict[str, Any] = {
    "system": None,
    "model": None,
    "temperature": None,
    "max_tokens": None,
    "tool_choice": None,
    "parallel_tool_calls": None,
    "schema": None,
    "json": None,
    "repair": None,
    "top_p": None,
    "stop": None,
    "seed": None,
    "thinking_level": None,
    "budget": None,
    "timeout": _THINK_SECONDS,
}


def _asked(options: Mapping[str, Any]) -> dict[str, Any]:
    """Each step's options of `think`; the images belong to the first message."""
    for name in options:
        if name not in _THINK_OPTIONS and name != "images":
            raise TypeError(f"think takes no {name!r}; it takes {', '.join(_THINK_OPTIONS)} and images")
    return {**_THINK_OPTIONS, **options, "images": None}


def _opening(
    prompt: str | None, messages: Sequence[Mapping[str, Any] | Answer] | None, options: Mapping[str, Any]
) -> Sequence[Mapping[str, Any] | Answer]:
    _asked(options)
    if (prompt is None) == (messages is None):
        raise ValueError("give a prompt or messages, and not both")
    if messages is not None:
        return messages
    images = options.get("images")
    return [{"role": "user", "content": prompt, **({"images": [*images]} if images else {})}]


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


def conversation_open(
    client: object,
    *,
    name: str | None = None,
    system: str | None = None,
    model: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    thinking_level: str | None = None,
    tools: Sequence[Mapping[str, Any]] | None = None,
    messages: Sequence[Mapping[str, Any] | Answer] | None = None,
    compaction: Mapping[str, int] | None = None,
) -> Call[ConversationInfo]:
    reply = yield _request(
        CONVERSATION_OPEN,
        name=name,
        system_instruction=system,
        model=model,
        temperature=temperature,
        max_tokens=max_tokens,
        thinking_level=thinking_level,
        tools=None if tools is None else [{**tool} for tool in tools],
        messages=None if messages is None else [_message(message) for message in messages],
        compaction=None if compaction is None else {**compaction},
    )
    return ConversationInfo(reply.json())


def conversation_append(
    client: object, id: int, messages: Sequence[Mapping[str, Any] | Answer]
) -> Call[ConversationInfo]:
    said = [_message(message) for message in messages]
    reply = yield _request(CONVERSATION_APPEND, conversation=id, messages=said)
    return ConversationInfo(reply.json())


def conversation_fork(client: object, id: int, *, keep: int | None, name: str | None) -> Call[ConversationInfo]:
    reply = yield _request(CONVERSATION_FORK, conversation=id, keep=keep, name=name)
    return ConversationInfo(reply.json())


def conversation_truncate(client: object, id: int, keep: int) -> Call[ConversationInfo]:
    reply = yield _request(CONVERSATION_TRUNCATE, conversation=id, keep=keep)
    return ConversationInfo(reply.json())


def conversation_compact(
    client: object, id: int, *, keep: int | None, summary_tokens: int | None
) -> Call[Compaction]:
    reply = yield _request(
        CONVERSATION_COMPACT, _THINK_SECONDS, conversation=id, keep_messages=keep, summary_tokens=summary_tokens
    )
    return Compaction(reply.json())


def conversation_tokens(client: object, id: int, prompt: str | None) -> Call[TokenCount]:
    reply = yield _request(CONVERSATION_TOKENS, conversation=id, prompt=prompt)
    return TokenCount(reply.json())


def conversation_messages(client: object, id: int) -> Call[list[dict[str, Any]]]:
    messages: list[dict[str, Any]] = []
    start: int | None = 0
    while start is not None:
        reply = yield _request(CONVERSATION_SHOW, conversation=id, **{"from": start})
        # An answer larger than a frame comes in pieces.
        part = parse(b"".join(reply.pieces) + reply.payload)
        messages += part["messages"]
        start = part.get("next")
    return messages


def conversation_close(client: object, id: int) -> Call[None]:
    yield _request(CONVERSATION_CLOSE, conversation=id)


def budget_set(
    client: object,
    target: Target = None,
    *,
    group: str | None = None,
    day: bool = False,
    tokens: int | None = None,
    microdollars: int | None = None,
    reset: bool = False,
) -> Call[list[BudgetUse]]:
    """Sets what an agent may spend in its life, what it has spent included; -1 for no limit. Host clients only.

    Or, in place of an agent, what a group may, or all in a day: over restarts of the kernel, until it is set again.
    With `reset` it is what the spawn or the settings say. Returns how these budgets stand then. Calls that are held go
    on when the agent is resumed.
    """
    reply = yield _request(
        BUDGET_SET,
        **_of(target),
        group=group,
        day=day or None,
        tokens=tokens,
        microdollars=microdollars,
        reset=reset or None,
    )
    return [BudgetUse(each) for each in reply.json()["budgets"]]


def conversations(client: object) -> Call[list[ConversationInfo]]:
    """The caller's conversations and those of agents below it, by id; of a client on the host, all."""
    reply = yield _request(CONVERSATION_LIST)
    fields = parse(b"".join(reply.pieces) + reply.payload)
    return [ConversationInfo(each) for each in fields["conversations"]]


def llm(client: object, *, all: bool = False) -> Call[Models]:
    """How the models stand: providers, queues, and what each agent used; with `all` also of agents that have ended."""
    reply = yield _request(LLM, all=all or None)
    return Models(reply.json())


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


def endpoint(client: object, target: Target = None) -> Call[Endpoint]:
    """Where programs on the host find the APIs of model providers, and a token; for clients on the host.

    With a target, whoever shows the token is that process.
    """
    reply = yield _request(ENDPOINT, **_of(target))
    return Endpoint(reply.json())


def http_stream(
    client: object,
    url: str,
    *,
    method: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: str | bytes | None = None,
    timeout: float = 30.0,
    max_bytes: int | None = None,
) -> Feed[bytes, HttpAnswer]:
    """Sends an HTTP request under this agent's network rules; the answer's body as it comes.

    `gather()` waits for all of it. Takes what `http` takes; closing it hangs up.
    """
    encoding = None
    if isinstance(body, bytes):
        from binascii import b2a_base64

        body, encoding = b2a_base64(body, newline=False).decode(), "base64"
    request = _request(
        HTTP,
        timeout,
        url=url,
        method=method,
        headers=None if headers is None else {**headers},
        body=body,
        encoding=encoding,
        timeout_ms=_ms(timeout),
        max_bytes=max_bytes,
    )
    return Feed(request, bytes, HttpAnswer)


def http(
    client: object,
    url: str,
    *,
    method: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: str | bytes | None = None,
    timeout: float = 30.0,
    max_bytes: int | None = None,
) -> Call[HttpAnswer]:
    """Sends an HTTP request under this agent's network rules, and waits for the answer, whatever its status.

    Redirects are answers and not followed. Raises PermissionDenied, whose message says what the rules allow, HttpFailed
    when the host cannot be reached, TooLarge, TimedOut, and NotConfigured when a rule's secret is not set.
    """
    feed = http_stream(
        client, url, method=method, headers=headers, body=body, timeout=timeout, max_bytes=max_bytes
    )
    reply = yield feed.request
    return HttpAnswer(reply.pieces, reply.json())


def secret_set(client: object, name: str, value: str) -> Call[bool]:
    """Keeps a secret, for clients on the host; returns whether it replaced one. No call ever gives the value back."""
    reply = yield _request(SECRET_SET, name=name, value=value)
    return bool(reply.json()["replaced"])


def secret_list(client: object) -> Call[list[Secret]]:
    """The secrets by name, without their values; for clients on the host."""
    reply = yield _request(SECRET_LIST)
    return [Secret(fields) for fields in reply.json()["secrets"]]


def secret_remove(client: object, name: str) -> Call[None]:
    """Forgets a secret, for clients on the host. Raises NoSuchSecret when there is none."""
    yield _request(SECRET_REMOVE, name=name)


def list_tools(client: object, server: str | None = None) -> Call[KernelTools]:
    """The tools of the kernel that the caller may call, of all servers or of one; starts their servers."""
    reply = yield _request(LIST_TOOLS, _TOOL_SECONDS, server=server)
    return KernelTools(reply.json())


def call_tool(
    client: object, name: str, arguments: Mapping[str, Any] | None = None, *, timeout: float | None = None
) -> Call[ToolReply]:
    """Calls a tool of the kernel, "server/tool", and waits for its result.

    A result may say itself that it is an error (`is_error`). Raises PermissionDenied, NoSuchTool, InvalidArgument (the
    arguments are not what its schema wants), ToolFailed (its server), TooLarge (its result), TimedOut, TryAgain.
    """
    reply = yield _call_tool(name, arguments, timeout, None)
    return ToolReply(reply.json())


def call_tool_stream(
    client: object, name: str, arguments: Mapping[str, Any] | None = None, *, timeout: float | None = None
) -> Feed[ToolProgress, ToolReply]:
    """The same, with what the tool says of its progress as it says it. `gather()` waits for the `ToolReply`."""
    request = _call_tool(name, arguments, timeout, True)
    return Feed(request, lambda piece: ToolProgress(parse(piece)), lambda pieces, fields: ToolReply(fields))


def _call_tool(
    name: str, arguments: Mapping[str, Any] | None, timeout: float | None, progress: bool | None
) -> Request:
    return _request(
        CALL_TOOL,
        _TOOL_SECONDS if timeout is None else timeout,
        name=name,
        arguments=None if arguments is None else {**arguments},
        timeout_ms=_ms(timeout),
        progress=progress,
    )


def tool_servers(client: object) -> Call[list[ToolServer]]:
    """The servers of tools, and how they are."""
    reply = yield _request(TOOL_SERVERS)
    return [ToolServer(fields) for fields in reply.json()["servers"]]


def restart_tools(client: object, server: str) -> Call[ToolServer]:
    """Starts a server of tools anew; returns when it is up. For clients on the host."""
    reply = yield _request(RESTART_TOOLS, _TOOL_SECONDS, server=server)
    return ToolServer(reply.json())


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
