"""The SDK of AgentOS, for programs written for it: `from agentos import AgentOSClient`.

Same names, signatures and answers, on Analemma's kernel. As there, calls return values that say so when something
fails, and raise nothing: connect() prints why not, spawn() gives None or a dict with "error". New programs are better
off with `analemma.Kernel`.

A message is a 17-byte little-endian header (magic "TNGA", agent id, opcode, payload size) and the payload; answers come
in the order of the requests. See docs/abi.md.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
from enum import IntEnum
from typing import Any, Dict, List, Optional, Union

MAGIC_BYTES = 0x41474E54
HEADER_FORMAT = "<IIBQ"
HEADER_SIZE = 17
MAX_PAYLOAD_SIZE = 1024 * 1024
DEFAULT_SOCKET_PATH = "/tmp/agentos.sock"

__all__ = ["AgentOSClient", "Message", "SyscallOp", "connect"]


class SyscallOp(IntEnum):
    """The opcodes of AgentOS that Analemma serves."""

    SYS_NOOP = 0x00
    SYS_THINK = 0x01
    SYS_EXEC = 0x02
    SYS_READ = 0x03
    SYS_WRITE = 0x04
    SYS_SPAWN = 0x10
    SYS_KILL = 0x11
    SYS_LIST = 0x12
    SYS_PAUSE = 0x14
    SYS_RESUME = 0x15
    SYS_SEND = 0x20
    SYS_RECV = 0x21
    SYS_BROADCAST = 0x22
    SYS_REGISTER = 0x23
    SYS_STORE = 0x30
    SYS_FETCH = 0x31
    SYS_DELETE = 0x32
    SYS_KEYS = 0x33
    SYS_HTTP = 0x50
    SYS_ASYNC_POLL = 0x80
    SYS_HELLO = 0xFE
    SYS_EXIT = 0xFF


class Message:
    """One message, in either direction."""

    __slots__ = ("agent_id", "opcode", "payload")

    def __init__(self, agent_id: int, opcode: SyscallOp, payload: bytes = b"") -> None:
        self.agent_id = agent_id
        self.opcode = opcode
        self.payload = payload

    def serialize(self) -> bytes:
        header = struct.pack(HEADER_FORMAT, MAGIC_BYTES, self.agent_id, self.opcode, len(self.payload))
        return header + self.payload

    @classmethod
    def deserialize(cls, data: bytes) -> Message:
        """Reads a whole message. Raises ValueError when it is none."""
        if len(data) < HEADER_SIZE:
            raise ValueError(f"a message has at least {HEADER_SIZE} bytes, this has {len(data)}")
        magic, agent_id, opcode, size = struct.unpack_from(HEADER_FORMAT, data)
        if magic != MAGIC_BYTES:
            raise ValueError(f"a message begins with 0x{MAGIC_BYTES:08x}, this with 0x{magic:08x}")
        if len(data) < HEADER_SIZE + size:
            raise ValueError(f"the message says {size} bytes of payload and has {len(data) - HEADER_SIZE}")
        return cls(agent_id, SyscallOp(opcode), bytes(data[HEADER_SIZE : HEADER_SIZE + size]))

    @property
    def payload_str(self) -> str:
        return self.payload.decode("utf-8", errors="replace")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and (self.agent_id, self.opcode, self.payload) == (
            other.agent_id,
            other.opcode,
            other.payload,
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Message(agent_id={self.agent_id}, opcode={self.opcode!r}, payload={self.payload!r})"


class AgentOSClient:
    """A connection to the kernel, one request at a time."""

    def __init__(self, socket_path: Optional[str] = None) -> None:
        self.socket_path = socket_path or os.environ.get("ANALEMMA_SOCKET") or DEFAULT_SOCKET_PATH
        self._sock: Optional[socket.socket] = None
        self._agent_id = 0

    @property
    def agent_id(self) -> int:
        """The caller's id as the kernel knows it; 0 before the first answer."""
        return self._agent_id

    def connect(self) -> bool:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect(self.socket_path)
        except OSError as failed:
            sock.close()
            print(f"Failed to connect to {self.socket_path}: {failed}", file=sys.stderr)
            return False
        self._sock = sock
        return True

    def disconnect(self) -> None:
        sock, self._sock = self._sock, None
        if sock is not None:
            sock.close()

    def __enter__(self) -> AgentOSClient:
        if self._sock is None and not self.connect():
            raise ConnectionError(f"Failed to connect to {self.socket_path}")
        return self

    def __exit__(self, *_: object) -> None:
        self.disconnect()

    def send(self, op: SyscallOp, payload: Union[str, bytes] = b"") -> bool:
        if self._sock is None:
            return False
        body = payload.encode() if isinstance(payload, str) else payload
        try:
            self._sock.sendall(Message(self._agent_id, op, body).serialize())
        except OSError:
            return False
        return True

    def recv(self) -> Optional[Message]:
        header = self._recv_exact(HEADER_SIZE)
        if header is None:
            return None
        magic, _, _, size = struct.unpack(HEADER_FORMAT, header)
        if magic != MAGIC_BYTES:
            # What follows has no known length: the stream is lost.
            self.disconnect()
            return None
        payload = self._recv_exact(size)
        if payload is None:
            return None
        try:
            message = Message.deserialize(header + payload)
        except ValueError:
            return None
        self._agent_id = message.agent_id
        return message

    def call(self, op: SyscallOp, payload: Union[str, bytes] = b"") -> Optional[Message]:
        return self.recv() if self.send(op, payload) else None

    def echo(self, message: str) -> Optional[str]:
        answer = self.call(SyscallOp.SYS_NOOP, message)
        return None if answer is None else answer.payload_str

    def think(
        self,
        prompt: str,
        image: Optional[Union[str, bytes]] = None,
        image_mime_type: str = "image/jpeg",
        system_instruction: Optional[str] = None,
        thinking_level: Optional[str] = None,
        temperature: Optional[float] = None,
        model: Optional[str] = None,
    ) -> Dict[str, Any]:
        request: Dict[str, Any] = {"prompt": prompt}
        if image is not None:
            from base64 import b64encode

            data = b64encode(image).decode() if isinstance(image, bytes) else image
            request["image"] = {"data": data, "mime_type": image_mime_type}
        for name, value in (
            ("system_instruction", system_instruction),
            ("thinking_level", thinking_level),
            ("temperature", temperature),
            ("model", model),
        ):
            if value is not None:
                request[name] = value
        answer = self._ask(SyscallOp.SYS_THINK, request)
        if not isinstance(answer, dict):
            return {"success": False, "content": "", "error": "No response from kernel"}
        return {"content": "", **answer}

    def exit(self) -> bool:
        answer = self.call(SyscallOp.SYS_EXIT)
        return answer is not None and answer.payload == b"goodbye"

    def spawn(
        self,
        name: str,
        script: str,
        sandboxed: bool = True,
        network: bool = False,
        limits: Optional[Dict[str, int]] = None,
    ) -> Optional[Dict[str, Any]]:
        request: Dict[str, Any] = {"name": name, "script": script, "sandboxed": sandboxed, "network": network}
        if limits:
            request["limits"] = limits
        answer = self._ask(SyscallOp.SYS_SPAWN, request)
        return answer if isinstance(answer, dict) else None

    def kill(self, name: Optional[str] = None, agent_id: Optional[int] = None) -> bool:
        return self._done(SyscallOp.SYS_KILL, name, agent_id, "killed")

    def list_agents(self) -> List[Dict[str, Any]]:
        answer = self._ask(SyscallOp.SYS_LIST)
        return answer if isinstance(answer, list) else []

    def pause(self, name: Optional[str] = None, agent_id: Optional[int] = None) -> bool:
        return self._done(SyscallOp.SYS_PAUSE, name, agent_id, "success")

    def resume(self, name: Optional[str] = None, agent_id: Optional[int] = None) -> bool:
        return self._done(SyscallOp.SYS_RESUME, name, agent_id, "success")

    def exec(self, command: str, cwd: Optional[str] = None, timeout: int = 30) -> Dict[str, Any]:
        """Runs a shell command in this agent's own sandbox: {"success", "stdout", "stderr", "exit_code"}."""
        request: Dict[str, Any] = {"command": command, "timeout": timeout, "async": False}
        if cwd is not None:
            request["cwd"] = cwd
        answer = self._ask(SyscallOp.SYS_EXEC, request)
        if not isinstance(answer, dict):
            return {"success": False, "stdout": "", "stderr": "", "exit_code": -1, "error": "No response from kernel"}
        return answer

    def http(
        self,
        url: str,
        method: str = "GET",
        headers: Optional[Dict[str, str]] = None,
        body: str = "",
        timeout: int = 30,
    ) -> Dict[str, Any]:
        """Sends an HTTP request that this agent's rules allow: {"success", "body", "status_code", "headers"}."""
        request: Dict[str, Any] = {"url": url, "method": method, "timeout": timeout, "async": False}
        if headers:
            request["headers"] = headers
        if body:
            request["body"] = body
        answer = self._ask(SyscallOp.SYS_HTTP, request)
        if not isinstance(answer, dict):
            return {"success": False, "body": "", "status_code": 0, "error": "No response from kernel"}
        return answer

    def register_name(self, name: str) -> Dict[str, Any]:
        """Gives this agent's inbox a name: {"success", "agent_id", "name"}."""
        return self._object(SyscallOp.SYS_REGISTER, {"name": name})

    def send_message(
        self, message: Any, to: Optional[int] = None, to_name: Optional[str] = None
    ) -> Dict[str, Any]:
        """Sends a message to an agent, by id or by name: {"success", "delivered_to"}."""
        request: Dict[str, Any] = {"message": message}
        if to is not None:
            request["to"] = to
        if to_name is not None:
            request["to_name"] = to_name
        return self._object(SyscallOp.SYS_SEND, request)

    def recv_messages(self, max_messages: int = 10) -> Dict[str, Any]:
        """Takes what lies in this agent's inbox, without waiting: {"success", "messages", "count"}."""
        return self._object(SyscallOp.SYS_RECV, {"max": max_messages})

    def broadcast(self, message: Any, include_self: bool = False) -> Dict[str, Any]:
        """Sends a message to all that have registered a name: {"success", "delivered_count"}."""
        return self._object(SyscallOp.SYS_BROADCAST, {"message": message, "include_self": include_self})

    def read_file(self, path: str) -> Dict[str, Any]:
        """Reads a file of this agent's /work: {"success", "content", "size"}."""
        answer = self._ask(SyscallOp.SYS_READ, {"path": path})
        return answer if isinstance(answer, dict) else {"success": False, "error": "No response from kernel"}

    def write_file(self, path: str, content: str, mode: str = "write") -> Dict[str, Any]:
        """Writes a file of this agent's /work; mode "write" or "append": {"success", "bytes_written"}."""
        answer = self._ask(SyscallOp.SYS_WRITE, {"path": path, "content": content, "mode": mode})
        return answer if isinstance(answer, dict) else {"success": False, "error": "No response from kernel"}

    def store(
        self, key: str, value: Any, scope: str = "global", ttl: Optional[int] = None
    ) -> Dict[str, Any]:
        """Keeps a value under a key, for `ttl` seconds or for good: {"success", "key"}.

        Scope "global" is shared with all whom the owner lets share it, else with this agent's family, as "session"
        is; "agent" is this agent's alone.
        """
        request: Dict[str, Any] = {"key": key, "value": value, "scope": scope}
        if ttl is not None:
            request["ttl"] = ttl
        return self._answered(SyscallOp.SYS_STORE, request)

    def fetch(self, key: str) -> Dict[str, Any]:
        """The value of a key, this agent's own first: {"success", "exists", "value", "scope"}."""
        return self._answered(SyscallOp.SYS_FETCH, {"key": key})

    def delete(self, key: str) -> Dict[str, Any]:
        """Forgets a key: {"success", "deleted"}."""
        return self._answered(SyscallOp.SYS_DELETE, {"key": key})

    def keys(self, prefix: str = "") -> Dict[str, Any]:
        """The keys that begin with a prefix: {"success", "keys", "count"}."""
        return self._answered(SyscallOp.SYS_KEYS, {"prefix": prefix})

    def _answered(self, op: SyscallOp, request: Dict[str, Any]) -> Dict[str, Any]:
        answer = self._ask(op, request)
        return answer if isinstance(answer, dict) else {"success": False, "error": "No response from kernel"}

    def _done(self, op: SyscallOp, name: Optional[str], agent_id: Optional[int], field: str) -> bool:
        request: Dict[str, Any] = {}
        if agent_id is not None:
            request["id"] = agent_id
        elif name is not None:
            request["name"] = name
        else:
            return False
        answer = self._ask(op, request)
        return isinstance(answer, dict) and bool(answer.get(field, False))

    def _object(self, op: SyscallOp, request: Dict[str, Any]) -> Dict[str, Any]:
        answer = self._ask(op, request)
        return answer if isinstance(answer, dict) else {"success": False, "error": "No response from kernel"}

    def _ask(self, op: SyscallOp, request: Optional[Dict[str, Any]] = None) -> Any:
        """The answer as JSON, or None."""
        message = self.call(op, b"" if request is None else json.dumps(request))
        if message is None:
            return None
        try:
            return json.loads(message.payload_str)
        except ValueError:
            return None

    def _recv_exact(self, size: int) -> Optional[bytes]:
        if self._sock is None:
            return None
        data = bytearray(size)
        view = memoryview(data)
        have = 0
        try:
            while have < size:
                count = self._sock.recv_into(view[have:])
                if count == 0:
                    return None
                have += count
        except OSError:
            return None
        return bytes(data)


def connect(socket_path: Optional[str] = None) -> AgentOSClient:
    """A connected client. Raises ConnectionError when there is no kernel."""
    client = AgentOSClient(socket_path)
    if not client.connect():
        raise ConnectionError(f"Failed to connect to {client.socket_path}")
    return client
