"""Calls about pipes between agents. Made methods of both clients as those of `_calls`."""

from __future__ import annotations

from analemma._calls import Feed, _ms, _request
from analemma._records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from analemma._calls import Call

PIPE_OPEN, PIPE_WRITE, PIPE_READ, PIPE_CLOSE, PIPE_LIST = 0x150, 0x151, 0x152, 0x153, 0x154
PIPE_GIVE = 0x155


class PipeEnd(Record):
    """One end of a pipe: who holds it (0: clients on the host), and whether it is a standard stream."""

    holder: int
    is_stream: bool = False


class Pipe(Record):
    """A pipe: its number, and the ends that are open."""

    pipe: int
    reader: PipeEnd | None = None
    writer: PipeEnd | None = None

    _nested = {"reader": PipeEnd, "writer": PipeEnd}


def _number(pipe: int | Pipe) -> int:
    return pipe.pipe if isinstance(pipe, Pipe) else pipe


def pipe_open(client: object, *, reader: int | None = None, writer: int | None = None) -> Call[Pipe]:
    """Makes a pipe. Its ends are the caller's, or those of the processes of its family that are named by their ids."""
    reply = yield _request(PIPE_OPEN, reader=reader, writer=writer)
    return Pipe(reply.json())


def pipe_write(client: object, pipe: int | Pipe, data: bytes | str, *, timeout: float | None = None) -> Call[int]:
    """Writes, at most 1 MiB, and waits for room; returns how many bytes are in the pipe. Raises PipeClosed when nobody
    reads any more."""
    import base64

    if isinstance(data, str):
        data = data.encode()
    reply = yield _request(
        PIPE_WRITE,
        timeout,
        pipe=_number(pipe),
        content=base64.b64encode(data).decode(),
        encoding="base64",
        timeout_ms=_ms(timeout),
    )
    return int(reply.json()["written"])


def pipe_read(
    client: object, pipe: int | Pipe, *, max: int | None = None, timeout: float | None = None
) -> Call[bytes]:
    """Waits for something and returns what is there; nothing at the end, when nobody writes any more."""
    reply = yield _request(PIPE_READ, timeout, pipe=_number(pipe), max=max, timeout_ms=_ms(timeout))
    return b"".join(reply.pieces)


def pipe_follow(client: object, pipe: int | Pipe) -> Feed[bytes, bytes]:
    """All that comes, piece by piece, to the end."""

    def whole(pieces: Sequence[bytes], _: object) -> bytes:
        return b"".join(pieces)

    return Feed(_request(PIPE_READ, None, pipe=_number(pipe), follow=True), bytes, whole)


def pipe_close(client: object, pipe: int | Pipe, end: str | None = None) -> Call[Pipe]:
    """Closes the ends that the caller holds, or one: "read" or "write"."""
    reply = yield _request(PIPE_CLOSE, pipe=_number(pipe), end=end)
    return Pipe(reply.json())


def pipe_give(client: object, pipe: int | Pipe, end: str, to: str | int) -> Call[Pipe]:
    """Gives an end that the caller holds, `read` or `write`, to a running process, by its name or id: one that it may
    send to. The end is that one's from now on; tell it the pipe's number in a message. Raises NoSuchProcess."""
    target = {"to": to} if isinstance(to, str) else {"to_id": int(to)}
    reply = yield _request(PIPE_GIVE, pipe=_number(pipe), end=end, **target)
    return Pipe(reply.json())


def pipe_list(client: object) -> Call[list[Pipe]]:
    """The pipes of which the caller, or a process below it, holds an end."""
    reply = yield _request(PIPE_LIST)
    return [Pipe(fields) for fields in reply.json()["pipes"]]
