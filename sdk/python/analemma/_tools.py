"""Tools that an agent defines: functions that a model may ask to be called.

    @tool
    def forecast(city: str, days: int = 1) -> str:
        \"\"\"The weather of the coming days.

        Args:
            city: Its name, in English.
            days: How many, 1 to 7.
        \"\"\"

The schema comes from the type hints, the descriptions from the docstring. What the model sends is checked and converted
before the function is called. Whatever goes wrong then becomes a `ToolResult` that the model can read and act upon.

Time. A function without `await` runs on a thread of its own, as Python can end no function from outside: when its time
is over its result is given up and its thread left alone, until it returns or the program ends (it does not keep the
program from ending). There may be `_ABANDONED_MAX` such threads; from then on functions with a time limit are refused.
A coroutine is cancelled; one that does not heed that is left alone likewise. A coroutine that blocks the event loop
blocks its own clock too. With `timeout=None` a function runs on the calling thread for as long as it likes.
"""

from __future__ import annotations

import contextvars
import functools
import inspect
import json
import re
import threading
import time

from analemma import _docstrings, _schema
from analemma._records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Union

    from analemma._records import ToolCall

    Raises = Union[bool, type[BaseException], tuple[type[BaseException], ...]]

# How long a tool may take, and how long its result may be, unless its decorator says otherwise.
SECONDS_DEFAULT = 60.0
RESULT_BYTES_DEFAULT = 64 * 1024

# Threads of tools that did not end in time, in this program.
_ABANDONED_MAX = 16

# What a coroutine gets for its clean-up, after it was cancelled.
_CANCEL_SECONDS = 1.0

# As the kernel takes it: docs/abi.md.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


class ToolResult(Record):
    """What a call of a tool came to: the text that the model reads, and whether it is an error."""

    id: str
    name: str
    content: str
    is_error: bool = False
    seconds: float = 0.0

    def to_message(self) -> dict[str, Any]:
        """The message of a conversation that gives it to the model."""
        content = f"error: {self.content}" if self.is_error else self.content
        return {"role": "tool", "tool_call_id": self.id, "content": content}


def result(call: ToolCall, content: str, is_error: bool = False, seconds: float = 0.0) -> ToolResult:
    return ToolResult(
        {"id": call.id, "name": call.name, "content": content, "is_error": is_error, "seconds": seconds}
    )


class ToolError(Exception):
    """Raise it in a tool to tell the model what is wrong in these words, without the name of an exception."""


class ToolArgumentError(ToolError, ValueError):
    """The arguments do not fit the tool's parameters. `problems` has each."""

    def __init__(self, name: str, problems: Sequence[str]) -> None:
        super().__init__(f"the arguments of {name} are wrong: {'; '.join(problems)}")
        self.problems = list(problems)


class Tool:
    """A function with what a model needs to know of it. Calling it calls the function."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        description: str | None = None,
        timeout: float | None = SECONDS_DEFAULT,
        result_bytes_max: int = RESULT_BYTES_DEFAULT,
        raises: Raises = False,
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.name = name or getattr(function, "__name__", type(function).__name__)
        if not _NAME.match(self.name):
            raise ValueError(f"a tool's name is 1 to 64 letters, digits, _ and -, not {self.name!r}")
        if timeout is not None and not timeout > 0:
            raise ValueError(f"timeout is {timeout}; it must be positive, or None for no limit")
        if result_bytes_max < 64:
            raise ValueError(f"result_bytes_max is {result_bytes_max}; it must be at least 64")
        self.timeout = timeout
        self.result_bytes_max = result_bytes_max
        self.raises = raises
        summary, described = _docstrings.read(function.__doc__)
        self.description = description if description is not None else summary
        self._fields, self._positional = _parameters(function, described)
        self.parameters = _schema.object_schema(self._fields)
        self.is_async = inspect.iscoroutinefunction(inspect.unwrap(function)) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> Tool:
        """A tool that is a method belongs to its object, as functions do."""
        if instance is None:
            return self
        return Tool(
            self.function.__get__(instance, owner),
            name=self.name,
            description=self.description,
            timeout=self.timeout,
            result_bytes_max=self.result_bytes_max,
            raises=self.raises,
        )

    def __repr__(self) -> str:
        return f"Tool({self.name!r})"

    def definition(self) -> dict[str, Any]:
        """The tool as the model is told of it."""
        return {"name": self.name, "description": self.description, "parameters": self.parameters}

    def arguments(self, sent: Any) -> tuple[list[Any], dict[str, Any]]:
        """What the model sent, checked and converted, by position and by name. Raises ToolArgumentError."""
        problems: list[str] = []
        try:
            taken = _schema.take_fields(self._fields, {} if sent is None else sent, "", problems)
        except _schema.Unfit:
            raise ToolArgumentError(self.name, problems) from None
        positional = []
        for name in self._positional:
            if name not in taken:
                break
            positional.append(taken.pop(name))
        return positional, taken

    def run(self, call: ToolCall) -> ToolResult:
        """Runs it to its result. Raises only what `raises` names, and KeyboardInterrupt."""
        begun = time.monotonic()
        try:
            args, kwargs = self.arguments(call.arguments)
            work = functools.partial(self._run_coroutine if self.is_async else self.function, *args, **kwargs)
            value = work() if self.timeout is None else _on_a_thread(work, self)
            text, is_error = self._text(value), False
        except BaseException as failed:
            text, is_error = self._failure(failed), True
        return result(call, text, is_error, time.monotonic() - begun)

    async def run_async(self, call: ToolCall) -> ToolResult:
        """Runs it to its result; a function without `await` on a thread, so that the event loop goes on."""
        import asyncio

        begun = time.monotonic()
        try:
            args, kwargs = self.arguments(call.arguments)
            if self.is_async:
                value = await self._awaited(self.function(*args, **kwargs))
            else:
                value = await _beside_the_loop(functools.partial(self.function, *args, **kwargs), self)
            text, is_error = self._text(value), False
        except asyncio.CancelledError:
            raise  # of the caller's own task: _awaited has made something else of the tool's
        except BaseException as failed:
            text, is_error = self._failure(failed), True
        return result(call, text, is_error, time.monotonic() - begun)

    def _run_coroutine(self, *args: Any, **kwargs: Any) -> Any:
        """A coroutine for a caller without an event loop."""
        import asyncio

        return asyncio.run(self._awaited(self.function(*args, **kwargs)))

    async def _awaited(self, coroutine: Any) -> Any:
        import asyncio

        task = asyncio.ensure_future(coroutine)
        try:
            done, _ = await asyncio.wait({task}, timeout=self.timeout)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            task.cancel()
            # It gets the chance to clean up; whether it takes it is not waited for.
            task.add_done_callback(_look_away)
            raise _Overdue(self)
        if task.cancelled():
            raise ToolError("it was cancelled from within")
        return task.result()

    def _text(self, value: Any) -> str:
        text = value if isinstance(value, str) else _json(value)
        data = text.encode("utf-8", "replace")
        if len(data) <= self.result_bytes_max:
            return data.decode()
        kept = data[: self.result_bytes_max].decode("utf-8", "ignore")
        return f"{kept}\n[cut here: {self.result_bytes_max} of {len(data)} bytes]"

    def _failure(self, failed: BaseException) -> str:
        """What the model is told. Raises what was asked to be raised, and what is not for a tool to decide."""
        if isinstance(failed, (KeyboardInterrupt, GeneratorExit)):
            raise failed
        wanted = self.raises
        if wanted is not False and not isinstance(failed, (ToolArgumentError, _Overdue)):
            if isinstance(failed, BaseException if wanted is True else wanted):
                if isinstance(failed, StopIteration):  # it would end whatever generator it comes through
                    raise RuntimeError("the tool raised StopIteration") from failed
                raise failed
        if isinstance(failed, (ToolError, _Overdue)):
            said = str(failed)
        else:
            said = f"{type(failed).__name__}: {failed}" if str(failed) else type(failed).__name__
        return self._text(said)


class _Overdue(Exception):
    def __init__(self, tool: Tool) -> None:
        super().__init__(f"{tool.name} did not end within {tool.timeout:g} s and was given up")


def tool(
    function: Any = None,
    *,
    name: str | None = None,
    description: str | None = None,
    timeout: float | None = SECONDS_DEFAULT,
    result_bytes_max: int = RESULT_BYTES_DEFAULT,
    raises: Raises = False,
) -> Any:
    """Makes a function a tool, with or without parentheses.

    `name` and `description` replace the function's own, `timeout` is in seconds (None: no limit), a result longer than
    `result_bytes_max` in UTF-8 is cut and says so. What the function raises is told to the model, but what `raises`
    names (True: everything) is raised to the caller. Raises TypeError for a type hint that has no JSON Schema.
    """
    options = {
        "name": name,
        "description": description,
        "timeout": timeout,
        "result_bytes_max": result_bytes_max,
        "raises": raises,
    }
    if function is None:
        return lambda function: Tool(function, **options)  # type: ignore[arg-type]
    return Tool(function, **options)


def _parameters(function: Any, described: dict[str, str]) -> tuple[list[_schema.Field], list[str]]:
    """The fields of the arguments, and which of them go by position."""
    target = function.func if isinstance(function, functools.partial) else function
    hints = _schema.hints_of(target if inspect.isroutine(target) or inspect.isclass(target) else target.__call__)
    fields, positional = [], []
    for at, parameter in enumerate(inspect.signature(function).parameters.values()):
        if at == 0 and parameter.name in ("self", "cls") and not inspect.ismethod(function):
            continue  # bound when the tool is taken from its object
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(
                f"{function.__name__}: a model must be told each parameter, which *args and **kwargs do not; name them"
            )
        try:
            kind = _schema.kind_of(hints.get(parameter.name, inspect.Parameter.empty))
        except TypeError as failed:
            raise TypeError(f"parameter {parameter.name} of {getattr(function, '__name__', function)}: {failed}") from None
        required = parameter.default is parameter.empty
        default = {} if required else {"default": parameter.default}
        fields.append(
            _schema.Field(parameter.name, kind, required, description=described.get(parameter.name, ""), **default)
        )
        if parameter.kind is parameter.POSITIONAL_ONLY:
            positional.append(parameter.name)
    return fields, positional


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    """What json cannot write by itself."""
    import dataclasses
    import enum

    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Record):
        return value.to_json()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    return str(value)


class _Abandoned:
    """Counts threads that are left alone, until they end."""

    count = 0
    lock = threading.Lock()


class _Errand:
    """A function on a thread of its own, which outlives nobody: the program ends without waiting for it."""

    def __init__(self, function: Callable[[], Any], tool: Tool) -> None:
        if _Abandoned.count >= _ABANDONED_MAX:
            raise ToolError(f"{_ABANDONED_MAX} tools that did not end in time still run; no other is begun beside them")
        self.value: Any = None
        self.error: BaseException | None = None
        self.is_over = threading.Event()
        self._lock = threading.Lock()
        self._is_abandoned = False
        self._wake: Callable[[], None] | None = None
        context = contextvars.copy_context()

        def work() -> None:
            try:
                self.value = context.run(function)
            except BaseException as failed:
                self.error = failed
            finally:
                self._end()

        threading.Thread(target=work, name=f"tool {tool.name}", daemon=True).start()

    def _end(self) -> None:
        with self._lock:
            self.is_over.set()
            if self._is_abandoned:
                with _Abandoned.lock:
                    _Abandoned.count -= 1
            wake = self._wake
        if wake is not None:
            wake()

    def then(self, wake: Callable[[], None]) -> None:
        with self._lock:
            self._wake = wake
            over = self.is_over.is_set()
        if over:
            wake()

    def abandon(self) -> None:
        with self._lock:
            if not self.is_over.is_set():
                self._is_abandoned = True
                with _Abandoned.lock:
                    _Abandoned.count += 1

    def outcome(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


def _on_a_thread(function: Callable[[], Any], tool: Tool) -> Any:
    errand = _Errand(function, tool)
    assert tool.timeout is not None
    try:
        # A coroutine minds its time by itself, and is cancelled; this is for one that does not heed that.
        ended = errand.is_over.wait(tool.timeout + (_CANCEL_SECONDS if tool.is_async else 0))
    except BaseException:
        errand.abandon()
        raise
    if not ended:
        errand.abandon()
        raise _Overdue(tool)
    return errand.outcome()


async def _beside_the_loop(function: Callable[[], Any], tool: Tool) -> Any:
    import asyncio

    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def wake() -> None:
        try:
            loop.call_soon_threadsafe(lambda: ended.done() or ended.set_result(None))
        except RuntimeError:
            pass  # the loop has closed: nobody waits any more

    errand = _Errand(function, tool)
    errand.then(wake)
    try:
        await asyncio.wait_for(ended, tool.timeout)
    except asyncio.TimeoutError:
        errand.abandon()
        raise _Overdue(tool) from None
    except BaseException:
        errand.abandon()
        raise
    return errand.outcome()


def _look_away(task: Any) -> None:
    if not task.cancelled():
        task.exception()
