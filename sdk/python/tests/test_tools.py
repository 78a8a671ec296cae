"""Tools: schemas of functions, arguments, results, time, and the loop of both clients against a scripted kernel."""

from __future__ import annotations

import asyncio
import contextvars
import dataclasses
import datetime
import enum
import functools
import json
import os
import pathlib
import sys
import threading
import unittest
from typing import Annotated, Any, Dict, List, Literal, NamedTuple, Optional, Tuple, TypedDict, Union

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.dirname(__file__))

import analemma
from analemma import Tool, ToolArgumentError, ToolError, tool
from analemma import _tools as tools_module
from analemma._records import ToolCall
from scripted import Frame, Peer, Scripted
from test_kernel import Awaiting, Blocking


class Unit(enum.Enum):
    KELVIN = "K"
    CELSIUS = "C"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclasses.dataclass
class Place:
    """A place on Earth.

    Attributes:
        name: What people call it.
        height: Metres above the sea.
    """

    name: str
    height: float = 0.0
    tags: List[str] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a place has a name")


class Span(TypedDict):
    begin: datetime.date
    end: datetime.datetime


class Loose(TypedDict, total=False):
    note: str


class Point(NamedTuple):
    x: int
    y: int = 0


@dataclasses.dataclass
class Node:
    next: Optional["Node"] = None


def call(name: str = "f", identity: str = "c1", signature: str | None = None, **arguments: Any) -> ToolCall:
    fields = {"id": identity, "name": name, "arguments": arguments}
    return ToolCall({**fields, "signature": signature} if signature else fields)


def schema_of(hint: Any) -> Any:
    def f(x: Any) -> None: ...

    f.__annotations__ = {"x": hint}
    return Tool(f).parameters["properties"]["x"]


def taken(hint: Any, value: Any) -> Any:
    def f(x: Any) -> Any:
        return x

    f.__annotations__ = {"x": hint}
    return Tool(f).arguments({"x": value})[1]["x"]


class SchemaTests(unittest.TestCase):
    def test_every_hint_has_its_schema(self) -> None:
        string, integer = {"type": "string"}, {"type": "integer"}
        cases = [
            (str, string),
            (int, integer),
            (float, {"type": "number"}),
            (bool, {"type": "boolean"}),
            (Any, {}),
            (None, {"type": "null"}),
            (list, {"type": "array", "items": {}}),
            (List[int], {"type": "array", "items": integer}),
            (list[list[str]], {"type": "array", "items": {"type": "array", "items": string}}),
            (set[str], {"type": "array", "items": string, "uniqueItems": True}),
            (Tuple[int, ...], {"type": "array", "items": integer}),
            (Tuple[int, str], {"type": "array", "prefixItems": [integer, string], "minItems": 2, "maxItems": 2}),
            (dict, {"type": "object"}),
            (Dict[str, int], {"type": "object", "additionalProperties": integer}),
            (Optional[int], {"type": ["integer", "null"]}),
            (Union[int, List[int]], {"anyOf": [integer, {"type": "array", "items": integer}]}),
            (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
            (Literal[1, "b", None], {"enum": [1, "b", None]}),
            (Unit, {"type": "string", "enum": ["K", "C"]}),
            (datetime.date, {"type": "string", "format": "date"}),
            (datetime.datetime, {"type": "string", "format": "date-time"}),
            (pathlib.Path, string),
            (Annotated[int, "How many.", {"minimum": 1}], {"type": "integer", "description": "How many.", "minimum": 1}),
            (Loose, {"type": "object", "properties": {"note": string}}),
            (
                Point,
                {"type": "object", "properties": {"x": integer, "y": {"type": "integer", "default": 0}}, "required": ["x"]},
            ),
            (
                Place,
                {
                    "type": "object",
                    "description": "A place on Earth.",
                    "properties": {
                        "name": {"type": "string", "description": "What people call it."},
                        "height": {"type": "number", "description": "Metres above the sea.", "default": 0.0},
                        "tags": {"type": "array", "items": string},
                    },
                    "required": ["name"],
                },
            ),
            (
                Span,
                {
                    "type": "object",
                    "properties": {
                        "begin": {"type": "string", "format": "date"},
                        "end": {"type": "string", "format": "date-time"},
                    },
                    "required": ["begin", "end"],
                },
            ),
        ]
        for hint, schema in cases:
            with self.subTest(hint):
                self.assertEqual(schema_of(hint), schema)
                json.dumps(schema)

    @unittest.skipIf(sys.version_info < (3, 10), "X | Y is new in Python 3.10")
    def test_unions_may_be_written_with_a_bar(self) -> None:
        def f(x: int | None, y: str | Place = "") -> None: ...

        self.assertEqual(Tool(f).parameters["properties"]["x"], {"type": ["integer", "null"]})

    def test_a_hint_without_a_schema_is_refused_where_the_function_is_made_a_tool(self) -> None:
        def socket(of: threading.Thread) -> None: ...

        def every(*args: int) -> None: ...

        def unseen(x: Nowhere) -> None: ...  # type: ignore[name-defined] # noqa: F821

        for function, words in (
            (socket, "parameter of of socket: Thread has no JSON Schema"),
            (every, "every: a model must be told each parameter"),
            (unseen, "a type hint of unseen cannot be found"),
        ):
            with self.subTest(function.__name__), self.assertRaises(TypeError) as caught:
                tool(function)
            self.assertIn(words, str(caught.exception))
        with self.assertRaisesRegex(TypeError, "contains itself"):
            schema_of(Node)
        with self.assertRaisesRegex(TypeError, "keys of a JSON object are strings"):
            schema_of(Dict[int, str])

    def test_a_name_that_no_model_takes_is_refused(self) -> None:
        for name in ("", "two words", "x" * 65, "é"):
            with self.subTest(name), self.assertRaises(ValueError):
                tool(name=name or "/")(len)
        for options in ({"timeout": 0}, {"timeout": -1}, {"result_bytes_max": 10}):
            with self.subTest(options), self.assertRaises(ValueError):
                tool(**options)(lambda: None)  # type: ignore[arg-type]

    def test_descriptions_come_from_the_docstring_in_each_style(self) -> None:
        def google(city: str, days: int = 1) -> str:
            """The weather.

            Of the coming
            days.

            Args:
                city: Its name,
                    in English.
                days (int, optional): How many.

            Returns:
                city: not a parameter.
            """
            return ""

        def numpy(city: str, days: int = 1) -> str:
            """The weather.

            Of the coming
            days.

            Parameters
            ----------
            city : str
                Its name,
                in English.
            days : int, optional
                How many.

            Returns
            -------
            str
                city: not a parameter.
            """
            return ""

        def sphinx(city: str, days: int = 1) -> str:
            """The weather.

            Of the coming
            days.

            :param city: Its name,
                in English.
            :param int days: How many.
            :returns: city: not a parameter.
            """
            return ""

        for function in (google, numpy, sphinx):
            with self.subTest(function.__name__):
                made = Tool(function)
                self.assertEqual(made.description, "The weather.\nOf the coming days.")
                self.assertEqual(
                    made.parameters,
                    {
                        "type": "object",
                        "properties": {
                            "city": {"type": "string", "description": "Its name, in English."},
                            "days": {"type": "integer", "description": "How many.", "default": 1},
                        },
                        "required": ["city"],
                    },
                )

    def test_a_function_stays_what_it_was(self) -> None:
        @tool(name="plus")
        def add(a: int, b: int = 2, /, *, c: int = 0) -> int:
            """Adds."""
            return a + b + c

        self.assertEqual((add(1), add(1, 1, c=5), add.__name__, add.name), (3, 7, "add", "plus"))
        self.assertEqual(add.run(call(a=1, b=3, c=1)).content, "5")
        self.assertEqual(add.run(call(a=1)).content, "3")

    def test_methods_partials_objects_and_builtin_functions_are_tools_too(self) -> None:
        class Counter:
            def __init__(self) -> None:
                self.total = 0

            @tool
            def add(self, by: int) -> int:
                """Adds."""
                self.total += by
                return self.total

            def plain(self, by: int) -> int:
                return self.total + by

            def __call__(self, word: str) -> str:
                return word.upper()

        one, other = Counter(), Counter()
        self.assertEqual([one.add.run(call(by=2)).content, other.add.run(call(by=5)).content], ["2", "5"])
        self.assertEqual(list(one.add.parameters["properties"]), ["by"])
        self.assertEqual(Tool(one.plain).run(call(by=1)).content, "3")
        self.assertEqual(Tool(one, name="upper").run(call(word="a")).content, "A")
        partial = functools.partial(one.plain)
        self.assertEqual(Tool(partial, name="partial").run(call(by=1)).content, "3")


class ArgumentTests(unittest.TestCase):
    def test_values_become_what_the_hint_says(self) -> None:
        cases = [
            (int, 5.0, 5),
            (int, "-5", -5),
            (float, 5, 5.0),
            (float, "1e3", 1000.0),
            (bool, "true", True),
            (Optional[int], None, None),
            (Union[int, str], "5", "5"),
            (Union[int, str], 5, 5),
            (Union[bool, int], 1, 1),
            (Tuple[int, str], [1, "a"], (1, "a")),
            (set[int], [1, 1, 2], {1, 2}),
            (Unit, "K", Unit.KELVIN),
            (Level, 2, Level.HIGH),
            (Dict[str, int], {"a": 1.0}, {"a": 1}),
            (datetime.date, "2026-01-31", datetime.date(2026, 1, 31)),
            (datetime.datetime, "2026-01-31T12:00:00Z", datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone.utc)),
            (pathlib.Path, "/work/a", pathlib.Path("/work/a")),
            (Place, {"name": "Lhasa", "height": 3656}, Place("Lhasa", 3656.0)),
            (List[Place], [{"name": "Lhasa", "tags": ["high"]}], [Place("Lhasa", tags=["high"])]),
            (Union[None, Place], {"name": "Lhasa"}, Place("Lhasa")),
            (Point, {"x": 1}, Point(1, 0)),
            (Loose, {}, {}),
        ]
        for hint, value, meant in cases:
            with self.subTest(hint=hint, value=value):
                got = taken(hint, value)
                self.assertEqual(got, meant)
                self.assertIs(type(got), type(meant))

    def test_what_does_not_fit_is_said_in_words_for_the_model(self) -> None:
        cases = [
            (int, "five", 'x must be an integer, not "five"'),
            (int, 5.5, "x must be an integer, not 5.5"),
            (int, True, "x must be an integer, not true"),
            (str, 5, "x must be a string, not 5"),
            (bool, "yes", 'x must be true or false, not "yes"'),
            (List[int], "a", 'x must be a list, not "a"'),
            (List[int], [1, "b", []], 'x[1] must be an integer, not "b"; x[2] must be an integer, not []'),
            (Tuple[int, str], [1], "x must be a list of 2 items, not [1]"),
            (Dict[str, int], {"a": None}, "x.a must be an integer, not null"),
            (Optional[int], "b", 'x must be an integer or null, not "b"'),
            (Literal["a", "b"], "c", 'x must be one of "a", "b", not "c"'),
            (Literal[1], True, "x must be one of 1, not true"),
            (Unit, "F", 'x must be one of "K", "C", not "F"'),
            (datetime.date, "today", 'x must be a date, as 2026-01-31, not "today"'),
            (Place, {"name": 1, "hight": 2}, "x.hight is not known; there are: name, height, tags; x.name must be a string, not 1"),
            (Place, {}, "x.name is missing; it must be a string"),
            (Place, {"name": ""}, "x: a place has a name"),
            (Optional[Place], {"name": 5}, "x.name must be a string, not 5"),
            (str, "x" * 100 and ["y" * 100], f'x must be a string, not ["{"y" * 55}...'),
        ]
        for hint, value, words in cases:
            with self.subTest(hint=hint, value=value), self.assertRaises(ToolArgumentError) as caught:
                taken(hint, value)
            self.assertEqual(str(caught.exception), f"the arguments of f are wrong: {words}")

    def test_missing_and_unknown_arguments_are_named_all_at_once(self) -> None:
        @tool
        def move(to: str, by: int, how: str = "foot") -> None: ...

        told = move.run(call("move", by="x", two="y"))
        self.assertTrue(told.is_error)
        self.assertEqual(
            told.content,
            "the arguments of move are wrong: two is not known; there are: to, by, how; to is missing; it must be a "
            'string; by must be an integer, not "x"',
        )
        self.assertIn("must be an object, not [1]", move.run(ToolCall({"id": "c", "name": "move", "arguments": [1]})).content)
        self.assertEqual(tool(lambda: "done", name="none").run(ToolCall({"id": "c", "name": "none"})).content, "done")


class ResultTests(unittest.TestCase):
    def said(self, value: Any, **options: Any) -> str:
        told = tool(lambda: value, name="f", **options).run(call())
        self.assertFalse(told.is_error, told.content)
        return told.content

    def test_results_become_text(self) -> None:
        cases = [
            ("as it is", "as it is"),
            (None, "null"),
            (7, "7"),
            ({"a": [1, None]}, '{"a": [1, null]}'),
            (Place("Lhasa"), '{"name": "Lhasa", "height": 0.0, "tags": []}'),
            ([Unit.KELVIN], '["K"]'),
            ({1, 2}, "[1, 2]"),
            (b"bytes \xff", '"bytes \ufffd"'),
            (datetime.date(2026, 1, 31), '"2026-01-31"'),
            ("lone \ud800", "lone ?"),
            ("grüße", "grüße"),
        ]
        for value, text in cases:
            with self.subTest(value):
                self.assertEqual(self.said(value), text)

    def test_a_long_result_is_cut_between_characters_and_says_so(self) -> None:
        self.assertEqual(self.said("é" * 40, result_bytes_max=79), "é" * 39 + "\n[cut here: 79 of 80 bytes]")
        self.assertEqual(self.said("é" * 40, result_bytes_max=80), "é" * 40)
        self.assertLess(len(self.said("x" * (1 << 20))), 70_000)

    def test_what_a_tool_raises_is_a_result(self) -> None:
        def thrower(error: Any) -> Any:
            def f() -> None:
                raise error

            return f

        cyclic: List[Any] = []
        cyclic.append(cyclic)
        for function, words in (
            (thrower(ValueError("no such city")), "ValueError: no such city"),
            (thrower(KeyError()), "KeyError"),
            (thrower(ToolError("try Lhasa")), "try Lhasa"),
            (thrower(SystemExit(3)), "SystemExit: 3"),
            (thrower(StopIteration("x")), "StopIteration: x"),
            (thrower(ValueError("x" * 100_000)), None),
            (lambda: cyclic, "ValueError: Circular reference detected"),
        ):
            for timeout in (None, 60.0):
                told = tool(function, name="f", timeout=timeout).run(call())
                self.assertTrue(told.is_error)
                if words is not None:
                    self.assertEqual(told.content, words)
                self.assertLess(len(told.content), 70_000)
                self.assertTrue(told.to_message()["content"].startswith("error: "))

    def test_what_is_asked_to_be_raised_is_raised(self) -> None:
        def fails() -> None:
            raise KeyError("gone")

        for raises in (True, KeyError, (ValueError, LookupError)):
            with self.subTest(raises), self.assertRaises(KeyError):
                tool(fails, raises=raises).run(call())
        self.assertTrue(tool(fails, raises=ValueError).run(call()).is_error)
        # Wrong arguments are the model's to set right.
        self.assertTrue(tool(fails, raises=True).run(call(unknown=1)).is_error)
        with self.assertRaises(KeyboardInterrupt):

            def interrupted() -> None:
                raise KeyboardInterrupt

            tool(interrupted).run(call())


variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


class TimeTests(unittest.TestCase):
    def setUp(self) -> None:
        self.release = threading.Event()
        self.addCleanup(self.settle)

    def settle(self) -> None:
        self.release.set()
        for thread in threading.enumerate():
            if thread.name.startswith("tool "):
                thread.join(10)
        self.assertEqual(tools_module._Abandoned.count, 0)

    def test_a_function_that_hangs_is_given_up_and_its_thread_counted(self) -> None:
        stuck = tool(self.release.wait, name="stuck", timeout=0.01)
        told = Tool(lambda: self.release.wait(), name="stuck", timeout=0.01).run(call("stuck"))
        self.assertTrue(told.is_error)
        self.assertEqual(told.content, "stuck did not end within 0.01 s and was given up")
        self.assertEqual(tools_module._Abandoned.count, 1)
        self.assertIsInstance(stuck, Tool)
        told = asyncio.run(Tool(lambda: self.release.wait(), name="stuck", timeout=0.01).run_async(call("stuck")))
        self.assertIn("did not end within", told.content)
        self.assertEqual(tools_module._Abandoned.count, 2)

    def test_beside_many_that_hang_no_other_is_begun(self) -> None:
        hang = Tool(lambda: self.release.wait(), name="hang", timeout=0.001)
        for _ in range(tools_module._ABANDONED_MAX):
            self.assertIn("did not end", hang.run(call("hang")).content)
        self.assertIn("no other is begun", hang.run(call("hang")).content)
        # What runs on the caller's thread needs none.
        self.assertEqual(Tool(lambda: "fine", name="g", timeout=None).run(call("g")).content, "fine")

    def test_a_coroutine_that_hangs_is_cancelled(self) -> None:
        cancelled: List[str] = []

        @tool(timeout=0.01)
        async def hang() -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append("yes")
                raise

        async def both() -> analemma.ToolResult:
            told = await hang.run_async(call("hang"))
            await asyncio.sleep(0)
            return told

        self.assertIn("did not end within 0.01 s", asyncio.run(both()).content)
        self.assertIn("did not end within 0.01 s", hang.run(call("hang")).content)
        self.assertEqual(cancelled, ["yes", "yes"])

    def test_a_coroutine_runs_under_either_client(self) -> None:
        @tool
        async def double(x: int) -> int:
            await asyncio.sleep(0)
            return 2 * x

        for made in (double, Tool(double.function, name="double", timeout=None)):
            self.assertEqual(made.run(call("double", x=2)).content, "4")
            self.assertEqual(asyncio.run(made.run_async(call("double", x=2))).content, "4")

    def test_a_coroutine_that_cancels_itself_ends_in_an_error_and_not_its_caller(self) -> None:
        @tool
        async def gone() -> None:
            raise asyncio.CancelledError

        self.assertIn("cancelled from within", asyncio.run(gone.run_async(call("gone"))).content)
        self.assertIn("cancelled from within", gone.run(call("gone")).content)

    def test_cancelling_the_caller_cancels_the_coroutine(self) -> None:
        ended: List[str] = []

        @tool
        async def hang() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("yes")

        async def scene() -> None:
            task = asyncio.ensure_future(hang.run_async(call("hang")))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task

        asyncio.run(scene())
        self.assertEqual(ended, ["yes"])

    def test_a_thread_sees_the_callers_context(self) -> None:
        variable.set("mine")
        self.assertEqual(Tool(lambda: variable.get(), name="f").run(call()).content, "mine")
        self.assertEqual(Tool(threading.current_thread, name="f", timeout=None).run(call()).content[:20], '"' + str(threading.current_thread())[:19])


OFFERED = {
    "tools": [
        {"name": "fs/read", "function": "fs__read", "description": "Reads.", "parameters": {"type": "object"}},
        {"name": "fs/write", "function": "fs__write", "title": "Writing", "parameters": {"type": "object"}},
        {"name": "web/get", "function": "web__get", "parameters": {}},
    ],
    "unavailable": [{"server": "mail", "reason": "it exited with code 4"}],
}


class ScriptedModel:
    """A kernel whose model says these answers in turn: a text, or the tools to call; with what it was sent."""

    def __init__(self, *answers: Any) -> None:
        self.answers = [*answers]
        self.asked: List[Any] = []
        self.called: List[Any] = []

    def __call__(self, peer: Peer) -> None:
        for frame in peer.frames():
            if frame.kind == 3:
                continue
            if frame.opcode == 0x120:
                peer.send(frame.answer(OFFERED))
            elif frame.opcode == 0x121:
                self.called.append(frame.json)
                peer.send(self.reply(frame))
            else:
                assert frame.opcode == 0x01, hex(frame.opcode)
                self.asked.append(frame.json)
                self.answer(peer, frame, self.answers.pop(0))

    @staticmethod
    def reply(frame: Frame) -> bytes:
        if frame.json["name"] == "fs/read":
            image = {"type": "image", "data": "AAEC", "mime_type": "image/png"}
            return frame.answer({"content": "42", "parts": [{"type": "text", "text": "42"}, image], "ran_ms": 7})
        return frame.refuse(33, "tool_failed", "fs: it died", "try again")

    def answer(self, peer: Peer, frame: Frame, said: Any) -> None:
        fields: Any = {"model": "sim", "tokens": 3, "finish_reason": "stop", "content": ""}
        if isinstance(said, str):
            fields["content"] = said
            if frame.json.get("stream"):
                for piece in (said[: len(said) // 2], said[len(said) // 2 :]):
                    peer.send(frame.answer(piece.encode(), more=True, raw=True))
                fields["content"] = ""
        else:
            fields["tool_calls"] = [each.to_json() for each in said]
            fields["finish_reason"] = "tool_calls"
        peer.send(frame.answer(fields))


@tool
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


class LoopCases:
    client: Any

    def with_model(self, *answers: Any) -> Any:
        self.model = ScriptedModel(*answers)
        server = Scripted(self.model)
        self.addCleanup(server.__exit__)  # type: ignore[attr-defined]
        client = self.client(server.path)
        self.addCleanup(client.close)  # type: ignore[attr-defined]
        return client

    def test_the_loop_calls_the_tool_and_gives_its_result_and_the_signature_back(self) -> None:
        client = self.with_model([call("add", "c1", "sig", a=2, b=3)], "It is 5.")
        answer = client.call("think", "Add 2 and 3.", tools=[add], temperature=0.5)
        self.assertIsInstance(answer, analemma.Answer)
        self.assertEqual(answer.content, "It is 5.")
        first, second = self.model.asked
        self.assertEqual(first["messages"], [{"role": "user", "content": "Add 2 and 3."}])
        self.assertEqual(first["tools"], [add.definition()])
        self.assertEqual((first["temperature"], second["temperature"]), (0.5, 0.5))
        self.assertEqual(
            second["messages"][1:],
            [
                {"role": "assistant", "tool_calls": [call("add", "c1", "sig", a=2, b=3).to_json()]},
                {"role": "tool", "tool_call_id": "c1", "content": "5"},
            ],
        )

    def test_the_run_has_the_whole_conversation_which_can_go_on(self) -> None:
        client = self.with_model([call("add", a=2, b=3)], "5.", "You are welcome.")
        run = client.call("run_tools", "Add.", tools=[add])
        self.assertEqual((str(run), run.steps, run.results[0].content), ("5.", 2, "5"))
        self.assertEqual(len(run.messages), 4)
        client.call("think", messages=[*run.messages, {"role": "user", "content": "Thanks."}])
        self.assertEqual([each["role"] for each in self.model.asked[-1]["messages"]], ["user", "assistant", "tool", "assistant", "user"])

    def test_errors_go_to_the_model_and_the_loop_goes_on(self) -> None:
        def fails() -> None:
            raise OSError("the disk is full")

        client = self.with_model(
            [call("add", "c1", a="x"), call("nothing", "c2"), call("fails", "c3")], "I give up."
        )
        run = client.call("run_tools", "Add.", tools=[add, fails])
        self.assertEqual([each.is_error for each in run.results], [True, True, True])
        contents = [message["content"] for message in self.model.asked[1]["messages"][2:]]
        self.assertEqual(
            contents,
            [
                'error: the arguments of add are wrong: a must be an integer, not "x"; b is missing; it must be an integer',
                "error: there is no tool 'nothing'; there are: add, fails",
                "error: OSError: the disk is full",
            ],
        )

    def test_what_a_tool_is_to_raise_ends_the_loop(self) -> None:
        @tool(raises=PermissionError)
        def guarded() -> None:
            raise PermissionError("not you")

        client = self.with_model([call("guarded")], "after")
        with self.assertRaisesRegex(PermissionError, "not you"):
            client.call("think", "Go.", tools=[guarded])
        self.assertEqual(client.call("think", "Are you there?").content, "after")

    def test_the_step_limit_is_typed_and_does_not_run_the_last_calls(self) -> None:
        ran: List[int] = []

        def count(n: int) -> int:
            ran.append(n)
            return n

        client = self.with_model(*([call("count", n=n)] for n in range(9)))
        with self.assertRaises(analemma.StepLimitReached) as caught:
            client.call("think", "Count.", tools=[count], max_steps=3)
        self.assertEqual(ran, [0, 1])
        self.assertEqual((caught.exception.run.steps, len(caught.exception.run.messages)), (3, 6))
        self.assertIn("(count)", str(caught.exception))
        with self.assertRaises(analemma.StepLimitReached) as caught:
            client.call("run_tools", "Count.", tools=[count], max_steps=1)
        self.assertEqual(ran, [0, 1])
        for wrong in ({"max_steps": 0}, {"parallel": 0}, {"colour": 1}):
            with self.subTest(wrong), self.assertRaises((ValueError, TypeError)):
                client.call("run_tools", "Count.", tools=[count], **wrong)
        with self.assertRaises(ValueError):
            client.call("run_tools", "Count.", messages=[], tools=[count])
        with self.assertRaises(ValueError):
            client.call("run_tools", "Count.", tools=[count, count])

    def test_calls_of_one_answer_run_at_once_when_asked_and_keep_their_order(self) -> None:
        both = threading.Barrier(2)

        def meet(n: int) -> int:
            both.wait(10)
            return n

        client = self.with_model([call("meet", "c1", n=1), call("meet", "c2", n=2)], "done")
        run = client.call("run_tools", "Meet.", tools=[meet], parallel=True)
        self.assertEqual([(each.id, each.content) for each in run.results], [("c1", "1"), ("c2", "2")])

    def test_calls_run_one_after_another_otherwise(self) -> None:
        inside: List[int] = []

        def alone(n: int) -> int:
            inside.append(n)
            self.assertEqual(len(inside), 1)  # type: ignore[attr-defined]
            inside.clear()
            return n

        client = self.with_model([call("alone", f"c{n}", n=n) for n in range(40)], "done")
        run = client.call("run_tools", "Go.", tools=[alone])
        self.assertEqual([each.is_error for each in run.results], [False] * 32 + [True] * 8)
        self.assertIn("at most 32 calls", run.results[-1].content)

    def test_a_tool_that_is_only_described_is_the_callers_to_run(self) -> None:
        client = self.with_model([call("add", "c1", a=1, b=1), call("mine", "c2")])
        run = client.call("run_tools", "Go.", tools=[add, {"name": "mine", "parameters": {"type": "object"}}])
        self.assertEqual([each.name for each in run.answer.tool_calls], ["add", "mine"])
        self.assertEqual(run.results, [])

    def test_tools_of_the_kernel_stand_beside_those_of_the_agent(self) -> None:
        client = self.with_model([call("fs__read", "c1", path="a"), call("add", "c2", a=1, b=1), call("fs__write", "c3")], "ok")
        run = client.call("run_tools", "Go.", tools=[add, "fs/*", "fs/read"])
        tools = [(tool["name"], tool["description"]) for tool in self.model.asked[0]["tools"]]
        self.assertEqual(tools, [("add", "Adds two numbers."), ("fs__read", "Reads."), ("fs__write", "Writing")])
        self.assertEqual([(each["name"], each["arguments"]) for each in self.model.called], [("fs/read", {"path": "a"}), ("fs/write", {})])
        contents = [(each.content, each.is_error) for each in run.results]
        self.assertEqual(contents, [("42\n[image image/png]", False), ("2", False), ("fs: it died; try again", True)])

    def test_tools_of_the_kernel_stream_too(self) -> None:
        client = self.with_model([call("fs__read", "c1")], "It is 42.")
        self.assertEqual("".join(client.pieces("think_stream", "Go.", tools=["fs/read"])), "It is 42.")

    def test_a_name_that_is_not_offered_is_refused_before_the_model_is_asked(self) -> None:
        client = self.with_model()
        for name, kind, words in (
            ("fs/none", analemma.NoSuchTool, "named fs/none"),
            ("shop/*", analemma.NoSuchTool, "named shop/"),
            ("mail/*", analemma.ToolFailed, "mail: it exited with code 4"),
        ):
            with self.subTest(name), self.assertRaisesRegex(kind, words):
                client.call("think", "Go.", tools=[name])
        self.assertEqual(self.model.asked, [])

    def test_a_tool_of_the_kernel_may_be_called_without_a_model(self) -> None:
        client = self.with_model()
        reply = client.call("call_tool", "fs/read", {"path": "a"}, timeout=2)
        self.assertEqual((str(reply), reply.parts[1].data, reply.is_error, reply.ran_ms), ("42", "AAEC", False, 7))
        self.assertEqual(self.model.called, [{"name": "fs/read", "arguments": {"path": "a"}, "timeout_ms": 2000}])
        self.assertEqual([each.name for each in client.call("list_tools")], ["fs/read", "fs/write", "web/get"])
        with self.assertRaises(analemma.ToolFailed):
            client.call("call_tool", "fs/write")

    def test_images_belong_to_the_first_message(self) -> None:
        client = self.with_model("I see.")
        png = b"\x89PNG"
        client.call("think", "What is it?", images=[png], tools=[add])
        self.assertEqual(self.model.asked[0]["messages"][0]["images"][0]["mime_type"], "image/png")

    def test_the_loop_streams_text_calls_and_results(self) -> None:
        client = self.with_model([call("add", a=2, b=3)], "It is 5.")
        events = client.pieces("run_tools_stream", "Add.", tools=[add])
        self.assertEqual([type(event).__name__ for event in events], ["ToolCall", "ToolResult", "str", "str"])
        self.assertEqual("".join(events[2:]), "It is 5.")
        self.assertTrue(self.model.asked[1]["stream"])

    def test_think_stream_gives_the_text_of_all_steps_and_gathers_the_last_answer(self) -> None:
        client = self.with_model([call("add", a=2, b=3)], "It is 5.", [call("add", a=2, b=3)], "It is 5.")
        self.assertEqual("".join(client.pieces("think_stream", "Add.", tools=[add])), "It is 5.")
        answer = client.gather("think_stream", "Add.", tools=[add])
        self.assertEqual((type(answer), answer.content), (analemma.Answer, "It is 5."))

    def test_a_streamed_loop_may_be_left_early(self) -> None:
        client = self.with_model("It is 5.", "Still here.")
        self.assertEqual(client.first(1, "run_tools_stream", "Add.", tools=[add]), ["It i"])
        self.assertEqual(client.call("think", "Are you there?").content, "Still here.")

    def test_a_streamed_loop_has_its_step_limit_too(self) -> None:
        client = self.with_model([call("add", a=2, b=3)])
        with self.assertRaises(analemma.StepLimitReached):
            client.gather("think_stream", "Add.", tools=[add], max_steps=1)


class BlockingLoopTests(LoopCases, unittest.TestCase):
    client = Blocking

    def test_a_tool_may_ask_the_kernel_itself(self) -> None:
        client = self.with_model([call("ask", question="Why?")], "Because.", "He says: because.")

        def ask(question: str) -> str:
            return client.call("think", question).content

        self.assertEqual(client.call("think", "Ask him.", tools=[ask]).content, "He says: because.")


class AwaitingLoopTests(LoopCases, unittest.TestCase):
    client = Awaiting

    def test_coroutines_of_one_answer_run_at_once(self) -> None:
        met: List[asyncio.Event] = []

        @tool
        async def meet(n: int) -> int:
            mine = asyncio.Event()
            met.append(mine)
            if len(met) == 2:
                for each in met:
                    each.set()
            await mine.wait()
            return n

        client = self.with_model([call("meet", "c1", n=1), call("meet", "c2", n=2)], "done")
        run = client.call("run_tools", "Meet.", tools=[meet], parallel=2)
        self.assertEqual([each.content for each in run.results], ["1", "2"])


if __name__ == "__main__":
    unittest.main()
