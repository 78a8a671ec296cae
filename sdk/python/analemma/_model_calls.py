"""Calls of models, their conversations and budgets. Made methods of both clients as those of `_calls`."""

from __future__ import annotations

import os

from analemma._calls import _THINK_SECONDS, Feed, ToolFeed, _ms, _of, _request, parse
from analemma._records import Answer, BudgetUse, Compaction, ConversationInfo, Models, Record, TokenCount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from typing import Any, TypedDict, Union

    from typing_extensions import Unpack

    from analemma._calls import Call, Target
    from analemma._loop import ToolRun
    from analemma._session import Request

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

THINK, LLM = 0x01, 0x107
CONVERSATION_OPEN, CONVERSATION_APPEND, CONVERSATION_FORK, CONVERSATION_TRUNCATE = 0x108, 0x109, 0x10A, 0x10B
CONVERSATION_COMPACT, CONVERSATION_TOKENS, CONVERSATION_SHOW = 0x10C, 0x10D, 0x10E
CONVERSATION_LIST, CONVERSATION_CLOSE = 0x10F, 0x110
BUDGET_SET = 0x112


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
