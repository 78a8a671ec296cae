"""Both clients of the native framing, on the same cases: the scripted kernel cannot tell which of them speaks."""

from __future__ import annotations

import asyncio
import base64
import os
import select
import signal
import sys
import threading
import time
import unittest
from typing import Any

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.dirname(__file__))

import analemma
from scripted import Peer, Scripted


class Blocking:
    """Calls a Kernel."""

    def __init__(self, path: str, **options: Any) -> None:
        self.kernel = analemma.Kernel(path, **options)

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.kernel, name)(*args, **kwargs)

    def pieces(self, name: str, /, *args: Any, **kwargs: Any) -> list[Any]:
        return list(getattr(self.kernel, name)(*args, **kwargs))

    def gather(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.kernel, name)(*args, **kwargs).gather()

    def first(self, count: int, name: str, /, *args: Any, **kwargs: Any) -> list[Any]:
        with getattr(self.kernel, name)(*args, **kwargs) as stream:
            return [next(stream) for _ in range(count)]

    def close(self) -> None:
        self.kernel.close()


class Awaiting:
    """Calls an AsyncKernel, on a loop of its own."""

    def __init__(self, path: str, **options: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.kernel = analemma.AsyncKernel(path, **options)

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        return self.loop.run_until_complete(getattr(self.kernel, name)(*args, **kwargs))

    def pieces(self, name: str, /, *args: Any, **kwargs: Any) -> list[Any]:
        async def collect() -> list[Any]:
            return [piece async for piece in getattr(self.kernel, name)(*args, **kwargs)]

        return self.loop.run_until_complete(collect())

    def gather(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        return self.loop.run_until_complete(getattr(self.kernel, name)(*args, **kwargs).gather())

    def first(self, count: int, name: str, /, *args: Any, **kwargs: Any) -> list[Any]:
        async def take() -> list[Any]:
            async with getattr(self.kernel, name)(*args, **kwargs) as stream:
                return [await stream.__anext__() for _ in range(count)]

        return self.loop.run_until_complete(take())

    def close(self) -> None:
        self.loop.run_until_complete(self.kernel.close())
        self.loop.close()


PROCESS = {"id": 3, "name": "worker", "state": "exited", "exit": {"cause": "oom-killed", "signal": 9}, "novel": 1}


def answering(opcode: int, payload: Any = b"{}", seen: list[Any] | None = None) -> Any:
    """A script that answers each request with this, and keeps what was asked."""

    def script(peer: Peer) -> None:
        for frame in peer.frames():
            assert frame.opcode == opcode, hex(frame.opcode)
            if seen is not None:
                seen.append(frame.json)
            peer.send(frame.answer(payload))

    return script


def echoing(peer: Peer) -> None:
    for frame in peer.frames():
        peer.send(frame.answer(frame.payload, raw=True))


class Cases:
    client: Any

    def with_client(self, script: Any, **options: Any) -> Any:
        server = Scripted(script)
        self.addCleanup(server.__exit__)  # type: ignore[attr-defined]
        client = self.client(server.path, **options)
        self.addCleanup(client.close)  # type: ignore[attr-defined]
        return client

    def test_noop_gives_back_its_bytes_however_the_answer_is_split(self) -> None:
        def script(peer: Peer) -> None:
            for frame in peer.frames():
                assert frame.flags & 2
                peer.drip(frame.answer(frame.payload, raw=True))

        client = self.with_client(script)
        for payload in (b"", b"x", bytes(range(256))):
            self.assertEqual(client.call("noop", payload), payload)
        self.assertEqual(client.call("echo", "grüße"), "grüße")

    def test_a_body_of_several_frames_goes_out_and_comes_back(self) -> None:
        def script(peer: Peer) -> None:
            body = []
            for frame in peer.frames():
                body.append(frame.payload)
                if not frame.flags & 1:
                    break
            assert len(body) == 3 and max(map(len, body)) == 1 << 20
            for piece in body[:-1]:
                peer.send(frame.answer(piece, raw=True, more=True))
            peer.send(frame.answer(body[-1], raw=True))

        payload = os.urandom((2 << 20) + 5)
        self.assertEqual(self.with_client(script).call("noop", payload), payload)

    def test_a_body_beyond_the_limit_is_refused_before_it_is_sent(self) -> None:
        client = self.with_client(lambda peer: None)
        with self.assertRaises(ValueError):
            client.call("noop", bytes((16 << 20) + 1))

    def test_records_have_defaults_nested_records_and_unknown_fields(self) -> None:
        process = self.with_client(answering(0x101, PROCESS)).call("inspect", "worker")
        self.assertEqual(process.exit.cause, "oom-killed")
        self.assertEqual(str(process.exit), "oom-killed")
        self.assertEqual((process.pids, process.limits, process.novel), (0, None, 1))
        self.assertEqual(process.to_json(), PROCESS)

    def test_several_messages_go_in_one_request(self) -> None:
        seen: list[Any] = []
        client = self.with_client(answering(0x20, {"id": 7, "to": 3, "count": 2}, seen))
        sent = client.call("send_many", "worker", ({"n": each} for each in range(2)), topic="t", timeout=1.5)
        self.assertEqual((sent.id, sent.count, sent.duplicate), (7, 2, False))
        client.call("send_many", 3, [b"a", b"b"])
        self.assertEqual(
            seen,
            [
                {"to": "worker", "bodies": [{"n": 0}, {"n": 1}], "topic": "t", "timeout_ms": 1500},
                {"to_id": 3, "bodies": ["YQ==", "Yg=="], "encoding": "base64"},
            ],
        )
        with self.assertRaises(TypeError):
            client.call("send_many", "worker", ["a", b"b"])

    def test_posts_wait_for_nothing_and_a_flush_raises_their_refusal(self) -> None:
        seen: list[Any] = []

        def script(peer: Peer) -> None:
            posts = []
            for frame in peer.frames():
                seen.append((frame.opcode, frame.flags))
                if frame.opcode == 0:
                    for post in posts:
                        if post.json["to"] != "worker":
                            peer.send(post.refuse(50, "no_such_mailbox", f"no mailbox {post.json['to']}"))
                    posts = []
                    peer.send(frame.answer(frame.payload, raw=True))
                else:
                    posts.append(frame)

        client = self.with_client(script)
        for to in ("worker", "nobody", "worker", "nowhere"):
            client.call("post", to, 1, timeout=0)
        self.assertRaisesRegex(analemma.NoSuchMailbox, "no mailbox nobody", client.call, "flush")
        client.call("flush")
        for _ in range(64):
            client.call("post", "worker", "x")
        client.call("noop", b"")
        self.assertEqual(seen, [(0x20, 8)] * 4 + [(0, 2)] + [(0x20, 8)] * 64 + [(0, 2)] * 2)

    def test_a_flush_says_that_posts_may_be_lost(self) -> None:
        def script(peer: Peer) -> None:
            next(peer.frames())

        client = self.with_client(script)
        client.call("post", "worker", 1)
        self.assertRaises(analemma.ConnectionLost, client.call, "flush")
        client.call("flush")

    def test_spawn_sends_only_what_was_said(self) -> None:
        seen: list[Any] = []
        reply = {"id": 1, "name": "a", "pid": 5, "status": "running", "missing": ["cpu"]}
        client = self.with_client(answering(0x10, reply, seen))
        spawned = client.call("spawn", "agent.py", name="a", limits={"memory": 1 << 25})
        client.call("spawn", argv=("sleep", "1"), sandboxed=False, limits=analemma.Limits({"max_pids": 2}))
        self.assertEqual((spawned.id, spawned.missing, spawned.tier), (1, ["cpu"], None))
        self.assertEqual(seen[0], {"script": os.path.abspath("agent.py"), "name": "a", "limits": {"memory": 1 << 25}})
        self.assertEqual(seen[1], {"argv": ["sleep", "1"], "sandboxed": False, "limits": {"max_pids": 2}})
        with self.assertRaisesRegex(TypeError, "argv is a list of texts"):
            client.call("spawn", argv="sleep 1")

    def test_events_are_asked_for_and_told(self) -> None:
        seen: list[Any] = []
        event = {"type": "a/done", "at": "2026-01-01T00:00:00Z", "data": {"n": 5}, "cursor": "8.1"}
        client = self.with_client(answering(0x62, {"events": [event], "cursor": "8.1"}, seen))
        polled = client.call("poll_events", "8", types=["a/*"], agent=3, where={"data.n": "5"}, max=9, timeout=2)
        self.assertEqual((polled.events[0].data, polled.events[0].cursor, polled.cursor), ({"n": 5}, "8.1", "8.1"))
        client.call("poll_events")
        asked = {"types": ["a/*"], "agent": "3", "where": {"data.n": "5"}, "from": "8", "max": 9, "timeout_ms": 2000}
        self.assertEqual(seen, [asked, {}])
        told: list[Any] = []
        emitted = self.with_client(answering(0x63, {"type": "a/done", "cursor": "9"}, told)).call(
            "emit", "done", {"n": 5}, to="everyone", durable=True
        )
        self.assertEqual((emitted.type, emitted.cursor), ("a/done", "9"))
        self.assertEqual(told, [{"type": "done", "data": {"n": 5}, "to": "everyone", "durable": True}])

    def test_a_process_is_named_by_id_name_or_record(self) -> None:
        seen: list[Any] = []
        client = self.with_client(answering(0x101, PROCESS, seen))
        record = client.call("inspect", 3)
        for target in ("worker", record, None):
            client.call("inspect", target)
        self.assertEqual(seen, [{"id": 3}, {"name": "worker"}, {"id": 3}, {}])
        with self.assertRaises(TypeError):
            client.call("inspect", 1.5)

    def test_every_status_has_its_exception(self) -> None:
        codes = [kind.code for kind in analemma._errors.BY_STATUS]

        def script(peer: Peer) -> None:
            for status, frame in enumerate(peer.frames(), 1):
                peer.send(frame.refuse(status, codes[status] if status < len(codes) else "newer", "why", "do this"))

        client = self.with_client(script)
        for status in range(1, len(codes) + 1):
            with self.assertRaises(analemma.SyscallError) as refused:
                client.call("status")
            expected = analemma._errors.BY_STATUS[status] if status < len(codes) else analemma.SyscallError
            self.assertIs(type(refused.exception), expected)
            self.assertEqual((refused.exception.message, refused.exception.hint), ("why", "do this"))
        self.assertEqual(refused.exception.code, "newer")
        self.assertEqual(str(refused.exception), "why [newer]: do this")

    def test_exec_comes_as_it_is_written_and_as_a_whole(self) -> None:
        def script(peer: Peer) -> None:
            for frame in peer.frames():
                for piece in (b"\x01out", b"\x02err", b"\x01more"):
                    peer.drip(frame.answer(piece, raw=True, more=True))
                peer.drip(frame.answer({"exit_code": 3}))

        client = self.with_client(script)
        result = client.call("exec", "a", "command")
        self.assertEqual((result.stdout, result.stderr, result.exit_code, result.ok), ("outmore", "err", 3, False))
        pieces = client.pieces("exec_stream", "a", ["command", "arg"])
        self.assertEqual([(p.is_error, p.text) for p in pieces], [(False, "out"), (True, "err"), (False, "more")])
        self.assertEqual(client.gather("exec_stream", "a", "command").exit_code, 3)

    def test_a_file_larger_than_a_body_is_written_in_pieces(self) -> None:
        written = bytearray()
        modes = []

        def script(peer: Peer) -> None:
            body = b""
            for frame in peer.frames():
                body += frame.payload
                if frame.flags & 1:
                    continue
                fields = __import__("json").loads(body)
                body = b""
                modes.append(fields.get("mode", "write"))
                piece = base64.b64decode(fields["content"])
                written.extend(piece)
                peer.send(frame.answer({"bytes_written": len(piece)}))

        content = os.urandom((8 << 20) + 3)
        client = self.with_client(script)
        self.assertEqual(client.call("write", 1, "big", content), len(content))
        self.assertEqual((bytes(written), modes), (content, ["write", "append"]))
        self.assertEqual(client.call("write", 1, "empty", ""), 0)

    def test_read_joins_its_pieces(self) -> None:
        def script(peer: Peer) -> None:
            for frame in peer.frames():
                peer.send(frame.answer(b"ab", raw=True, more=True) + frame.answer(b"\xff", raw=True, more=True))
                peer.send(frame.answer({"size": 3, "bytes_read": 3}))

        self.assertEqual(self.with_client(script).call("read", 1, "f"), b"ab\xff")

    def test_leaving_a_stream_cancels_it_and_the_connection_goes_on(self) -> None:
        def script(peer: Peer) -> None:
            stream = None
            for frame in peer.frames():
                if frame.opcode == 0x60:
                    stream = frame
                    peer.send(frame.answer({"type": "spawned", "at": "2026-01-01T00:00:00Z"}, more=True) * 5)
                elif frame.kind == 3:
                    assert stream is not None and frame.id == stream.id
                    # What was under way comes all the same.
                    peer.send(stream.answer({"type": "late", "at": ""}, more=True))
                    peer.send(stream.refuse(16, "cancelled"))
                else:
                    peer.send(frame.answer(frame.payload))

        client = self.with_client(script)
        self.assertEqual([event.type for event in client.first(2, "events", ["spawned"])], ["spawned"] * 2)
        self.assertEqual(client.call("noop", b"still"), b"still")
        self.assertEqual(client.call("noop", b"here"), b"here")

    def test_a_stream_that_is_refused_raises(self) -> None:
        def script(peer: Peer) -> None:
            for frame in peer.frames():
                peer.send(frame.answer(b"\x01x", raw=True, more=True) + frame.refuse(6, "no_such_process"))

        with self.assertRaises(analemma.NoSuchProcess):
            self.with_client(script).pieces("logs", "gone")

    def test_silence_ends_a_call_and_cancels_it(self) -> None:
        cancelled = threading.Event()

        def script(peer: Peer) -> None:
            for frame in peer.frames():
                if frame.kind == 3:
                    cancelled.set()
                elif frame.payload == b"answer":
                    peer.send(frame.answer(b"answer"))

        client = self.with_client(script, timeout=0.05)
        with self.assertRaises(analemma.CallTimeout):
            client.call("noop", b"silence")
        self.assertTrue(cancelled.wait(5))
        self.assertEqual(client.call("noop", b"answer"), b"answer")

    def test_a_wait_is_as_patient_as_it_says(self) -> None:
        def script(peer: Peer) -> None:
            for frame in peer.frames():
                time.sleep(0.2)
                peer.send(frame.answer(PROCESS))

        client = self.with_client(script, timeout=0.05)
        self.assertEqual(client.call("wait", 3).id, 3)
        self.assertEqual(client.call("wait", 3, timeout=5).id, 3)
        with self.assertRaises(TimeoutError):
            client.call("wait", 3, timeout=0.01)

    def test_a_peer_that_vanishes_ends_the_call_and_the_next_one_connects_anew(self) -> None:
        turns = iter((b"", b"ANL2\x02", None))

        def script(peer: Peer) -> None:
            last = next(turns)
            for frame in peer.frames():
                if last is not None:
                    peer.send(last)
                    return
                peer.send(frame.answer(frame.payload))

        client = self.with_client(script)
        for _ in range(2):
            with self.assertRaises(analemma.ConnectionLost):
                client.call("noop", b"?")
        self.assertEqual(client.call("noop", b"back"), b"back")

    def test_a_stream_ends_when_the_peer_vanishes(self) -> None:
        def script(peer: Peer) -> None:
            for frame in peer.frames():
                peer.send(frame.answer(b"\x01x", raw=True, more=True))
                return

        with self.assertRaises(analemma.ConnectionLost):
            self.with_client(script).pieces("logs", 1, follow=True)

    def test_what_is_no_answer_ends_the_connection(self) -> None:
        for garbage in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 24, b"ANL2\x01" + b"\0" * 19):

            def script(peer: Peer, garbage: bytes = garbage) -> None:
                next(peer.frames())
                peer.send(garbage)
                peer.read(1)

            with self.assertRaises(analemma.ProtocolError, msg=garbage):
                self.with_client(script).call("noop")

    def test_an_answer_that_nobody_asked_for_ends_the_connection(self) -> None:
        def script(peer: Peer) -> None:
            frame = next(peer.frames())
            peer.send(frame._replace(id=frame.id + 1).answer(b""))
            peer.read(1)

        with self.assertRaises(analemma.ProtocolError):
            self.with_client(script).call("noop")

    def test_the_reason_for_which_the_kernel_closes_is_raised(self) -> None:
        def script(peer: Peer) -> None:
            frame = next(peer.frames())
            peer.send(frame._replace(id=0, opcode=0).refuse(3, "malformed_frame", "bad flags"))

        with self.assertRaisesRegex(analemma.MalformedFrame, "bad flags"):
            self.with_client(script).call("noop")

    def test_no_kernel_is_said_with_the_remedy(self) -> None:
        client = self.client("/nonexistent/kernel.sock")
        self.addCleanup(client.close)  # type: ignore[attr-defined]
        with self.assertRaisesRegex(analemma.ConnectionFailed, "analemma kernel start"):
            client.call("noop")
        with self.assertRaises(ConnectionError):
            client.call("noop")

    def test_list_think_status_and_the_rest_read_their_answers(self) -> None:
        answers = {
            0x12: {"processes": [PROCESS]},
            0x11: {"killed": True, "agent_id": 3, "exit": {"cause": "killed-by-operator"}},
            0x14: {"agent_id": 3, "state": "paused"},
            0x15: {"agent_id": 3, "state": "running"},
            0x103: {"version": "1", "pid": 9, "socket": "s", "guarantees": [{"name": "memory", "enforced": True}]},
            0x104: {"processes": 4},
            0x105: {"is_folder": True, "entries": [{"name": "f", "kind": "file", "size": 1, "mode": 420}]},
            0xFE: {"version": 2, "kernel": "0.1", "process": 0, "features": ["x"]},
        }

        def script(peer: Peer) -> None:
            for frame in peer.frames():
                peer.send(frame.answer(answers[frame.opcode]))

        client = self.with_client(script)
        self.assertEqual([process.name for process in client.call("list", all=True)], ["worker"])
        self.assertEqual(client.call("kill", 3, grace=0).exit.cause, "killed-by-operator")
        self.assertEqual(client.call("pause", 3).state, "paused")
        self.assertEqual(client.call("resume", 3).state, "running")
        status = client.call("status")
        self.assertTrue(status.enforces("memory"))
        self.assertFalse(status.enforces("pids"))
        self.assertEqual(client.call("shutdown"), 4)
        self.assertEqual(client.call("files", 3).entries[0].mode, 420)
        self.assertEqual(client.call("hello").features, ["x"])


class KernelTests(Cases, unittest.TestCase):
    client = Blocking

    def test_a_loss_that_is_seen_before_the_flush_is_told_once(self) -> None:
        def script(peer: Peer) -> None:
            next(peer.frames())

        client = self.with_client(script)
        client.call("post", "worker", 1)
        self.assertEqual(select.select([client.kernel._socket], [], [], 5)[0], [client.kernel._socket])
        self.assertRaises(analemma.ConnectionLost, client.call, "flush")
        client.call("flush")

    def test_a_call_can_be_made_while_a_stream_is_open(self) -> None:
        def script(peer: Peer) -> None:
            stream = None
            for frame in peer.frames():
                if frame.opcode == 0x102:
                    stream = frame
                    continue
                assert stream is not None
                peer.send(stream.answer(b"\x01" + frame.payload, raw=True, more=True) + frame.answer(frame.payload))
                if frame.payload == b"last":
                    peer.send(stream.answer({"bytes": 0, "dropped": 4}))

        kernel = self.with_client(script).kernel
        stream = kernel.logs(1, follow=True)
        for word in (b"first", b"last"):
            self.assertEqual(kernel.noop(word), word)
        text = stream.gather()
        self.assertEqual((text.stdout, text.dropped), ("firstlast", 4))

    def test_threads_take_turns(self) -> None:
        def script(peer: Peer) -> None:
            for frame in peer.frames():
                peer.send(frame.answer(frame.payload))

        kernel = self.with_client(script).kernel
        wrong: list[bytes] = []

        def hammer(word: bytes) -> None:
            for _ in range(200):
                answer = kernel.noop(word)
                if answer != word:
                    wrong.append(answer)

        threads = [threading.Thread(target=hammer, args=(b"%d" % at,)) for at in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_a_child_of_fork_has_a_connection_of_its_own(self) -> None:
        connections: list[Peer] = []

        def script(peer: Peer) -> None:
            connections.append(peer)
            for frame in peer.frames():
                if frame.payload != b"never":
                    peer.send(frame.answer(frame.payload, raw=True))

        kernel = self.with_client(script, timeout=None).kernel
        self.assertEqual(kernel.noop(b"parent"), b"parent")

        def wait_for_ever() -> None:
            with self.assertRaises(analemma.ConnectionLost):
                kernel.noop(b"never")

        # A thread that is in a call at the fork has the lock, and in the child it does not exist.
        thread = threading.Thread(target=wait_for_ever)
        thread.start()
        while not kernel._lock.locked():
            time.sleep(0.001)
        child = os.fork()
        if child == 0:
            signal.alarm(10)
            try:
                os._exit(0 if kernel.noop(b"child") == b"child" else 1)
            finally:
                os._exit(2)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        self.assertEqual(len(connections), 2)
        kernel.close()
        thread.join(5)
        self.assertFalse(thread.is_alive())

    def test_close_ends_the_call_of_another_thread(self) -> None:
        asked = threading.Event()

        def script(peer: Peer) -> None:
            for _ in peer.frames():
                asked.set()

        kernel = self.with_client(script, timeout=None).kernel
        ended: list[BaseException] = []

        def wait_for_ever() -> None:
            try:
                kernel.noop(b"never")
            except analemma.AnalemmaError as lost:
                ended.append(lost)

        thread = threading.Thread(target=wait_for_ever, daemon=True)
        thread.start()
        self.assertTrue(asked.wait(5))
        kernel.close()
        thread.join(5)
        self.assertFalse(thread.is_alive())
        self.assertIsInstance(ended[0], analemma.ConnectionLost)

    def test_a_stream_that_is_forgotten_is_cancelled(self) -> None:
        cancelled = threading.Event()

        def script(peer: Peer) -> None:
            for frame in peer.frames():
                if frame.kind == 3:
                    cancelled.set()

        kernel = self.with_client(script).kernel
        kernel.events()
        self.assertTrue(cancelled.wait(5))

    def test_methods_show_their_parameters(self) -> None:
        import inspect

        for kind in (analemma.Kernel, analemma.AsyncKernel):
            self.assertEqual(list(inspect.signature(kind("x").kill).parameters), ["target", "grace"])
            self.assertTrue(kind.kill.__doc__)


class AsyncKernelTests(Cases, unittest.TestCase):
    client = Awaiting

    def test_many_calls_are_in_flight_and_answered_out_of_order(self) -> None:
        def script(peer: Peer) -> None:
            held = []
            for frame in peer.frames():
                held.append(frame)
                if len(held) == 100:
                    for each in reversed(held):
                        peer.send(each.answer(each.payload))
                    held = []

        client = self.with_client(script)

        async def many() -> list[bytes]:
            return await asyncio.gather(*(client.kernel.noop(b"%d" % at) for at in range(100)))

        self.assertEqual(client.loop.run_until_complete(many()), [b"%d" % at for at in range(100)])

    def test_more_calls_than_the_kernel_allows_wait_for_room(self) -> None:
        def script(peer: Peer) -> None:
            for frame in peer.frames():
                peer.send(frame.answer(frame.payload))

        client = self.with_client(script)

        async def many() -> list[bytes]:
            return await asyncio.gather(*(client.kernel.noop(b"%d" % at) for at in range(3000)))

        self.assertEqual(client.loop.run_until_complete(many()), [b"%d" % at for at in range(3000)])

    def test_cancelling_the_task_cancels_the_call(self) -> None:
        cancelled = threading.Event()

        def script(peer: Peer) -> None:
            for frame in peer.frames():
                if frame.kind == 3:
                    cancelled.set()

        client = self.with_client(script)

        async def give_up() -> None:
            task = asyncio.ensure_future(client.kernel.wait(1))
            await asyncio.sleep(0.02)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task

        client.loop.run_until_complete(give_up())
        self.assertTrue(cancelled.wait(5))

    def test_another_loop_has_a_connection_of_its_own(self) -> None:
        client = self.with_client(echoing)
        self.assertEqual(client.call("noop", b"one"), b"one")
        first = client.loop
        client.loop = asyncio.new_event_loop()
        try:
            self.assertEqual(client.call("noop", b"two"), b"two")
        finally:
            first.close()

    def test_a_request_that_is_too_large_leaves_nothing_behind(self) -> None:
        client = self.with_client(echoing)
        client.call("noop", b"one")
        with self.assertRaises(ValueError):
            client.call("noop", bytes((16 << 20) + 1))
        self.assertEqual(client.kernel._link.plain, 0)

    def test_an_unread_stream_stops_the_reading_and_not_the_calls(self) -> None:
        piece = b"\x01" + bytes(100_000)
        sent = []

        def script(peer: Peer) -> None:
            stream = None
            lock = threading.Lock()

            def flood() -> None:
                try:
                    for at in range(200):
                        with lock:
                            peer.send(stream.answer(piece, raw=True, more=True))  # type: ignore[union-attr]
                        sent.append(at)
                    with lock:
                        peer.send(stream.answer({"bytes": 1}))  # type: ignore[union-attr]
                except OSError:
                    pass

            for frame in peer.frames():
                if frame.opcode == 0x102:
                    stream = frame
                    threading.Thread(target=flood, daemon=True).start()
                else:
                    with lock:
                        peer.send(frame.answer(frame.payload))

        client = self.with_client(script)

        async def read_late() -> int:
            stream = await client.kernel.logs(1, follow=True).start()
            await asyncio.sleep(0.3)
            self.assertLess(len(sent), 150)
            self.assertEqual(await client.kernel.noop(b"past the flood"), b"past the flood")
            return sum(len(each.data) for each in [piece async for piece in stream])

        self.assertEqual(client.loop.run_until_complete(read_late()), 200 * 100_000)


if __name__ == "__main__":
    unittest.main()
