"""Conversations that the kernel keeps: what was said stays there, and only what is new is sent.

    with kernel.conversation(system="Be brief.") as talk:
        print(talk.say("Name a city."))
        other = talk.fork()
        print(other.say("Another one."), talk.tokens())

`AsyncConversation` is the same with `await`; `async with kernel.conversation(…) as talk` opens and closes it.
"""

from __future__ import annotations

from analemma import _model_calls
from analemma._errors import AnalemmaError
from analemma._records import Answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from typing import Any

    from typing_extensions import Self, Unpack

    from analemma._async import AsyncKernel, AsyncStream
    from analemma._calls import Call
    from analemma._model_calls import AnyTool, ThinkOptions
    from analemma._records import Compaction, ConversationInfo, TokenCount
    from analemma._sync import Kernel, Stream


def _say(
    client: object,
    conversation: int,
    prompt: str | None,
    tools: Sequence[AnyTool] | None,
    max_steps: int | None,
    parallel: bool | int,
    options: Mapping[str, Any],
) -> Call[Answer]:
    """One answer; with functions among the tools a tool loop, of which only what is new is said each time."""
    if tools is None or not any(callable(each) or isinstance(each, str) for each in tools):
        reply = yield _model_calls._think(prompt, tools=tools, conversation=conversation, **options)
        return Answer(reply.json())
    from analemma import _loop

    kit = _loop.Kit(tools, client)
    messages = options.get("messages")
    first = [] if messages is None else [*messages]
    if prompt is not None:
        images = options.get("images")
        first.append({"role": "user", "content": prompt, **({"images": [*images]} if images else {})})
    rest = {name: value for name, value in options.items() if name not in ("messages", "images")}
    told = 0

    def ask(said: list[Any]) -> Generator[Any, Any, Answer]:
        nonlocal told
        # What the model answered is in the conversation already.
        new = [each for each in said[told:] if not isinstance(each, Answer)]
        told = len(said)
        reply = yield _model_calls._think(
            None, messages=new or None, tools=kit.definitions, conversation=conversation, **rest
        )
        return Answer(reply.json())

    run = yield from _loop.loop(ask, kit, first, max_steps, parallel)
    return run.answer


class _Handle:
    """What both kinds have."""

    def __init__(self, id: int | None, options: Mapping[str, Any]) -> None:
        self._id = id
        self._options = options

    @property
    def id(self) -> int:
        """As the kernel numbered it: `kernel.conversation(id=…)` goes on with it, elsewhere or later."""
        if self._id is None:
            raise AnalemmaError("the conversation is not open yet: enter it, or await open()")
        return self._id

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._id})"


class Conversation(_Handle):
    """A conversation that the kernel keeps. As a context manager it is closed, and gone, at the end."""

    def __init__(self, kernel: Kernel, id: int | None = None, **options: Any) -> None:
        super().__init__(id, options)
        self._kernel = kernel
        if id is None:
            self._id = self._drive(_model_calls.conversation_open(kernel, **options)).conversation

    def say(
        self,
        prompt: str | None = None,
        *,
        tools: Sequence[AnyTool] | None = None,
        max_steps: int | None = None,
        parallel: bool | int = False,
        **options: Unpack[ThinkOptions],
    ) -> Answer:
        """Says something and waits for the answer: both are part of the conversation then, or neither.

        Takes what `think` takes; what is left out is as the conversation was opened. Without a prompt the model goes on
        from what was said.
        """
        return self._drive(_say(self._kernel, self.id, prompt, tools, max_steps, parallel, options))

    def stream(self, prompt: str | None = None, **options: Unpack[ThinkOptions]) -> Stream[str, Answer]:
        """Says something; the answer's text as it comes. Left before its end it is not part of the conversation."""
        from analemma._sync import Stream

        return Stream(self._kernel, _model_calls._think_feed(prompt, conversation=self.id, **options))

    def append(self, *messages: Mapping[str, Any] | Answer) -> ConversationInfo:
        """Adds messages without asking a model."""
        return self._drive(_model_calls.conversation_append(self._kernel, self.id, messages))

    def fork(self, keep: int | None = None, name: str | None = None) -> Conversation:
        """Another conversation that begins like this one, or like its first `keep` messages."""
        fork = self._drive(_model_calls.conversation_fork(self._kernel, self.id, keep=keep, name=name))
        return Conversation(self._kernel, fork.conversation)

    def truncate(self, keep: int) -> ConversationInfo:
        """Forgets all but the first messages."""
        return self._drive(_model_calls.conversation_truncate(self._kernel, self.id, keep))

    def compact(self, keep: int | None = None, *, summary_tokens: int | None = None) -> Compaction:
        """Has a model summarise all but the latest `keep` messages (8), which are gone then; fork first to keep them."""
        return self._drive(
            _model_calls.conversation_compact(self._kernel, self.id, keep=keep, summary_tokens=summary_tokens)
        )

    def tokens(self, prompt: str | None = None) -> TokenCount:
        """How many tokens a call would read: `exact` where the provider counts them, else estimated."""
        return self._drive(_model_calls.conversation_tokens(self._kernel, self.id, prompt))

    def messages(self) -> list[dict[str, Any]]:
        """All that was said."""
        return self._drive(_model_calls.conversation_messages(self._kernel, self.id))

    def close(self) -> None:
        """Ends it: nothing of it is kept, but what forks share."""
        self._drive(_model_calls.conversation_close(self._kernel, self.id))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            self.close()
        except AnalemmaError:
            # What ended the block is what the caller wants to know.
            if error is None:
                raise

    def _drive(self, call: Any) -> Any:
        return self._kernel._drive(call)


class AsyncConversation(_Handle):
    """A conversation that the kernel keeps. `async with` opens it, and closes it at the end, when it is gone."""

    def __init__(self, kernel: AsyncKernel, id: int | None = None, **options: Any) -> None:
        super().__init__(id, options)
        self._kernel = kernel

    async def open(self) -> Self:
        """Opens it, if it is not open."""
        if self._id is None:
            opened = await self._drive(_model_calls.conversation_open(self._kernel, **self._options))
            self._id = opened.conversation
        return self

    async def say(
        self,
        prompt: str | None = None,
        *,
        tools: Sequence[AnyTool] | None = None,
        max_steps: int | None = None,
        parallel: bool | int = False,
        **options: Unpack[ThinkOptions],
    ) -> Answer:
        """Says something and waits for the answer: both are part of the conversation then, or neither."""
        return await self._drive(_say(self._kernel, self.id, prompt, tools, max_steps, parallel, options))

    def stream(self, prompt: str | None = None, **options: Unpack[ThinkOptions]) -> AsyncStream[str, Answer]:
        """Says something; the answer's text as it comes. Left before its end it is not part of the conversation."""
        from analemma._async import AsyncStream

        return AsyncStream(self._kernel, _model_calls._think_feed(prompt, conversation=self.id, **options))

    async def append(self, *messages: Mapping[str, Any] | Answer) -> ConversationInfo:
        """Adds messages without asking a model."""
        return await self._drive(_model_calls.conversation_append(self._kernel, self.id, messages))

    async def fork(self, keep: int | None = None, name: str | None = None) -> AsyncConversation:
        """Another conversation that begins like this one, or like its first `keep` messages."""
        fork = await self._drive(_model_calls.conversation_fork(self._kernel, self.id, keep=keep, name=name))
        return AsyncConversation(self._kernel, fork.conversation)

    async def truncate(self, keep: int) -> ConversationInfo:
        """Forgets all but the first messages."""
        return await self._drive(_model_calls.conversation_truncate(self._kernel, self.id, keep))

    async def compact(self, keep: int | None = None, *, summary_tokens: int | None = None) -> Compaction:
        """Has a model summarise all but the latest `keep` messages (8), which are gone then; fork first to keep them."""
        return await self._drive(
            _model_calls.conversation_compact(self._kernel, self.id, keep=keep, summary_tokens=summary_tokens)
        )

    async def tokens(self, prompt: str | None = None) -> TokenCount:
        """How many tokens a call would read: `exact` where the provider counts them, else estimated."""
        return await self._drive(_model_calls.conversation_tokens(self._kernel, self.id, prompt))

    async def messages(self) -> list[dict[str, Any]]:
        """All that was said."""
        return await self._drive(_model_calls.conversation_messages(self._kernel, self.id))

    async def close(self) -> None:
        """Ends it: nothing of it is kept, but what forks share."""
        await self._drive(_model_calls.conversation_close(self._kernel, self.id))

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            await self.close()
        except AnalemmaError:
            if error is None:
                raise

    async def _drive(self, call: Any) -> Any:
        return await self._kernel._drive(call)
