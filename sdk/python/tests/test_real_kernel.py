"""The SDK against a real kernel: the one at $ANALEMMA_TEST_SOCKET, on which these tests may spawn agents."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import sys
import tempfile
import textwrap
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import analemma
from agentos import AgentOSClient
from analemma import AsyncKernel, Kernel

SOCKET = os.environ.get("ANALEMMA_TEST_SOCKET")
PATIENCE = 60.0


@unittest.skipUnless(SOCKET, "ANALEMMA_TEST_SOCKET names no kernel")
class RealKernelTests(unittest.TestCase):
    def setUp(self) -> None:
        self.kernel = Kernel(SOCKET).connect()
        self.addCleanup(self.kernel.close)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def script(self, text: str) -> str:
        path = os.path.join(self.folder, f"agent_{secrets.token_hex(4)}.py")
        with open(path, "w") as file:
            file.write(textwrap.dedent(text))
        return path

    def name(self) -> str:
        return f"test-{secrets.token_hex(6)}"

    def sleeper(self) -> analemma.Spawned:
        agent = self.kernel.spawn(self.script("import time; print('up', flush=True); time.sleep(600)"), name=self.name())
        self.addCleanup(self.end, agent)
        return agent

    def end(self, agent: analemma.Spawned) -> None:
        try:
            self.kernel.kill(agent, grace=0)
        except analemma.SyscallError:
            pass

    def output(self, text: str, **options: object) -> tuple[analemma.Process, str, str]:
        agent = self.kernel.spawn(self.script(text), name=self.name(), **options)  # type: ignore[arg-type]
        ended = self.kernel.wait(agent, timeout=PATIENCE)
        said = self.kernel.logs(agent).gather()
        return ended, said.stdout, said.stderr

    def test_memory_goes_with_a_message_and_a_reply_with_the_next_receive(self) -> None:
        name = self.name()
        self.kernel.register(name)
        self.addCleanup(self.kernel.unregister, name)
        with analemma.SealedMemory.make(4096, lambda view: view.__setitem__(slice(0, 3), b"abc")) as memory:
            self.kernel.send(name, "large", handle=memory)
            self.kernel.send(name, "large", handle=memory)
        got = self.kernel.recv(name, max=5, timeout=0)
        self.assertEqual([(each.body, each.handle_bytes) for each in got], [("large", 4096)] * 2)
        for each in got:
            assert each.handle is not None
            with each.handle as received:
                self.assertEqual(bytes(received.view()[:4]), b"abc\0")
                with self.assertRaises(TypeError):
                    received.view()[0] = 1
        with self.assertRaises(analemma.HandleInvalid) as refused, open(__file__) as file:
            self.kernel.send(name, handle=file.fileno())
        self.assertIn("memfd_create", refused.exception.message)

        with Kernel(SOCKET) as server:
            import threading

            replies: list[object] = []
            asking = threading.Thread(target=lambda: replies.append(self.kernel.request(name, 20).body))
            asking.start()
            [question] = server.recv(name)
            self.assertEqual(server.recv(name, timeout=0, reply_to=question, reply=question.body + 1), [])
            asking.join()
            self.assertEqual(replies, [21])
            with self.assertRaises(analemma.NoSuchMessage):
                server.recv(name, timeout=0, reply_to=question, reply=0)

    def test_hello_says_who_we_are(self) -> None:
        me = self.kernel.hello()
        self.assertEqual((me.version, me.process), (2, 0))

    def test_noop_of_every_size(self) -> None:
        for size in (0, 1, 4096, 65536, 1 << 20, (3 << 20) + 1):
            payload = os.urandom(size)
            self.assertEqual(self.kernel.noop(payload), payload)

    def test_think_asks_the_simulated_model_and_says_so(self) -> None:
        answer = self.kernel.think("Why is the sky blue?", max_tokens=200)
        self.assertTrue(answer.simulated)
        self.assertIn("simulated", answer.content)
        self.assertEqual((answer.model, answer.provider, answer.finish_reason), ("sim", "sim", "stop"))
        assert answer.usage is not None
        self.assertEqual(answer.tokens, answer.usage.input_tokens + answer.usage.output_tokens)
        self.assertEqual(str(self.kernel.think("Why is the sky blue?", max_tokens=200)), answer.content)

    def test_embed_makes_a_vector_of_each_text_and_says_that_it_is_simulated(self) -> None:
        made = self.kernel.embed(["a cat on a mat", "a cat on the mat", "stock prices fell"], dimensions=64)
        self.assertTrue(made.simulated)
        self.assertEqual((made.model, made.provider, len(made.vectors)), ("sim", "sim", 3))
        self.assertEqual([len(vector) for vector in made.vectors], [64] * 3)

        def near(one: int, other: int) -> float:
            return sum(a * b for a, b in zip(made.vectors[one], made.vectors[other]))

        self.assertGreater(near(0, 1), near(0, 2) + 0.2)
        self.assertEqual(self.kernel.embed("a cat on a mat", dimensions=64).vectors[0], made.vectors[0])
        with self.assertRaisesRegex(analemma.InvalidArgument, "inputs"):
            self.kernel.embed([])

    def test_think_takes_all_its_fields(self) -> None:
        schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
        answer = self.kernel.think("Which city?", schema=schema, temperature=0.5, thinking_level="low", system="Be brief.")
        cut = self.kernel.think("Hello?", stop=[" answer"], top_p=0.9, seed=3)
        self.assertEqual("This is a simulated", cut.content)
        told = self.kernel.think("Anything.", tools=[{"name": "look"}], tool_choice="required", parallel_tool_calls=False)
        self.assertEqual(["look"], [call.name for call in told.tool_calls])
        self.assertTrue(self.kernel.think("Which city?", json=True).content.startswith("{"))
        self.assertIsInstance(json.loads(answer.content)["city"], str)
        png = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
        self.assertTrue(self.kernel.think("What is it?", images=[png]).content)
        with self.assertRaises(ValueError):
            self.kernel.think("What is it?", images=[b"no image"])
        with self.assertRaises(analemma.BudgetExhausted):
            self.kernel.think("hello", budget={"tokens": 10})

    def test_a_conversation_with_a_tool(self) -> None:
        tool = {"name": "add", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}
        question = {"role": "user", "content": "Please add for me."}
        asked = self.kernel.think(messages=[question], tools=[tool])
        self.assertEqual([call.name for call in asked.tool_calls], ["add"])
        self.assertEqual(asked.finish_reason, "tool_calls")
        result = {"role": "tool", "tool_call_id": asked.tool_calls[0].id, "content": "forty-two"}
        self.assertIn("forty-two", self.kernel.think(messages=[question, asked, result], tools=[tool]).content)

    def test_a_tool_loop_runs_functions_until_the_model_has_its_answer(self) -> None:
        @analemma.tool
        def add(a: int, b: int = 1) -> str:
            """Adds two numbers."""
            return f"the sum of {a} and {b} is forty-two"

        run = self.kernel.run_tools("Please add for me.", tools=[add])
        self.assertEqual([(each.name, each.is_error) for each in run.results], [("add", False)])
        self.assertEqual((run.steps, run.answer.finish_reason), (2, "stop"))
        self.assertIn("forty-two", run.answer.content)
        with self.assertRaises(analemma.StepLimitReached):
            self.kernel.think("Please add for me.", tools=[add], max_steps=1)

        async def streamed() -> str:
            async with AsyncKernel(SOCKET) as kernel:
                stream = kernel.think_stream("Please add for me.", tools=[add])
                return "".join([piece async for piece in stream])

        self.assertIn("forty-two", asyncio.run(streamed()))

    def test_an_agent_runs_its_own_tools_inside_its_sandbox(self) -> None:
        ended, said, errors = self.output(
            """
            import os
            from analemma import Kernel, tool

            @tool
            def whereabouts() -> str:
                "Where am I?"
                return f"forty-two files, folder {os.getcwd()}"

            with Kernel() as kernel:
                print(kernel.think("Tell me your whereabouts.", tools=[whereabouts]))
            """
        )
        self.assertEqual((errors, str(ended.exit)), ("", "exited(0)"))
        self.assertIn("forty-two files, folder /work", said)

    def test_think_streams(self) -> None:
        stream = self.kernel.think_stream("Tell me of the sea.")
        pieces = list(stream)
        self.assertGreater(len(pieces), 3)
        self.assertEqual("".join(pieces), self.kernel.think("Tell me of the sea.").content)
        with self.kernel.think_stream("Tell me more.") as closed:
            next(iter(closed))
        self.assertEqual(self.kernel.echo("still usable"), "still usable")

    def test_think_streams_without_blocking(self) -> None:
        async def ask() -> tuple[str, analemma.Answer]:
            async with AsyncKernel(SOCKET) as kernel:
                whole, answer = await asyncio.gather(
                    kernel.think("Tell me of the sea."), kernel.think_stream("Tell me of the sea.").gather()
                )
                return whole.content, answer

        whole, answer = asyncio.run(ask())
        self.assertEqual(answer.content, whole)
        self.assertTrue(answer.simulated)

    def test_an_agent_runs_and_its_end_is_known(self) -> None:
        ended, out, err = self.output("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
        assert ended.exit is not None
        self.assertEqual((ended.state, ended.exit.cause, ended.exit.code), ("exited", "exited", 3))
        self.assertEqual((out, err), ("out\n", "err\n"))

    def test_arguments_environment_and_folder_arrive(self) -> None:
        text = "import os, sys; print(sys.argv[2:], os.environ['GIVEN'], os.getcwd())"
        _, out, err = self.output(text, args=["a b", "ü"], env={"GIVEN": "value"})
        self.assertEqual(out, "['a b', 'ü'] value /work\n", err)

    def test_the_sdk_is_there_and_the_agent_is_itself(self) -> None:
        ended, out, err = self.output(
            """
            import sys
            from analemma import Kernel
            from agentos import AgentOSClient
            with Kernel() as kernel:
                me = kernel.hello()
                print(me.process, [process.id for process in kernel.list()])
            with AgentOSClient(sys.argv[1]) as client:
                print(client.echo('there'), client._agent_id)
            """
        )
        self.assertEqual(out, f"{ended.id} [{ended.id}]\nthere {ended.id}\n", err)

    def test_a_name_is_taken_while_its_holder_lives(self) -> None:
        agent = self.sleeper()
        with self.assertRaises(analemma.NameTaken):
            self.kernel.spawn(self.script("pass"), name=agent.name)
        self.assertTrue(self.kernel.kill(agent, grace=0).killed)
        self.assertEqual(self.kernel.wait(agent).exit.cause, "killed-by-operator")  # type: ignore[union-attr]
        again = self.kernel.spawn(self.script("pass"), name=agent.name)
        self.kernel.wait(again, timeout=PATIENCE)

    def test_who_is_not_there_is_not_there(self) -> None:
        for call in (self.kernel.inspect, self.kernel.kill, self.kernel.pause):
            with self.assertRaises(analemma.NoSuchProcess):
                call("no-such-agent")

    def test_pause_and_resume(self) -> None:
        agent = self.sleeper()
        self.assertEqual(self.kernel.pause(agent).state, "paused")
        with self.assertRaises(analemma.WrongState):
            self.kernel.pause(agent)
        self.assertEqual(self.kernel.inspect(agent).state, "paused")
        self.assertEqual(self.kernel.resume(agent).state, "running")

    def test_exec_runs_inside(self) -> None:
        agent = self.sleeper()
        result = self.kernel.exec(agent, "pwd; echo oops >&2; exit 7")
        self.assertEqual((result.stdout, result.stderr, result.exit_code), ("/work\n", "oops\n", 7))
        result = self.kernel.exec(agent, ["printf", "%s", "a b"], env={"X": "1"})
        self.assertEqual(result.stdout, "a b")
        self.assertTrue(self.kernel.exec(agent, "sleep 60", timeout=0.3).timed_out)
        pieces = list(self.kernel.exec_stream(agent, "echo one; echo two >&2"))
        self.assertEqual(sorted(piece.text for piece in pieces), ["one\n", "two\n"])

    def test_files_go_in_and_out(self) -> None:
        agent = self.sleeper()
        content = os.urandom(3 << 20)
        self.assertEqual(self.kernel.write(agent, "a/b/data.bin", content), len(content))
        self.assertEqual(self.kernel.read(agent, "a/b/data.bin"), content)
        self.assertEqual(self.kernel.read(agent, "/work/a/b/data.bin", offset=5, length=7), content[5:12])
        self.kernel.write(agent, "text.txt", "grüße\n")
        self.kernel.write(agent, "text.txt", "more", append=True)
        self.assertEqual(self.kernel.read(agent, "text.txt").decode(), "grüße\nmore")
        listing = self.kernel.files(agent, "a/b")
        self.assertEqual([(entry.name, entry.kind, entry.size) for entry in listing.entries], [("data.bin", "file", 3 << 20)])
        with self.assertRaises(analemma.NoSuchFile):
            self.kernel.read(agent, "absent")
        with self.assertRaises(analemma.SyscallError):
            self.kernel.read(agent, "../../etc/passwd")

    def test_logs_follow_until_the_end(self) -> None:
        text = "import time\nfor n in range(5):\n    print(n, flush=True)\n    time.sleep(0.05)\n"
        agent = self.kernel.spawn(self.script(text), name=self.name())
        said = b"".join(piece.data for piece in self.kernel.logs(agent, follow=True))
        self.assertEqual(said, b"0\n1\n2\n3\n4\n")
        self.assertEqual(self.kernel.logs(agent, tail=2).gather().stdout, "3\n4\n")

    def test_an_agent_is_killed_at_its_memory_limit(self) -> None:
        if not self.kernel.status().enforces("memory"):
            self.skipTest("memory is not enforced on this host")
        ended, _, _ = self.output("x = b'x' * (200 << 20)", limits={"memory": 48 << 20})
        self.assertEqual(ended.exit.cause, "oom-killed", ended.exit)  # type: ignore[union-attr]

    def test_a_wall_clock_limit_ends_it(self) -> None:
        ended, _, _ = self.output("import time; time.sleep(60)", limits={"wall_ms": 300})
        self.assertEqual(ended.exit.cause, "timeout")  # type: ignore[union-attr]

    def test_a_wait_gives_up(self) -> None:
        with self.assertRaises(analemma.TimedOut):
            self.kernel.wait(self.sleeper(), timeout=0.05)

    def test_an_agent_spawns_and_awaits_a_child(self) -> None:
        ended, out, err = self.output(
            """
            from analemma import Kernel, PermissionDenied
            open('child.py', 'w').write("print('child')")
            with Kernel() as kernel:
                child = kernel.spawn('child.py', limits={'memory': 32 << 20, 'max_pids': 4})
                print(kernel.wait(child).exit, kernel.logs(child).gather().stdout.strip())
                try:
                    kernel.spawn('child.py', sandboxed=False)
                except PermissionDenied:
                    print('refused')
            """
        )
        self.assertEqual(out, "exited(0) child\nrefused\n", (err, ended.exit))

    def test_events_tell_a_life(self) -> None:
        async def live() -> list[str]:
            async with AsyncKernel(SOCKET) as kernel:
                types = []
                async with kernel.events() as events:
                    agent = await kernel.spawn(self.script("pass"), name=self.name())
                    async for event in events:
                        if event.process == agent.id:
                            types.append(event.type)
                            if event.type == "exited":
                                self.assertEqual(event.exit.code, 0)  # type: ignore[union-attr]
                                return types
            return types

        self.assertEqual(asyncio.run(asyncio.wait_for(live(), PATIENCE)), ["spawned", "started", "exited"])

    def test_many_agents_at_once(self) -> None:
        async def all_of_them() -> list[str]:
            script = self.script("print('done')")
            async with AsyncKernel(SOCKET) as kernel:
                agents = await asyncio.gather(*(kernel.spawn(script, name=self.name()) for _ in range(8)))
                ended = await asyncio.gather(*(kernel.wait(agent, timeout=PATIENCE) for agent in agents))
                return [str(process.exit) for process in ended]

        self.assertEqual(asyncio.run(all_of_them()), ["exited(0)"] * 8)

    def test_a_cancelled_wait_leaves_the_connection_in_order(self) -> None:
        agent = self.sleeper()

        async def give_up() -> bytes:
            async with AsyncKernel(SOCKET) as kernel:
                with self.assertRaises(asyncio.TimeoutError):
                    await asyncio.wait_for(kernel.wait(agent), 0.1)
                return await kernel.noop(b"still here")

        self.assertEqual(asyncio.run(give_up()), b"still here")

    def test_programs_for_agentos_find_what_they_expect(self) -> None:
        name = self.name()
        with AgentOSClient(SOCKET) as client:
            self.assertEqual(client.echo("hello"), "hello")
            self.assertGreater(client._agent_id, 0)
            answer = client.think("?")
            self.assertEqual((answer["success"], answer["error"], answer["simulated"]), (True, None, True))
            self.assertIn("simulated", answer["content"])
            self.assertGreater(answer["tokens"], 0)
            spawned = client.spawn(name, self.script("import time; time.sleep(600)"))
            assert spawned is not None
            self.assertEqual((spawned["name"], spawned["status"]), (name, "running"))
            listed = [agent for agent in client.list_agents() if agent["id"] == spawned["id"]]
            self.assertEqual([(agent["name"], agent["state"], agent["running"]) for agent in listed], [(name, "RUNNING", True)])
            self.assertIn("error", client.spawn(name, "/nonexistent.py") or {})
            self.assertTrue(client.pause(name=name))
            self.assertEqual([a["state"] for a in client.list_agents() if a["name"] == name], ["PAUSED"])
            self.assertTrue(client.resume(name=name))
            self.assertTrue(client.kill(name=name))
            self.assertFalse(client.kill(name=name))
            self.assertTrue(client.exit())
            self.assertEqual(client.echo("still usable"), "still usable")


if __name__ == "__main__":
    unittest.main()
