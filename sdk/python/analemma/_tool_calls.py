"""Calls of tools of the kernel. Made methods of both clients as those of `_calls`."""

from __future__ import annotations

from analemma._calls import Feed, _ms, _request, parse
from analemma._records import KernelTools, ToolProgress, ToolReply, ToolServer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from analemma._calls import Call
    from analemma._session import Request

LIST_TOOLS, CALL_TOOL, TOOL_SERVERS, RESTART_TOOLS = 0x120, 0x121, 0x122, 0x123


# How long a tool may take, its server's start included, when neither caller nor configuration says more.
_TOOL_SECONDS = 600.0


def list_tools(client: object, server: str | None = None) -> Call[KernelTools]:
    """The tools of the kernel that the caller may call, of all servers or of one; starts their servers."""
    reply = yield _request(LIST_TOOLS, _TOOL_SECONDS, server=server)
    return KernelTools(reply.json())


def call_tool(
    client: object, name: str, arguments: Mapping[str, Any] | None = None, *, timeout: float | None = None
) -> Call[ToolReply]:
    """Calls a tool of the kernel, "server/tool", and waits for its result.

    A result may say itself that it is an error (`is_error`). Raises PermissionDenied, NoSuchTool, InvalidArgument (the
    arguments are not what its schema wants), ToolFailed (its server), TooLarge (its result), TimedOut, TryAgain.
    """
    reply = yield _call_tool(name, arguments, timeout, None)
    return ToolReply(reply.json())


def call_tool_stream(
    client: object, name: str, arguments: Mapping[str, Any] | None = None, *, timeout: float | None = None
) -> Feed[ToolProgress, ToolReply]:
    """The same, with what the tool says of its progress as it says it. `gather()` waits for the `ToolReply`."""
    request = _call_tool(name, arguments, timeout, True)
    return Feed(request, lambda piece: ToolProgress(parse(piece)), lambda pieces, fields: ToolReply(fields))


def _call_tool(
    name: str, arguments: Mapping[str, Any] | None, timeout: float | None, progress: bool | None
) -> Request:
    return _request(
        CALL_TOOL,
        _TOOL_SECONDS if timeout is None else timeout,
        name=name,
        arguments=None if arguments is None else {**arguments},
        timeout_ms=_ms(timeout),
        progress=progress,
    )


def tool_servers(client: object) -> Call[list[ToolServer]]:
    """The servers of tools, and how they are."""
    reply = yield _request(TOOL_SERVERS)
    return [ToolServer(fields) for fields in reply.json()["servers"]]


def restart_tools(client: object, server: str) -> Call[ToolServer]:
    """Starts a server of tools anew; returns when it is up. For clients on the host."""
    reply = yield _request(RESTART_TOOLS, _TOOL_SECONDS, server=server)
    return ToolServer(reply.json())
