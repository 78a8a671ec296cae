"""The tool loop: think, call the tools that the model asks for, think again, until it asks for none.

It is a generator, as every call of this package is, so that both clients and streaming share it. Beside requests it
yields `Work`, which the blocking client runs and the asyncio one awaits.

    think ──► answer asks for no tool ─────────────────────────────► done
      ▲       answer asks for a tool that has no function here ────► done: the caller takes it from there
      │       the last step allowed, and it asks for tools ────────► StepLimitReached; those are not run
      └────── otherwise run them, add their results
"""

from __future__ import annotations

from analemma._errors import NoSuchTool, StepLimitReached, SyscallError, ToolFailed
from analemma._records import KernelTools, Record
from analemma._tools import Tool, ToolResult, result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
    from typing import Any

    from analemma._records import Answer, ToolCall

    Messages = Sequence[Mapping[str, Any] | Answer]

STEPS_DEFAULT = 8

# Calls of tools in one step. A model that asks for more is told so.
_CALLS_MAX = 32

# How many run at once when `parallel` is True.
_PARALLEL_DEFAULT = 8


class ToolRun(Record):
    """What a tool loop came to: the last answer, the whole conversation, and each call of a tool with its result."""

    answer: Answer
    messages: list[Any]
    steps: int
    results: Sequence[ToolResult] = ()

    def __str__(self) -> str:
        return self.answer.content


class Work:
    """Calls of tools that are to be run, at most so many at once, with their results in the order of the calls."""

    def __init__(self, kit: Kit, calls: Sequence[ToolCall], parallel: int) -> None:
        self.calls = calls
        self._kit = kit
        self._parallel = parallel

    def run(self) -> list[ToolResult]:
        if self._parallel == 1 or len(self.calls) == 1:
            return [self._kit.run(call) for call in self.calls]
        import threading

        results: list[Any] = [None] * len(self.calls)
        failures: list[BaseException] = []
        waiting = iter(enumerate(self.calls))
        lock = threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    at, call = next(waiting, (None, None))
                if at is None or call is None:
                    return
                try:
                    results[at] = self._kit.run(call)
                except BaseException as failed:
                    failures.append(failed)

        threads = [threading.Thread(target=work, daemon=True) for _ in range(min(self._parallel, len(self.calls)))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        return results

    async def run_async(self) -> list[ToolResult]:
        import asyncio

        slots = asyncio.Semaphore(self._parallel)

        async def one(call: ToolCall) -> ToolResult:
            async with slots:
                return await self._kit.run_async(call)

        tasks = [asyncio.ensure_future(one(call)) for call in self.calls]
        try:
            return list(await asyncio.gather(*tasks))
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise


class Kit:
    """The tools of one loop, by name: those with a function, and those that are only described to the model."""

    def __init__(self, tools: Iterable[Any], client: Any) -> None:
        self.definitions: list[dict[str, Any]] = []
        self._by_name: dict[str, Any] = {}
        self._described: set[str] = set()
        self._asked: list[str] = []
        self._client = client
        for each in tools:
            if isinstance(each, str):
                self._asked.append(each)
            elif callable(each):
                made = each if isinstance(each, Tool) else Tool(each)
                self._add(made.definition())
                self._by_name[made.name] = made
            else:
                self._add({**each})
                self._described.add(each["name"])

    def _add(self, definition: dict[str, Any]) -> None:
        if any(other["name"] == definition["name"] for other in self.definitions):
            raise ValueError(f"two tools are called {definition['name']!r}; give one another name")
        self.definitions.append(definition)

    def fill(self) -> Generator[Any, Any, None]:
        """Asks the kernel for those of its tools that are named here."""
        if not self._asked:
            return
        from analemma import _tool_calls

        offered = yield from _tool_calls.list_tools(self._client)
        for name in self._asked:
            found = [
                each
                for each in offered
                if each.name == name or (name.endswith("/*") and each.name.startswith(name[:-1]))
            ]
            if not found:
                raise _not_offered(offered, name)
            for each in found:
                if each.function not in self._by_name:
                    self._add(each.definition())
                    self._by_name[each.function] = _OfKernel(each.name, self._client)

    def lacks_function(self, call: ToolCall) -> bool:
        return call.name in self._described

    def run(self, call: ToolCall) -> ToolResult:
        tool = self._by_name.get(call.name)
        return self._unknown(call) if tool is None else tool.run(call)

    async def run_async(self, call: ToolCall) -> ToolResult:
        tool = self._by_name.get(call.name)
        return self._unknown(call) if tool is None else await tool.run_async(call)

    def _unknown(self, call: ToolCall) -> ToolResult:
        return result(call, f"there is no tool {call.name!r}; there are: {', '.join(self._by_name)}", True)


class _OfKernel:
    """A tool of the kernel in a loop. Its time is the kernel's business; what is refused is for the model to read."""

    def __init__(self, name: str, client: Any) -> None:
        self._name = name
        self._client = client

    def run(self, call: ToolCall) -> ToolResult:
        try:
            return self._result(call, self._client.call_tool(self._name, call.arguments))
        except SyscallError as refused:
            return self._refused(call, refused)

    async def run_async(self, call: ToolCall) -> ToolResult:
        try:
            return self._result(call, await self._client.call_tool(self._name, call.arguments))
        except SyscallError as refused:
            return self._refused(call, refused)

    @staticmethod
    def _result(call: ToolCall, reply: Any) -> ToolResult:
        others = [part for part in reply.parts if part.data or part.type == "resource_link"]
        said = [reply.content, *(f"[{part.type} {part.mime_type or part.uri}]" for part in others)]
        return result(call, "\n".join(filter(None, said)), reply.is_error, reply.ran_ms / 1000)

    @staticmethod
    def _refused(call: ToolCall, refused: SyscallError) -> ToolResult:
        return result(call, f"{refused.message}; {refused.hint}" if refused.hint else refused.message, True)


def _not_offered(offered: KernelTools, name: str) -> SyscallError:
    for server in offered.unavailable:
        if name.startswith(f"{server.server}/"):
            return ToolFailed(f"{server.server}: {server.reason}")
    return NoSuchTool(f"no tool that this caller may call is named {name}", "list_tools names those there are")


def loop(
    ask: Callable[[list[Any]], Generator[Any, Any, Answer]],
    kit: Kit,
    messages: Messages,
    max_steps: int | None,
    parallel: bool | int,
) -> Generator[Any, Any, ToolRun]:
    """Runs the loop. `ask` puts a question to the model, given all that was said so far."""
    steps_max = STEPS_DEFAULT if max_steps is None else max_steps
    if steps_max < 1:
        raise ValueError(f"max_steps is {max_steps}; it must be at least 1")
    at_once = (_PARALLEL_DEFAULT if parallel else 1) if isinstance(parallel, bool) else parallel
    if at_once < 1:
        raise ValueError(f"parallel is {parallel}; it must be True, False or at least 1")
    yield from kit.fill()
    said: list[Any] = [*messages]
    results: list[ToolResult] = []
    for step in range(1, steps_max + 1):
        answer = yield from ask(said)
        said.append(answer)
        calls = answer.tool_calls
        run = ToolRun({"answer": answer, "messages": said, "steps": step, "results": results})
        if not calls or any(kit.lacks_function(call) for call in calls):
            return run
        if step == steps_max:
            raise StepLimitReached(run)
        done = yield Work(kit, calls[:_CALLS_MAX], at_once)
        done += [result(call, f"not run: at most {_CALLS_MAX} calls in one answer", True) for call in calls[_CALLS_MAX:]]
        results.extend(done)
        said.extend(each.to_message() for each in done)
    raise AssertionError("the loop ends within its steps")
