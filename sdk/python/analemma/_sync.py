"""The blocking client."""

from __future__ import annotations

from _thread import allocate_lock
from _weakref import ref
from os import register_at_fork
from select import POLLIN, poll

# The C module under `socket`, which takes 8 ms to import where this takes 0.2: an agent's first call should not wait
# for enumerations of address families.
import _socket

from analemma import (
    _calls,
    _embeddings,
    _event_calls,
    _mail,
    _model_calls,
    _network_calls,
    _pipe_calls,
    _state,
    _supervision,
    _tool_calls,
    _workflows,
)
from analemma._errors import AnalemmaError, CallTimeout, ConnectionFailed, ConnectionLost
from analemma._generic import G, Generic, T
from analemma._paths import default_socket
from analemma._session import Request, Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Any

    from typing_extensions import ParamSpec, Self

    from analemma._calls import Call, Feed
    from analemma._conversation import Conversation
    from analemma._mailbox import Mailbox
    from analemma._session import Exchange

    P = ParamSpec("P")

_TIMEOUT_DEFAULT = 60.0

# For as many descriptors as one message may carry: SCM_MAX_FD of unix(7), 253.
_DESCRIPTOR_SPACE = 1040


# The clients there are. A child of fork(2) has copies of their sockets, on which both would read each other's answers.
_clients: dict[int, Any] = {}


def _forked() -> None:
    for client in [*_clients.values()]:
        kernel = client()
        if kernel is not None:
            kernel._forked()


register_at_fork(after_in_child=_forked)


def _method(call: Callable[P, Call[T]]) -> Callable[P, T]:
    def method(self: Kernel, *args: Any, **kwargs: Any) -> Any:
        return self._drive(call(self, *args, **kwargs))  # type: ignore[arg-type]

    return _named_after(method, call)  # type: ignore[no-any-return]


def _feed(call: Callable[P, Feed[T, G]]) -> Callable[P, Stream[T, G]]:
    def method(self: Kernel, *args: Any, **kwargs: Any) -> Any:
        feed = call(self, *args, **kwargs)  # type: ignore[arg-type]
        return Stream(self, feed) if isinstance(feed, _calls.Feed) else ToolStream(self, feed)

    return _named_after(method, call)  # type: ignore[no-any-return]


def _named_after(method: Any, call: Any) -> Any:
    method.__name__ = call.__name__.rstrip("_")
    method.__qualname__ = f"Kernel.{method.__name__}"
    method.__doc__ = call.__doc__
    method.__wrapped__ = call
    return method


class Kernel:
    """A connection to the kernel, made at the first call and again after it was lost.

    `timeout` is how many seconds the kernel may be silent while a call waits for it, beyond the time that the call
    takes by its nature, as `wait` and `exec` do; None is for ever. Threads take turns on one `Kernel`, and a long
    `wait` keeps the others waiting: give each thread its own, or use `AsyncKernel`.

    A child of fork(2) connects anew at its first call.

    `draining` is True once a `recv` was told that the agent is to finish what it has in hand and end.

        with Kernel() as kernel:
            agent = kernel.spawn("agent.py", name="worker")
            print(kernel.wait(agent).exit)
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, timeout: float | None = _TIMEOUT_DEFAULT) -> None:
        self.path = default_socket() if path is None else str(path)
        self.timeout = timeout
        self._lock = allocate_lock()
        self._socket: Any = None
        self._takes_handles = True
        self.draining = False
        self._session = Session()
        self._posts_lost = False
        self._poll: Any = None
        key = id(self)
        _clients[key] = ref(self, lambda _: _clients.pop(key, None))

    hello = _method(_calls.hello)
    echo = _method(_calls.echo)
    think = _method(_model_calls.think)
    run_tools = _method(_model_calls.run_tools)
    spawn = _method(_calls.spawn)
    kill = _method(_calls.kill)
    list = _method(_calls.list_)
    wait = _method(_calls.wait)
    inspect = _method(_calls.inspect)
    pause = _method(_calls.pause)
    resume = _method(_calls.resume)
    exec = _method(_calls.exec_)
    read = _method(_calls.read)
    write = _method(_calls.write)
    files = _method(_calls.files)
    status = _method(_calls.status)
    embed = _method(_embeddings.embed)
    llm = _method(_model_calls.llm)
    endpoint = _method(_network_calls.endpoint)
    http = _method(_network_calls.http)
    conversations = _method(_model_calls.conversations)
    budget_set = _method(_model_calls.budget_set)
    secret_set = _method(_network_calls.secret_set)
    secret_list = _method(_network_calls.secret_list)
    secret_remove = _method(_network_calls.secret_remove)
    store = _method(_state.store)
    fetch = _method(_state.fetch)
    delete = _method(_state.delete)
    keys = _method(_state.keys)
    update = _method(_state.update)
    get_perms = _method(_state.get_perms)
    set_perms = _method(_state.set_perms)
    metrics = _method(_calls.metrics)
    audit = _method(_calls.audit)
    list_tools = _method(_tool_calls.list_tools)
    call_tool = _method(_tool_calls.call_tool)
    tool_servers = _method(_tool_calls.tool_servers)
    restart_tools = _method(_tool_calls.restart_tools)
    send = _method(_mail.send)
    send_many = _method(_mail.send_many)
    post = _method(_mail.post)
    flush = _method(_mail.flush)
    request = _method(_mail.request)
    reply = _method(_mail.reply)
    recv = _method(_mail.recv)
    broadcast = _method(_mail.broadcast)
    register = _method(_mail.register)
    unregister = _method(_mail.unregister)
    ack = _method(_mail.ack)
    nack = _method(_mail.nack)
    mailboxes = _method(_mail.mailboxes)
    dead_letters = _method(_mail.dead_letters)
    workflow = _method(_workflows.workflow)
    workflow_endpoint = _method(_workflows.workflow_endpoint)
    task_succeeded = _method(_workflows.task_succeeded)
    task_failed = _method(_workflows.task_failed)
    task_heartbeat = _method(_workflows.task_heartbeat)
    function_next = _method(_workflows.function_next)
    shutdown = _method(_calls.shutdown)
    watch = _method(_supervision.watch)
    supervise = _method(_supervision.supervise)
    restart = _method(_supervision.restart)
    escalate = _method(_supervision.escalate)
    ready = _method(_supervision.ready)
    fleet_apply = _method(_supervision.fleet_apply)
    fleet_down = _method(_supervision.fleet_down)
    fleet_status = _method(_supervision.fleet_status)
    fleet_restart = _method(_supervision.fleet_restart)
    think_stream = _feed(_model_calls.think_stream)
    run_tools_stream = _feed(_model_calls.run_tools_stream)  # type: ignore[arg-type,var-annotated]
    http_stream = _feed(_network_calls.http_stream)
    call_tool_stream = _feed(_tool_calls.call_tool_stream)
    exec_stream = _feed(_calls.exec_stream)
    logs = _feed(_calls.logs)
    events = _feed(_event_calls.events)
    poll_events = _method(_event_calls.poll_events)
    subscribe = _method(_event_calls.subscribe)
    unsubscribe = _method(_event_calls.unsubscribe)
    emit = _method(_event_calls.emit)
    pipe_open = _method(_pipe_calls.pipe_open)
    pipe_write = _method(_pipe_calls.pipe_write)
    pipe_read = _method(_pipe_calls.pipe_read)
    pipe_follow = _feed(_pipe_calls.pipe_follow)
    pipe_close = _method(_pipe_calls.pipe_close)
    pipe_give = _method(_pipe_calls.pipe_give)
    pipe_list = _method(_pipe_calls.pipe_list)

    def noop(self, payload: bytes = b"") -> bytes:
        """Sends bytes and gets the same back: is the kernel there?"""
        reply = self._ask(Request(_calls.NOOP, payload, True))
        return b"".join(reply.pieces) + reply.payload if reply.pieces else reply.payload

    def conversation(self, id: int | None = None, **options: Any) -> Conversation:
        """Opens a conversation that the kernel keeps, or goes on with the one of that `id`.

        `system`, `model`, `temperature`, `max_tokens`, `thinking_level` and `tools` hold for all that is said in it;
        `messages` were said before; `name` is for people. `compaction`, as {"at_tokens", "keep_messages",
        "summary_tokens"}, has the kernel shorten it by itself when a call would read so many tokens.
        """
        from analemma._conversation import Conversation

        return Conversation(self, id, **options)

    def mailbox(self, name: str | None = None, *, batch: int = 1, **options: Any) -> Mailbox:
        """A mailbox to take messages from: the caller's inbox, or one by name.

        `topic`, `durable`, `receiver`, `max_messages`, `max_bytes`, `visibility` and `max_deliveries` are as in `register`,
        which is called when the first message is taken. `batch` messages at most are taken at once.
        """
        from analemma._mailbox import Mailbox

        return Mailbox(self, name, batch, options)

    def connect(self) -> Self:
        """Connects now, rather than at the first call."""
        with self._lock:
            self._connected()
        return self

    def close(self) -> None:
        """Ends the connection. What still streams on it ends with ConnectionLost."""
        self._drop(ConnectionLost("the client was closed"))

    def __enter__(self) -> Self:
        return self.connect()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Kernel({self.path!r}, {'connected' if self._socket is not None else 'not connected'})"

    def _abandon(self) -> None:
        """Breaks the connection from another thread: a call in flight ends with ConnectionLost."""
        stream = self._socket
        if stream is not None:
            stream.shutdown(_socket.SHUT_RDWR)

    def _connected(self) -> Any:
        if self._socket is not None:
            return self._socket
        stream = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
        try:
            stream.connect(self.path)
        except OSError as failed:
            stream.close()
            raise ConnectionFailed(
                f"no kernel answers at {self.path}: {failed.strerror or failed}; "
                "start one with `analemma kernel start`, or name its socket in $ANALEMMA_SOCKET"
            ) from failed
        self._use(stream)
        self._session = Session()
        return stream

    def _use(self, stream: Any) -> None:
        self._socket = stream
        self._poll = poll()
        self._poll.register(stream, POLLIN)

    def _drop(self, error: AnalemmaError) -> None:
        stream, self._socket = self._socket, None
        if stream is not None:
            try:
                # Closing alone would not wake another thread that waits for an answer.
                stream.shutdown(_socket.SHUT_RDWR)
            except OSError:
                pass
            stream.close()
        self._posts_lost |= self._session.posted > 0
        self._session.lose(error)

    def _forked(self) -> None:
        """In the child: its parent has the connection, and perhaps a thread that held the lock."""
        self._lock = allocate_lock()
        stream, self._socket = self._socket, None
        if stream is not None:
            stream.close()
        self._session.lose(ConnectionLost("the connection is that of the process which forked this one"))

    def _drive(self, call: Call[T]) -> T:
        reply: Any = None
        try:
            while True:
                step = call.send(reply)
                reply = self._ask(step) if isinstance(step, Request) else step.run()
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]

    def _ask(self, request: Request) -> _calls.Reply:
        if request.posted:
            return self._post(request)
        with self._lock:
            exchange = self._send(request)
            self._receive(exchange, request, True)
        if exchange.error is not None:
            raise exchange.error
        return _calls.Reply(exchange.pieces and exchange.take(), exchange.answer, exchange.descriptors)

    def _post(self, request: Request) -> Any:
        """Of a message, how many were posted since somebody waited; of a NOOP, why some of them were refused."""
        with self._lock:
            if request.opcode != _calls.NOOP:
                stream = self._connected()
                self._send_all(stream, self._session.post(request), None)
                return self._session.posted
            lost, self._posts_lost = self._posts_lost, False
            if lost or not self._session.posted:
                exchange = None
            else:
                try:
                    exchange = self._send(request)
                except ConnectionLost:
                    # Told by this, and not again by the next.
                    self._posts_lost = False
                    self._session.take_refused(self._session.posted)
                    raise
                self._receive(exchange, request, True)
                lost, self._posts_lost = self._posts_lost, False
            refused = self._session.take_refused(self._session.posted)
        if lost:
            raise ConnectionLost(f"the connection to {self.path} was lost: what was posted may be, too")
        if exchange is not None and exchange.error is not None:
            raise exchange.error
        return refused

    def _send(self, request: Request) -> Exchange:
        stream = self._connected()
        exchange, frames = self._session.begin(request)
        self._send_all(stream, frames, request.descriptor)
        return exchange

    def _send_all(self, stream: Any, frames: bytes, descriptor: int | None) -> None:
        try:
            if descriptor is not None:
                frames = frames[self._send_with(stream, frames, descriptor) :]
            stream.sendall(frames)
        except BaseException as failed:
            # Half a frame may have gone: nothing can follow it.
            self._drop(ConnectionLost(f"the connection to {self.path} was lost: {failed}"))
            if isinstance(failed, OSError):
                raise ConnectionLost(f"the kernel at {self.path} has gone: {failed.strerror or failed}") from failed
            raise

    @staticmethod
    def _send_with(stream: Any, frames: bytes, descriptor: int) -> int:
        """The first bytes, and the descriptor with them."""
        from struct import pack

        return int(stream.sendmsg([frames], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, pack("i", descriptor))]))

    @staticmethod
    def _receive_with(stream: Any, session: Session) -> int:
        """Receives bytes, and what descriptors come with them."""
        from struct import unpack_from

        assert session.descriptors is not None
        flags = getattr(_socket, "MSG_CMSG_CLOEXEC", 0)
        count, beside, came, _ = stream.recvmsg_into([session.buffer()], _DESCRIPTOR_SPACE, flags)
        for level, kind, data in beside:
            if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
                session.descriptors.append(list(unpack_from(f"{len(data) // 4}i", data)))
        if came & _socket.MSG_CTRUNC:
            raise ConnectionLost("descriptors were lost: this process may not have more open files")
        return int(count)

    def _receive(self, exchange: Exchange, request: Request, whole: bool) -> None:
        """Receives until the exchange is over or, unless `whole`, has a piece."""
        limit = None if request.takes is None or self.timeout is None else self.timeout + request.takes
        patience = None if limit is None else max(1, int(limit * 1000 + 0.999))
        while not exchange.over and (whole or not exchange.pieces):
            stream, session, come = self._socket, self._session, None
            try:
                if stream is None:
                    raise ConnectionLost("the client was closed")
                # Who sleeps in recv(2) is woken when the kernel takes its request, for nothing, and keeps it from a processor:
                # Linux looks at what a sleeper waits for only with poll(2).
                come = self._poll.poll(patience)
                if request.handles and session.descriptors is None:
                    session.descriptors = []
                if come:
                    self._take(stream, session)
            except AnalemmaError as failed:
                self._drop(failed)
            except OSError as failed:
                self._drop(ConnectionLost(f"the connection to {self.path} was lost: {failed.strerror or failed}"))
            except BaseException:
                # An interrupt may have come between the bytes and their being taken in.
                self._drop(ConnectionLost("the call was interrupted"))
                raise
            if not exchange.over and not come:
                self._give_up(exchange, request)

    def _take(self, stream: Any, session: Session) -> None:
        """Receives what has come."""
        if session.descriptors is None:
            count = stream.recv_into(session.buffer())
        else:
            count = self._receive_with(stream, session)
        if count == 0:
            raise ConnectionLost(f"the kernel at {self.path} closed the connection")
        session.received(count)

    def _give_up(self, exchange: Exchange, request: Request) -> None:
        self._cancel(exchange)
        assert self.timeout is not None and request.takes is not None
        raise CallTimeout(
            f"{self.path}: nothing came for {self.timeout + request.takes:g} s in answer to opcode {request.opcode:#x}"
        )

    def _cancel(self, exchange: Exchange) -> None:
        frame = self._session.cancel(exchange)
        if frame and self._socket is not None:
            try:
                self._socket.sendall(frame)
            except OSError as failed:
                self._drop(ConnectionLost(f"the connection to {self.path} was lost: {failed.strerror or failed}"))


class Stream(Generic[T, G]):
    """An answer that comes in pieces. Iterate it, or `gather()` it; `close()`, or a `with`, takes the call back."""

    def __init__(self, kernel: Kernel, feed: Feed[T, G]) -> None:
        self._kernel = kernel
        self._feed = feed
        self._ready: list[bytes] = []
        self._next = 0
        with kernel._lock:
            self._exchange = kernel._send(feed.request)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        if self._next == len(self._ready):
            self._fetch()
        piece = self._ready[self._next]
        self._next += 1
        return self._feed.piece(piece)

    def _fetch(self) -> None:
        exchange = self._exchange
        with self._kernel._lock:
            self._kernel._receive(exchange, self._feed.request, False)
        self._ready, self._next = exchange.take(), 0
        if self._ready:
            return
        if exchange.error is not None:
            raise exchange.error
        raise StopIteration

    def gather(self) -> G:
        """Takes all that is still to come, and puts it together."""
        pieces = list(self)
        return self._feed.gather(pieces, _calls.parse(self._exchange.answer))

    def close(self) -> None:
        """Takes the call back, if it has not ended."""
        if not self._exchange.over:
            with self._kernel._lock:
                self._kernel._cancel(self._exchange)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        # What nobody will read must not pile up in the session.
        exchange = getattr(self, "_exchange", None)
        if exchange is not None and not exchange.over and self._kernel._lock.acquire(False):
            try:
                self._kernel._cancel(exchange)
            finally:
                self._kernel._lock.release()


class ToolStream:
    """A tool loop as it happens. Iterate it, or `gather()` it; `close()`, or a `with`, ends it early."""

    def __init__(self, kernel: Kernel, feed: _calls.ToolFeed) -> None:
        self._feed = feed
        self._done: Any = None
        self._events = self._run(kernel)

    def _run(self, kernel: Kernel) -> Iterator[Any]:
        loop, feed, reply = self._feed.loop, self._feed, None
        try:
            while True:
                step = loop.send(reply)
                if isinstance(step, _calls.Feed):
                    with Stream(kernel, step) as stream:
                        pieces = []
                        for piece in stream:
                            pieces.append(piece)
                            yield piece
                        reply = step.gather(pieces, _calls.parse(stream._exchange.answer))
                    continue
                if isinstance(step, Request):
                    reply = kernel._ask(step)
                    continue
                yield from filter(feed.shows, step.calls)
                reply = step.run()
                yield from filter(feed.shows, reply)
        except StopIteration as done:
            self._done = done.value
        finally:
            loop.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        return next(self._events)

    def gather(self) -> Any:
        """Takes all that is still to come: the `ToolRun`, or of `think_stream` the last answer."""
        for _ in self._events:
            pass
        if self._done is None:
            raise ValueError("the stream was closed before its end")
        return self._feed.end(self._done)

    def close(self) -> None:
        """Ends it: takes back the call that is in flight, and begins no other."""
        self._events.close()  # type: ignore[attr-defined]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
