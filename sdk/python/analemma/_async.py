"""The asyncio client: any number of calls in flight on one connection."""

from __future__ import annotations

import asyncio

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
from analemma._session import IN_FLIGHT_MAX, Request, Session, close_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Callable, Coroutine
    from typing import Any

    from typing_extensions import ParamSpec, Self

    from analemma._calls import Call, Feed
    from analemma._conversation import AsyncConversation
    from analemma._mailbox import AsyncMailbox
    from analemma._session import Exchange

    P = ParamSpec("P")

_TIMEOUT_DEFAULT = 60.0

# Pieces that nobody has taken yet: from the first mark on the connection is not read, until it is under the second.
_QUEUED_BYTES_HIGH = 4 * 1024 * 1024
_QUEUED_BYTES_LOW = 1024 * 1024


def _method(call: Callable[P, Call[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    def method(self: AsyncKernel, *args: Any, **kwargs: Any) -> Any:
        return self._drive(call(self, *args, **kwargs))  # type: ignore[arg-type]

    return _named_after(method, call)  # type: ignore[no-any-return]


def _feed(call: Callable[P, Feed[T, G]]) -> Callable[P, AsyncStream[T, G]]:
    def method(self: AsyncKernel, *args: Any, **kwargs: Any) -> Any:
        feed = call(self, *args, **kwargs)  # type: ignore[arg-type]
        return AsyncStream(self, feed) if isinstance(feed, _calls.Feed) else AsyncToolStream(self, feed)

    return _named_after(method, call)  # type: ignore[no-any-return]


def _named_after(method: Any, call: Any) -> Any:
    method.__name__ = call.__name__.rstrip("_")
    method.__qualname__ = f"AsyncKernel.{method.__name__}"
    method.__doc__ = call.__doc__
    method.__wrapped__ = call
    return method


class AsyncKernel:
    """A connection to the kernel, made at the first call and again after it was lost. Calls do not wait for each other.

    A call whose task is cancelled is cancelled in the kernel too. `timeout` and `draining` are as in `Kernel`.

        async with AsyncKernel() as kernel:
            agents = await asyncio.gather(*(kernel.spawn("agent.py") for _ in range(8)))
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, timeout: float | None = _TIMEOUT_DEFAULT) -> None:
        self.path = default_socket() if path is None else str(path)
        self.timeout = timeout
        self._takes_handles = False
        self.draining = False
        self._link: _Link | None = None
        self._posts_lost = False
        self._connecting: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None

    hello = _method(_calls.hello)
    noop = _method(_calls.noop)
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

    def conversation(self, id: int | None = None, **options: Any) -> AsyncConversation:
        """Opens a conversation that the kernel keeps, or goes on with the one of that `id`.

        `system`, `model`, `temperature`, `max_tokens`, `thinking_level` and `tools` hold for all that is said in it;
        `messages` were said before; `name` is for people. `compaction`, as {"at_tokens", "keep_messages",
        "summary_tokens"}, has the kernel shorten it by itself when a call would read so many tokens.
        """
        from analemma._conversation import AsyncConversation

        return AsyncConversation(self, id, **options)

    def mailbox(self, name: str | None = None, *, batch: int = 1, **options: Any) -> AsyncMailbox:
        """A mailbox to take messages from: the caller's inbox, or one by name.

        `topic`, `durable`, `receiver`, `max_messages`, `max_bytes`, `visibility` and `max_deliveries` are as in `register`,
        which is called when the first message is taken. `batch` messages at most are taken at once.
        """
        from analemma._mailbox import AsyncMailbox

        return AsyncMailbox(self, name, batch, options)

    async def connect(self) -> Self:
        """Connects now, rather than at the first call."""
        await self._linked()
        return self

    async def close(self) -> None:
        """Ends the connection. What is still in flight on it ends with ConnectionLost."""
        link, self._link = self._link, None
        if link is not None:
            link.drop(ConnectionLost("the client was closed"))
            await link.closed

    async def __aenter__(self) -> Self:
        return await self.connect()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncKernel({self.path!r}, {'connected' if self._link is not None else 'not connected'})"

    async def _linked(self) -> _Link:
        loop = asyncio.get_running_loop()
        if (link := self._link) is not None and link.loop is loop and not link.closed.done():
            return link
        if self._connecting is None or self._connecting[0] is not loop:
            # One that was made in a loop that has ended, and its connection, are of no use in this.
            self._connecting = (loop, asyncio.Lock())
        async with self._connecting[1]:
            if (link := self._link) is not None and link.loop is loop and not link.closed.done():
                return link
            try:
                _, link = await loop.create_unix_connection(lambda: _Link(loop, self.path), self.path)
            except OSError as failed:
                raise ConnectionFailed(
                    f"no kernel answers at {self.path}: {failed.strerror or failed}; "
                    "start one with `analemma kernel start`, or name its socket in $ANALEMMA_SOCKET"
                ) from failed
            self._posts_lost |= self._link is not None and self._link.session.posted > 0
            self._link = link
            return link

    def _limit(self, request: Request) -> float | None:
        return None if request.takes is None or self.timeout is None else self.timeout + request.takes

    async def _drive(self, call: Call[T]) -> T:
        reply: Any = None
        try:
            while True:
                step = call.send(reply)
                reply = await (self._ask(step) if isinstance(step, Request) else step.run_async())
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]

    async def _ask_beside(self, request: Request) -> _calls.Reply:
        """A call with descriptors, which asyncio's transports do not carry: on a connection and a thread of its own."""
        from analemma._sync import Kernel

        kernel = Kernel(self.path, timeout=self.timeout)
        asking = asyncio.get_running_loop().run_in_executor(None, kernel._ask, request)
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            asking.add_done_callback(_forget)
            kernel._abandon()
            raise
        finally:
            if asking.done():
                kernel.close()

    async def _post(self, request: Request) -> Any:
        """Of a message, how many were posted since somebody waited; of a NOOP, why some of them were refused."""
        if request.opcode != _calls.NOOP:
            link = await self._linked()
            await link.room()
            return link.post(request)
        link, lost, self._posts_lost = self._link, self._posts_lost, False
        refused: Any = ()
        if link is not None and (posted := link.session.posted):
            try:
                if not link.closed.done() and not lost:
                    await self._ask(Request(request.opcode, b"", True, request.takes))
            finally:
                lost = lost or link.closed.done()
                refused = link.session.take_refused(posted)
        if lost:
            raise ConnectionLost(f"the connection to {self.path} was lost: what was posted may be, too")
        return refused

    async def _ask(self, request: Request) -> _calls.Reply:
        if request.posted:
            return await self._post(request)  # type: ignore[no-any-return]
        if request.handles or request.descriptor is not None:
            return await self._ask_beside(request)
        link = await self._linked()
        await link.room()
        ended = link.loop.create_future()
        exchange: Exchange

        def wake() -> None:
            if exchange.over and not ended.done():
                ended.set_result(None)

        link.plain += 1
        try:
            exchange = link.send(request, wake)
        except BaseException:
            link.plain -= 1
            raise
        limit = self._limit(request)
        timer = None if limit is None else link.loop.call_later(limit, _expire, ended)
        try:
            if not exchange.over:
                await ended
        finally:
            link.plain -= 1
            if timer is not None:
                timer.cancel()
            if not exchange.over:
                link.cancel(exchange)
        if exchange.error is not None:
            raise exchange.error
        return _calls.Reply(exchange.pieces and exchange.take(), exchange.answer)


def _expire(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_exception(CallTimeout("the kernel did not answer within the client's timeout"))


def _forget(asking: asyncio.Future[_calls.Reply]) -> None:
    """Nobody wants the answer any more, nor what came with it."""
    if not asking.cancelled() and asking.exception() is None:
        close_all(list(asking.result().descriptors))


def _fail(waiting: asyncio.Future[None] | None, error: AnalemmaError) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_exception(error)
        # Whoever waits for it raises it; if nobody does, it is no news.
        waiting.exception()


class AsyncStream(Generic[T, G]):
    """An answer that comes in pieces. Iterate it with `async for`, or `gather()` it; `close()`, or an `async with`,
    takes the call back. The call goes out with the first of these."""

    def __init__(self, kernel: AsyncKernel, feed: Feed[T, G]) -> None:
        self._kernel = kernel
        self._feed = feed
        self._link: _Link | None = None
        self._exchange: Exchange | None = None
        self._ready: list[bytes] = []
        self._next = 0
        self._come: asyncio.Future[None] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        if self._next == len(self._ready):
            await self._fetch()
        piece = self._ready[self._next]
        self._next += 1
        return self._feed.piece(piece)

    async def start(self) -> Self:
        """Sends the call now, so that nothing is missed from here on."""
        if self._exchange is None:
            link = self._link = await self._kernel._linked()
            await link.room()
            self._exchange = link.send(self._feed.request, self._wake)
        return self

    async def _fetch(self) -> None:
        await self.start()
        exchange, link = self._exchange, self._link
        assert exchange is not None and link is not None
        if not exchange.pieces and not exchange.over:
            self._come = link.loop.create_future()
            limit = self._kernel._limit(self._feed.request)
            timer = None if limit is None else link.loop.call_later(limit, _expire, self._come)
            try:
                await self._come
            except CallTimeout:
                link.cancel(exchange)
                raise
            finally:
                if timer is not None:
                    timer.cancel()
        self._ready, self._next = exchange.take(), 0
        link.taken()
        if self._ready:
            return
        if exchange.error is not None:
            raise exchange.error
        raise StopAsyncIteration

    def _wake(self) -> None:
        if self._come is not None and not self._come.done():
            self._come.set_result(None)

    async def gather(self) -> G:
        """Takes all that is still to come, and puts it together."""
        pieces = [piece async for piece in self]
        assert self._exchange is not None
        return self._feed.gather(pieces, _calls.parse(self._exchange.answer))

    async def close(self) -> None:
        """Takes the call back, if it has not ended."""
        self._give_up()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        self._give_up()

    def _give_up(self) -> None:
        if self._exchange is not None and self._link is not None and not self._exchange.over:
            self._link.cancel(self._exchange)

    def __del__(self) -> None:
        # What nobody will read must not pile up in the session.
        if getattr(self, "_link", None) is not None and not self._link.loop.is_closed():  # type: ignore[union-attr]
            self._give_up()


class AsyncToolStream:
    """A tool loop as it happens. Iterate it with `async for`, or `gather()` it; `close()`, or an `async with`, ends it
    early."""

    def __init__(self, kernel: AsyncKernel, feed: _calls.ToolFeed) -> None:
        self._feed = feed
        self._done: Any = None
        self._events = self._run(kernel)

    async def _run(self, kernel: AsyncKernel) -> AsyncIterator[Any]:
        loop, feed, reply = self._feed.loop, self._feed, None
        try:
            while True:
                try:
                    step = loop.send(reply)
                except StopIteration as done:
                    self._done = done.value
                    return
                if isinstance(step, _calls.Feed):
                    async with AsyncStream(kernel, step) as stream:
                        pieces = []
                        async for piece in stream:
                            pieces.append(piece)
                            yield piece
                        assert stream._exchange is not None
                        reply = step.gather(pieces, _calls.parse(stream._exchange.answer))
                    continue
                if isinstance(step, Request):
                    reply = await kernel._ask(step)
                    continue
                for call in filter(feed.shows, step.calls):
                    yield call
                reply = await step.run_async()
                for result in filter(feed.shows, reply):
                    yield result
        finally:
            loop.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        return await self._events.__anext__()

    async def gather(self) -> Any:
        """Takes all that is still to come: the `ToolRun`, or of `think_stream` the last answer."""
        async for _ in self._events:
            pass
        if self._done is None:
            raise ValueError("the stream was closed before its end")
        return self._feed.end(self._done)

    async def close(self) -> None:
        """Ends it: takes back the call that is in flight, and begins no other."""
        await self._events.aclose()  # type: ignore[attr-defined]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class _Link(asyncio.BufferedProtocol):
    """One connection: carries bytes between a transport and a session."""

    def __init__(self, loop: asyncio.AbstractEventLoop, path: str) -> None:
        self.loop = loop
        self.path = path
        self.closed: asyncio.Future[None] = loop.create_future()
        # Calls that wait for a whole answer. While there are any, unread streams do not stop the reading: the answer
        # may lie behind them.
        self.plain = 0
        self.session = Session()
        self._transport: asyncio.Transport | None = None
        self._reading = True
        self._writable: asyncio.Future[None] | None = None
        self._freed: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def get_buffer(self, sizehint: int) -> Any:
        return self.session.buffer()

    def buffer_updated(self, nbytes: int) -> None:
        try:
            self.session.received(nbytes)
        except AnalemmaError as failed:
            self.drop(failed)
            return
        if self._freed is not None and len(self.session.in_flight) < IN_FLIGHT_MAX:
            freed, self._freed = self._freed, None
            if not freed.done():
                freed.set_result(None)
        if self._reading and self.session.queued > _QUEUED_BYTES_HIGH and self.plain == 0:
            self._reading = False
            assert self._transport is not None
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(ConnectionLost(f"the kernel at {self.path} closed the connection" + (f": {exc}" if exc else "")))
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        self._writable = self.loop.create_future()

    def resume_writing(self) -> None:
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    def drop(self, error: AnalemmaError) -> None:
        """Ends the connection, and all that is in flight on it, for this reason."""
        self._end(error)
        if self._transport is not None:
            self._transport.abort()

    def _end(self, error: AnalemmaError) -> None:
        self.session.lose(error)
        _fail(self._writable, error)
        _fail(self._freed, error)

    async def room(self) -> None:
        """Waits until another request may be sent."""
        while self._writable is not None or len(self.session.in_flight) >= IN_FLIGHT_MAX:
            if self._writable is not None:
                await asyncio.shield(self._writable)
                continue
            if self._freed is None:
                self._freed = self.loop.create_future()
            await asyncio.shield(self._freed)

    def send(self, request: Request, wake: Callable[[], None]) -> Exchange:
        if self._transport is None or self._transport.is_closing():
            raise ConnectionLost(f"the kernel at {self.path} closed the connection")
        exchange, frames = self.session.begin(request, wake)
        self._transport.write(frames)
        if self.plain:
            self._resume()
        return exchange

    def post(self, request: Request) -> int:
        if self._transport is None or self._transport.is_closing():
            raise ConnectionLost(f"the kernel at {self.path} closed the connection")
        self._transport.write(self.session.post(request))
        return self.session.posted

    def cancel(self, exchange: Exchange) -> None:
        frame = self.session.cancel(exchange)
        if frame and self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame)
        self.taken()

    def taken(self) -> None:
        """Some pieces were taken: goes on reading if it had stopped for them."""
        if self.session.queued < _QUEUED_BYTES_LOW:
            self._resume()

    def _resume(self) -> None:
        if not self._reading and self._transport is not None and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()
