"""A mailbox to iterate over.

    for message in kernel.mailbox():                        # the agent's inbox, until it is to end
        kernel.reply(message, message.body)

    for message in kernel.mailbox("jobs", durable=True):    # made if it is not there
        work(message.body)
        kernel.ack(message)

`AsyncMailbox` is the same with `async for`.
"""

from __future__ import annotations

from analemma import _mail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from typing import Any

    from analemma._async import AsyncKernel
    from analemma._mail import MailboxInfo, Message
    from analemma._sync import Kernel


class _Box:
    def __init__(self, kernel: Any, name: str | None, batch: int, options: dict[str, Any]) -> None:
        self._kernel = kernel
        self.name = name
        self._batch = batch
        self._options = options
        self._is_there = name is None and not options

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class Mailbox(_Box):
    """The inbox of the caller, or a mailbox by name. Iterating takes its messages, waiting for each, until the agent is to end."""

    _kernel: Kernel

    def open(self) -> MailboxInfo | None:
        """Registers it now, rather than when the first message is taken."""
        if self._is_there:
            return None
        info = self._kernel._drive(_mail.register(self._kernel, self.name, **self._options))
        self._is_there = True
        return info

    def recv(self, *, max: int | None = None, timeout: float | None = None, **choice: Any) -> list[Message]:
        """As `Kernel.recv`, from this mailbox."""
        self.open()
        return self._kernel._drive(_mail.recv(self._kernel, self.name, max=max, timeout=timeout, **choice))

    def __iter__(self) -> Iterator[Message]:
        while not self._kernel.draining:
            yield from self.recv(max=self._batch)


class AsyncMailbox(_Box):
    """The inbox of the caller, or a mailbox by name. Iterating takes its messages, waiting for each, until the agent is to end."""

    _kernel: AsyncKernel

    async def open(self) -> MailboxInfo | None:
        """Registers it now, rather than when the first message is taken."""
        if self._is_there:
            return None
        info = await self._kernel._drive(_mail.register(self._kernel, self.name, **self._options))
        self._is_there = True
        return info

    async def recv(self, *, max: int | None = None, timeout: float | None = None, **choice: Any) -> list[Message]:
        """As `AsyncKernel.recv`, from this mailbox."""
        await self.open()
        return await self._kernel._drive(_mail.recv(self._kernel, self.name, max=max, timeout=timeout, **choice))

    async def __aiter__(self) -> AsyncIterator[Message]:
        while not self._kernel.draining:
            for message in await self.recv(max=self._batch):
                yield message
