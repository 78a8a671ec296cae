"""Programs written for AgentOS: names, signatures, answers, and what happens when things fail."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import os
import sys
import unittest
from typing import Any

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.dirname(__file__))

import agentos
import clove_sdk
from agentos import AgentOSClient, Message, SyscallOp
from scripted import Peer, Scripted

ANSWERS: dict[int, Any] = {
    0x01: {"success": False, "content": "", "error": "LLM not configured"},
    0x02: {"success": True, "stdout": "hi", "stderr": "", "exit_code": 0},
    0x03: {"success": True, "content": "text", "size": 4},
    0x04: {"success": True, "bytes_written": 4},
    0x10: {"id": 2, "name": "a", "pid": 10, "status": "running"},
    0x11: {"killed": True, "agent_id": 2},
    0x12: [{"id": 2, "name": "a", "pid": 10, "state": "RUNNING", "running": True}],
    0x14: {"success": True, "paused": True, "agent_id": 2},
    0x15: {"success": True, "resumed": True, "agent_id": 2},
    0xFF: b"goodbye",
}


class AgentOsTests(unittest.TestCase):
    def setUp(self) -> None:
        self.seen: list[tuple[int, int, bytes]] = []

    def served(self, script: Any = None) -> AgentOSClient:
        def ordinary(peer: Peer) -> None:
            for agent, opcode, payload in peer.messages():
                self.seen.append((agent, opcode, payload))
                peer.say(opcode, payload if opcode == 0 else ANSWERS[opcode])

        server = Scripted(script or ordinary)
        self.addCleanup(server.__exit__)
        client = AgentOSClient(server.path)
        self.addCleanup(client.disconnect)
        self.assertTrue(client.connect())
        return client

    def test_names_and_signatures_are_those_of_agentos(self) -> None:
        shape = {
            name: list(inspect.signature(getattr(AgentOSClient, name)).parameters)[1:]
            for name in "connect disconnect send recv call echo exit spawn kill list_agents".split()
        }
        self.assertEqual(
            shape,
            {
                "connect": [],
                "disconnect": [],
                "send": ["op", "payload"],
                "recv": [],
                "call": ["op", "payload"],
                "echo": ["message"],
                "exit": [],
                "spawn": ["name", "script", "sandboxed", "network", "limits"],
                "kill": ["name", "agent_id"],
                "list_agents": [],
            },
        )
        self.assertIs(clove_sdk.CloveClient, AgentOSClient)
        self.assertEqual(SyscallOp.SYS_EXIT, 0xFF)

    def test_a_message_goes_both_ways(self) -> None:
        message = Message(7, SyscallOp.SYS_NOOP, "grüße".encode())
        data = message.serialize()
        self.assertEqual(data[:4], b"TNGA")
        self.assertEqual(len(data), 17 + len(message.payload))
        self.assertEqual(Message.deserialize(data), message)
        self.assertEqual(Message.deserialize(data).payload_str, "grüße")
        for wrong in (data[:10], b"X" + data[1:], data[:-1]):
            with self.assertRaises(ValueError):
                Message.deserialize(wrong)

    def test_each_call_has_its_answer(self) -> None:
        client = self.served()
        self.assertEqual((client._agent_id, client.echo("hello"), client._agent_id), (0, "hello", 7))
        self.assertEqual(client.think("?")["error"], "LLM not configured")
        self.assertEqual(client.spawn("a", "/x.py", limits={"memory": 1})["id"], 2)  # type: ignore[index]
        self.assertIs(client.kill(name="a"), True)
        self.assertIs(client.kill(agent_id=2), True)
        self.assertIs(client.kill(), False)
        self.assertEqual(client.list_agents()[0]["state"], "RUNNING")
        self.assertIs(client.pause(name="a"), True)
        self.assertIs(client.resume(agent_id=2), True)
        self.assertEqual(client.exec("echo hi")["stdout"], "hi")
        self.assertEqual(client.read_file("f")["content"], "text")
        self.assertEqual(client.write_file("f", "text")["bytes_written"], 4)
        self.assertIs(client.exit(), True)
        self.assertEqual(client.echo("still usable"), "still usable")
        spawn = json.loads(next(payload for _, opcode, payload in self.seen if opcode == 0x10))
        self.assertEqual(
            spawn, {"name": "a", "script": "/x.py", "sandboxed": True, "network": False, "limits": {"memory": 1}}
        )
        self.assertEqual(self.seen[1][0], 7)

    def test_an_answer_larger_than_a_request_may_be_is_read(self) -> None:
        big = b"x" * 3_000_000

        def script(peer: Peer) -> None:
            for _, opcode, _ in peer.messages():
                peer.say(opcode, big)

        self.assertEqual(self.served(script).call(SyscallOp.SYS_READ, b"{}").payload, big)  # type: ignore[union-attr]

    def test_split_answers_are_put_together(self) -> None:
        def script(peer: Peer) -> None:
            for agent, opcode, payload in peer.messages():
                peer.drip(Message(agent, SyscallOp(opcode), payload).serialize())

        self.assertEqual(self.served(script).echo("slow"), "slow")

    def test_a_kernel_that_vanishes_gives_values_and_no_exceptions(self) -> None:
        def script(peer: Peer) -> None:
            next(peer.messages())

        client = self.served(script)
        self.assertIsNone(client.echo("?"))
        self.assertEqual(client.list_agents(), [])
        self.assertIsNone(client.spawn("a", "b"))
        self.assertFalse(client.exit())
        self.assertEqual(client.think("?")["content"], "")
        self.assertFalse(client.exec("x")["success"])

    def test_what_is_no_message_gives_none(self) -> None:
        def script(peer: Peer) -> None:
            next(peer.messages())
            peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        self.assertIsNone(self.served(script).echo("?"))

    def test_an_unknown_opcode_gives_none_and_the_stream_goes_on(self) -> None:
        def script(peer: Peer) -> None:
            for turn, (_, opcode, payload) in enumerate(peer.messages()):
                peer.say(0xEE if turn == 0 else opcode, payload)

        client = self.served(script)
        self.assertIsNone(client.echo("first"))
        self.assertEqual(client.echo("second"), "second")

    def test_no_kernel_is_false_and_in_a_with_an_exception(self) -> None:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            client = AgentOSClient("/nonexistent/agentos.sock")
            self.assertIs(client.connect(), False)
            self.assertIn("/nonexistent/agentos.sock", said.getvalue())
            with self.assertRaises(ConnectionError), client:
                pass
            with self.assertRaises(ConnectionError):
                agentos.connect("/nonexistent/agentos.sock")
        self.assertIsNone(client.echo("?"))

    def test_the_socket_is_found(self) -> None:
        before = os.environ.pop("ANALEMMA_SOCKET", None)
        try:
            self.assertEqual(AgentOSClient().socket_path, "/tmp/agentos.sock")
            os.environ["ANALEMMA_SOCKET"] = "/elsewhere.sock"
            self.assertEqual(AgentOSClient().socket_path, "/elsewhere.sock")
            self.assertEqual(AgentOSClient("/said.sock").socket_path, "/said.sock")
        finally:
            del os.environ["ANALEMMA_SOCKET"]
            if before is not None:
                os.environ["ANALEMMA_SOCKET"] = before


if __name__ == "__main__":
    unittest.main()
