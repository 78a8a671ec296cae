"""Messages between agents: every call about mailboxes, once, as in `_calls`."""

from __future__ import annotations

from analemma._calls import _request
from analemma._records import Process, Record, Spawned
from analemma._session import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from typing import Any, Literal, Union

    from analemma._calls import Call, Reply
    from analemma._handles import Handle, SealedMemory

    Address = Union[str, int, Process, Spawned]
    Priority = Literal["low", "normal", "high"]

NOOP = 0x00
SEND, RECV, BROADCAST, REGISTER, UNREGISTER = 0x20, 0x21, 0x22, 0x23, 0x24
ACK, NACK, MAILBOXES, DEAD_LETTERS = 0x25, 0x26, 0x27, 0x28

# So many posts, and their senders wait: the refusals that a client has not read yet are as many at most.
POSTED_MAX = 64


class _Letter(Record):
    body: Any = None
    encoding: str | None = None

    def __init__(self, fields: Any) -> None:
        super().__init__(fields)
        if self.encoding == "base64" and isinstance(self.body, str):
            from base64 import b64decode

            self.body = b64decode(self.body)


class Message(_Letter):
    """A message as its receiver gets it. `body` is any JSON value, or bytes.

    `sender` is the id of the process that sent it, as the kernel knows, and 0 for a client on the host. `receipt` is
    there for a message of a durable mailbox: it comes again until it is acknowledged. `handle` is there for a message
    that came with memory, which is the receiver's to close.
    """

    id: int
    sender: int = 0
    from_name: str | None = None
    to: str | None = None
    topic: str | None = None
    correlation: str | None = None
    priority: str = "normal"
    age_ms: int = 0
    wants_reply: bool = False
    receipt: int | None = None
    delivery: int | None = None
    handle_bytes: int | None = None
    handle: SealedMemory | None = None

    def __init__(self, fields: Any) -> None:
        super().__init__({("sender" if name == "from" else name): value for name, value in fields.items()})

    def _plain(self) -> Iterator[tuple[str, Any]]:
        return ((name, value) for name, value in super()._plain() if name != "handle")


class Sent(Record):
    """A message is in its mailbox. `to` is the process whose inbox it is, 0 for a mailbox of its own.

    Of several messages `id` is the first one's, and `count` says how many; their ids follow one another.
    """

    id: int
    to: int = 0
    duplicate: bool = False
    count: int = 1
    reply: Message | None = None

    _nested = {"reply": Message}


class Broadcasted(Record):
    """In how many mailboxes a broadcast is, and how many it skipped."""

    delivered: int = 0
    skipped: int = 0


class MailboxInfo(Record):
    """A mailbox: how full it is, and who waits at it."""

    name: str
    process: int | None = None
    names: list[str] = []
    topics: list[str] = []
    durable: bool = False
    receiver: str | None = None
    messages: int = 0
    bytes: int = 0
    max_messages: int = 0
    max_bytes: int = 0
    handle_bytes: int = 0
    lent: int = 0
    receivers: int = 0
    senders: int = 0


class Acknowledged(Record):
    """How many receipts held, and which did not: their messages come again, unless they are done."""

    count: int = 0
    stale: list[int] = []


class DeadLetter(_Letter):
    """A message that nobody will be given, and why. A large body is left out."""

    id: int
    mailbox: str
    reason: str
    sender: int = 0
    from_name: str | None = None
    topic: str | None = None
    correlation: str | None = None
    sent_at: str = ""
    died_at: str = ""
    bytes: int = 0
    handle_bytes: int | None = None

    def __init__(self, fields: Any) -> None:
        super().__init__({("sender" if name == "from" else name): value for name, value in fields.items()})


def send(
    client: object,
    to: Address,
    body: Any = None,
    *,
    topic: str | None = None,
    correlation: str | None = None,
    priority: Priority | None = None,
    ttl: float | None = None,
    timeout: float = 0.0,
    key: str | None = None,
    handle: Handle | None = None,
) -> Call[Sent]:
    """Sends a message to a registered name, a process's name, or a process's id. `body` is any JSON value, or bytes.

    Into a full mailbox it waits for room for `timeout` seconds, then raises TryAgain or TimedOut. After `ttl` seconds
    nobody is given it any more. To a durable mailbox it returns when the message is on disk, and the same `key` again
    adds nothing. Raises NoSuchMailbox.

    `handle` sends memory beside the body, up to 1 GiB, which the receiver maps: bytes are copied once, `SealedMemory` not
    at all. It may also be a descriptor of memory that is sealed already; anything else raises HandleInvalid.
    """
    reply = yield from _send_with(
        handle,
        timeout,
        **_to(to),
        **_body(body),
        topic=topic,
        correlation=correlation,
        priority=priority,
        ttl_ms=_ms(ttl),
        timeout_ms=_ms(timeout) if timeout else None,
        key=key,
    )
    return Sent(reply.json())


def send_many(
    client: object,
    to: Address,
    bodies: Iterable[Any],
    *,
    topic: str | None = None,
    correlation: str | None = None,
    priority: Priority | None = None,
    ttl: float | None = None,
    timeout: float = 0.0,
    key: str | None = None,
) -> Call[Sent]:
    """Sends several messages to one mailbox in one call, at most 256: all are taken in, one after the other, or none is.

    Each of `bodies` is any JSON value; or all of them are bytes. The rest is as in `send`, and they share it: `timeout`
    waits for room for all, and `key` stands for all together. Raises TooLarge when the mailbox never has room for so
    many.
    """
    each = [_body(body) for body in bodies]
    encodings = {one.get("encoding") for one in each}
    if len(encodings) > 1:
        raise TypeError("bodies are bytes, all of them, or none is")
    reply = yield from _send_with(
        None,
        timeout,
        **_to(to),
        bodies=[one.get("body") for one in each],
        encoding=encodings.pop() if encodings else None,
        topic=topic,
        correlation=correlation,
        priority=priority,
        ttl_ms=_ms(ttl),
        timeout_ms=_ms(timeout) if timeout else None,
        key=key,
    )
    return Sent(reply.json())


def post(
    client: object,
    to: Address,
    body: Any = None,
    *,
    topic: str | None = None,
    correlation: str | None = None,
    priority: Priority | None = None,
    ttl: float | None = None,
    timeout: float = 60.0,
) -> Call[None]:
    """Sends a message and does not wait to hear that it is in its mailbox; durable mailboxes take none so.

    The rest is as in `send`. Of every 64 the last waits, as `flush` does, and either raises what the first of them that
    was refused was refused for: so whoever ends without a `flush` does not know of the last ones.
    """
    asked = _request(
        SEND,
        timeout,
        **_to(to),
        **_body(body),
        topic=topic,
        correlation=correlation,
        priority=priority,
        ttl_ms=_ms(ttl),
        timeout_ms=_ms(timeout) if timeout else None,
    )
    asked.posted = True
    since = yield asked
    if since >= POSTED_MAX:  # type: ignore[operator]
        yield from flush(client, timeout=timeout)


def flush(client: object, *, timeout: float = 60.0) -> Call[None]:
    """Waits until all that was posted is in its mailboxes, or refused: then raises the first refusal.

    `timeout` is the longest of those posts. Raises ConnectionLost when the connection on which they went is lost: what
    has become of them is not known.
    """
    asked = Request(NOOP, b"", True, timeout)
    asked.posted = True
    refused = yield asked
    for error in refused:  # type: ignore[attr-defined]
        raise error


def _send_with(handle: Handle | None, takes: float, **fields: Any) -> Generator[Any, Any, Reply]:
    asked = _request(SEND, takes, **fields)
    asked.handles = fields.get("handles") is True
    if handle is None:
        reply = yield asked
        return reply  # type: ignore[no-any-return]
    from analemma._handles import opened

    asked.descriptor, made = opened(handle)
    try:
        reply = yield asked
    finally:
        if made is not None:
            made.close()
    return reply  # type: ignore[no-any-return]


def _with_handles(messages: list[Message], reply: Reply) -> list[Message]:
    """Messages, those that came with memory with it."""
    if reply.descriptors:
        from analemma._handles import SealedMemory

        descriptors = iter(reply.descriptors)
        for message in messages:
            if message.handle_bytes is not None:
                message.__dict__["handle"] = SealedMemory(next(descriptors), message.handle_bytes)
    return messages


def request(
    client: object,
    to: Address,
    body: Any = None,
    *,
    timeout: float = 60.0,
    topic: str | None = None,
    correlation: str | None = None,
    priority: Priority | None = None,
    handle: Handle | None = None,
    handles: bool | None = None,
) -> Call[Message]:
    """Sends a message and waits for the reply to it, for `timeout` seconds and before that as long for room.

    `handle` is as in `send`; `handles` says whether the reply may come with one, as in `recv`. Raises TimedOut, and
    NoSuchMailbox when the receiver ends before it replies.
    """
    takes = client._takes_handles if handles is None else handles  # type: ignore[attr-defined]
    reply = yield from _send_with(
        handle,
        2 * timeout,
        handles=takes or None,
        **_to(to),
        **_body(body),
        topic=topic,
        correlation=correlation,
        priority=priority,
        timeout_ms=_ms(timeout),
        reply_timeout_ms=_ms(timeout),
    )
    sent = Sent(reply.json())
    assert sent.reply is not None
    return _with_handles([sent.reply], reply)[0]


def reply(client: object, message: Message, body: Any = None, *, handle: Handle | None = None) -> Call[Sent]:
    """Replies to a message: to who waits for the reply, else as a message to its sender's inbox. `handle` is as in `send`.

    Raises NoSuchMessage when nobody waits any more.
    """
    if message.wants_reply:
        target: dict[str, Any] = {"in_reply_to": message.id}
    else:
        target = {"to_id": message.sender, "correlation": message.correlation or str(message.id)}
    answer = yield from _send_with(handle, 0.0, **target, **_body(body))
    return Sent(answer.json())


def recv(
    client: object,
    mailbox: str | None = None,
    *,
    max: int | None = None,
    timeout: float | None = None,
    topic: str | None = None,
    correlation: str | None = None,
    sender: int | None = None,
    visibility: float | None = None,
    handles: bool | None = None,
    reply_to: Message | None = None,
    reply: Any = None,
) -> Call[list[Message]]:
    """Takes messages, one or at most `max`, waiting for the first for `timeout` seconds; None is for ever, 0 not at all.

    From the caller's inbox, or from a mailbox by name. Only those of a `topic`, a `correlation` or a `sender`, if given.
    What a durable mailbox gives is to be acknowledged in `visibility` seconds, or comes again. Returns an empty list when
    the time has passed, and when the agent is to finish what it has in hand and end: `draining` of the client is True then. `handles` says whether messages that come with memory are taken too, or left: `Kernel` takes them
    unless told otherwise, `AsyncKernel` when told to.

    With `reply_to`, a message that wants a reply, `reply` goes to who waits for it first: a server's whole turn in one call.
    Raises NoSuchMessage, and takes nothing, when nobody waits any more.
    """
    takes = client._takes_handles if handles is None else handles  # type: ignore[attr-defined]
    asked = _request(
        RECV,
        timeout,
        mailbox=mailbox,
        max=max,
        timeout_ms=_ms(timeout),
        topic=topic,
        correlation=correlation,
        visibility_ms=_ms(visibility),
        handles=takes or None,
        reply=None if reply_to is None else {"in_reply_to": reply_to.id, **_body(reply)},
        **({} if sender is None else {"from": sender}),
    )
    asked.handles = takes
    answer = yield asked
    fields = answer.json()
    if fields.get("draining"):
        client.draining = True  # type: ignore[attr-defined]
    return _with_handles([Message(each) for each in fields["messages"]], answer)


def broadcast(
    client: object,
    body: Any = None,
    *,
    topic: str | None = None,
    correlation: str | None = None,
    priority: Priority | None = None,
    ttl: float | None = None,
    include_self: bool = False,
) -> Call[Broadcasted]:
    """Sends a message to every mailbox that has registered the topic; without one, to all with a registered name."""
    reply = yield _request(
        BROADCAST,
        **_body(body),
        topic=topic,
        correlation=correlation,
        priority=priority,
        ttl_ms=_ms(ttl),
        include_self=include_self or None,
    )
    return Broadcasted(reply.json())


def register(
    client: object,
    name: str | None = None,
    *,
    topic: str | None = None,
    durable: bool = False,
    receiver: str | None = None,
    max_messages: int | None = None,
    max_bytes: int | None = None,
    visibility: float | None = None,
    max_deliveries: int | None = None,
) -> Call[MailboxInfo]:
    """Gives the caller's inbox a name or a topic. A durable one, or one of the host, is a mailbox of its own.

    A durable mailbox keeps its messages on disk until they are acknowledged. `receiver` is for clients on the host: the
    name of the process that receives from it. Raises NameTaken.
    """
    reply = yield _request(
        REGISTER,
        name=name,
        topic=topic,
        durable=durable or None,
        receiver=receiver,
        max_messages=max_messages,
        max_bytes=max_bytes,
        visibility_ms=_ms(visibility),
        max_deliveries=max_deliveries,
    )
    return MailboxInfo(reply.json())


def unregister(client: object, name: str | None = None, *, topic: str | None = None) -> Call[int]:
    """Takes a name back, or only a topic; returns how many messages went with it."""
    reply = yield _request(UNREGISTER, name=name, topic=topic)
    return int(reply.json()["dropped"])


def ack(client: object, *messages: Message | int) -> Call[Acknowledged]:
    """Says that messages of durable mailboxes are done: they are gone from the disk when this returns."""
    reply = yield _request(ACK, receipts=_receipts(messages))
    return Acknowledged(reply.json())


def nack(client: object, *messages: Message | int, delay: float = 0.0) -> Call[Acknowledged]:
    """Gives messages of durable mailboxes back, to come again after `delay` seconds."""
    reply = yield _request(NACK, receipts=_receipts(messages), delay_ms=_ms(delay) if delay else None)
    return Acknowledged(reply.json())


def mailboxes(client: object) -> Call[list[MailboxInfo]]:
    """The mailboxes that the caller receives from, by name; of a client on the host, all."""
    reply = yield _request(MAILBOXES)
    return [MailboxInfo(each) for each in _whole(reply)["list"]]


def dead_letters(client: object, mailbox: str | None = None, *, max: int | None = None) -> Call[list[DeadLetter]]:
    """Messages that nobody will be given, the latest first, of one mailbox or of all that the caller may know of."""
    reply = yield _request(DEAD_LETTERS, mailbox=mailbox, max=max)
    return [DeadLetter(each) for each in _whole(reply)["list"]]


def _whole(reply: Any) -> dict[str, Any]:
    from analemma._calls import parse

    return parse(b"".join(reply.pieces) + reply.payload)  # type: ignore[no-any-return]


def _to(to: Address) -> dict[str, Any]:
    if isinstance(to, str):
        return {"to": to}
    return {"to_id": to if isinstance(to, int) else to.id}


def _body(body: Any) -> dict[str, Any]:
    if isinstance(body, (bytes, bytearray, memoryview)):
        from base64 import b64encode

        return {"body": b64encode(body).decode("ascii"), "encoding": "base64"}
    return {"body": body}


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000 + 0.5)


def _receipts(messages: tuple[Message | int, ...]) -> list[int]:
    receipts = [each if isinstance(each, int) else each.receipt for each in messages]
    if any(each is None for each in receipts):
        raise ValueError("only messages of durable mailboxes are acknowledged: the others are gone when they are given")
    return receipts  # type: ignore[return-value]
