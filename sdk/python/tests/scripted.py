"""A small kernel for tests: a Unix socket that answers in either framing, as a script of the test says."""

from __future__ import annotations

import json
import os
import socket
import struct
import tempfile
import threading
from typing import Any, Callable, Iterator, NamedTuple

NATIVE = struct.Struct("<IBBHQII")
AGENTOS = struct.Struct("<IIBQ")


class Frame(NamedTuple):
    kind: int
    flags: int
    opcode: int
    id: int
    status: int
    payload: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.payload or b"{}")

    def answer(self, payload: Any = b"", status: int = 0, more: bool = False, raw: bool = False) -> bytes:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        flags = (1 if more else 0) | (2 if raw else 0)
        return NATIVE.pack(0x324C4E41, 2, flags, self.opcode, self.id, status, len(body)) + body

    def refuse(self, status: int, code: str, message: str = "no", hint: str | None = None) -> bytes:
        return self.answer({"code": code, "message": message, **({"hint": hint} if hint else {})}, status)


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._from = connection.makefile("rb")

    def read(self, count: int) -> bytes:
        return self._from.read(count)

    def frames(self) -> Iterator[Frame]:
        while True:
            head = self.read(NATIVE.size)
            if len(head) < NATIVE.size:
                return
            magic, kind, flags, opcode, identity, status, length = NATIVE.unpack(head)
            assert magic == 0x324C4E41, hex(magic)
            yield Frame(kind, flags, opcode, identity, status, self.read(length))

    def messages(self) -> Iterator[tuple[int, int, bytes]]:
        while True:
            head = self.read(AGENTOS.size)
            if len(head) < AGENTOS.size:
                return
            magic, agent, opcode, size = AGENTOS.unpack(head)
            assert magic == 0x41474E54, hex(magic)
            yield agent, opcode, self.read(size)

    def say(self, opcode: int, payload: Any, agent: int = 7) -> None:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.send(AGENTOS.pack(0x41474E54, agent, opcode, len(body)) + body)

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def drip(self, data: bytes) -> None:
        """Byte by byte, so that every boundary is split."""
        for at in range(len(data)):
            self.connection.sendall(data[at : at + 1])


class Scripted:
    """Serves each connection with `script(peer)` on a thread of its own; what a script raises fails the test."""

    def __init__(self, script: Callable[[Peer], None]) -> None:
        self._script = script
        self._folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self._folder.name, "kernel.sock")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(16)
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self.errors: list[BaseException] = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._script(Peer(connection))
        except (BrokenPipeError, ConnectionResetError):
            pass
        except BaseException as error:  # handed to the test below
            self.errors.append(error)
        finally:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()

    def __enter__(self) -> Scripted:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(5)
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(5)
        self._folder.cleanup()
        if self.errors:
            raise self.errors[0]
