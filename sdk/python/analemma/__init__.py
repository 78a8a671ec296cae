"""Client of the Analemma kernel: pure standard library, blocking and asyncio.

    from analemma import Kernel

    with Kernel() as kernel:
        agent = kernel.spawn("agent.py", name="worker", limits={"memory": 64 << 20})
        for piece in kernel.logs(agent, follow=True):
            print(piece.text, end="")
        print(kernel.wait(agent).exit)

Inside a sandbox the same program text speaks for the agent that it is: it sees itself and what it has spawned.
`AsyncKernel` is the same with `await`. What can go wrong is drawn in `analemma._errors`.
"""

from __future__ import annotations

from analemma._calls import VERSION as __version__
from analemma._embeddings import Embeddings
from analemma._errors import (
    AnalemmaError,
    AnswerInvalid,
    BudgetExhausted,
    CallTimeout,
    Cancelled,
    ConnectionFailed,
    ConnectionLost,
    HandleInvalid,
    HttpFailed,
    InternalError,
    InvalidArgument,
    IoFailed,
    LimitExceeded,
    MalformedFrame,
    ModelFailed,
    NameTaken,
    NoSuchConversation,
    NoSuchFile,
    NoSuchFleet,
    NoSuchMailbox,
    NoSuchMessage,
    NoSuchModel,
    NoSuchPipe,
    NoSuchProcess,
    NoSuchSecret,
    NoSuchTool,
    NotConfigured,
    NotEnforceable,
    PermissionDenied,
    PipeClosed,
    ProtocolError,
    RunawayStopped,
    SecretsUnusable,
    ShuttingDown,
    StartFailed,
    StepLimitReached,
    SyscallError,
    TimedOut,
    TooLarge,
    ToolFailed,
    TryAgain,
    UnknownSyscall,
    VersionConflict,
    WorkflowRefused,
    WrongState,
)
from analemma._handles import SealedMemory
from analemma._mail import Acknowledged, Broadcasted, DeadLetter, MailboxInfo, Message, Sent
from analemma._event_calls import Emitted, PolledEvents, Subscription
from analemma._paths import default_socket
from analemma._pipe_calls import Pipe
from analemma._records import (
    Answer,
    AuditRecord,
    BudgetUse,
    Compaction,
    ConversationInfo,
    Endpoint,
    Event,
    ExecResult,
    Exit,
    Fetched,
    File,
    Files,
    Guarantee,
    HttpAnswer,
    Identity,
    KernelTool,
    KernelTools,
    Killed,
    Limits,
    LogText,
    MachineUse,
    MetricFamily,
    Metrics,
    MetricSeries,
    ModelProvider,
    Models,
    ModelUsage,
    ModelUse,
    Output,
    Paused,
    Perms,
    Process,
    ProviderLoad,
    Secret,
    Spawned,
    Status,
    StoredKey,
    SupervisionNote,
    TokenCount,
    ToolCall,
    ToolPart,
    ToolProgress,
    ToolReply,
    ToolServer,
    UnavailableTools,
    Unit,
)
from analemma._sync import Kernel, Stream
from analemma._workflows import WorkflowEndpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from analemma._async import AsyncKernel, AsyncStream
    from analemma._loop import ToolRun
    from analemma._tools import Tool, ToolArgumentError, ToolError, ToolResult, tool

__all__ = [
    "Acknowledged",
    "AnalemmaError",
    "Answer",
    "AnswerInvalid",
    "AsyncConversation",
    "AsyncKernel",
    "AsyncMailbox",
    "AsyncStream",
    "AuditRecord",
    "Broadcasted",
    "BudgetExhausted",
    "BudgetUse",
    "CallTimeout",
    "Cancelled",
    "Compaction",
    "ConnectionFailed",
    "ConnectionLost",
    "Conversation",
    "ConversationInfo",
    "DeadLetter",
    "Embeddings",
    "Emitted",
    "Endpoint",
    "Event",
    "ExecResult",
    "Exit",
    "Fetched",
    "File",
    "Files",
    "Guarantee",
    "HandleInvalid",
    "HttpAnswer",
    "HttpFailed",
    "Identity",
    "InternalError",
    "InvalidArgument",
    "IoFailed",
    "Kernel",
    "KernelTool",
    "KernelTools",
    "Killed",
    "LimitExceeded",
    "Limits",
    "LogText",
    "MachineUse",
    "Mailbox",
    "MailboxInfo",
    "MalformedFrame",
    "Message",
    "MetricFamily",
    "MetricSeries",
    "Metrics",
    "ModelFailed",
    "ModelProvider",
    "ModelUsage",
    "ModelUse",
    "Models",
    "NameTaken",
    "NoSuchConversation",
    "NoSuchFile",
    "NoSuchFleet",
    "NoSuchMailbox",
    "NoSuchMessage",
    "NoSuchModel",
    "NoSuchPipe",
    "NoSuchProcess",
    "NoSuchSecret",
    "NoSuchTool",
    "NotConfigured",
    "NotEnforceable",
    "Output",
    "Paused",
    "PermissionDenied",
    "Perms",
    "Pipe",
    "PipeClosed",
    "PolledEvents",
    "Process",
    "ProtocolError",
    "ProviderLoad",
    "RunawayStopped",
    "SealedMemory",
    "Secret",
    "SecretsUnusable",
    "Sent",
    "ShuttingDown",
    "Spawned",
    "StartFailed",
    "Status",
    "StepLimitReached",
    "StoredKey",
    "Stream",
    "Subscription",
    "SupervisionNote",
    "SyscallError",
    "TimedOut",
    "TokenCount",
    "TooLarge",
    "Tool",
    "ToolArgumentError",
    "ToolCall",
    "ToolError",
    "ToolFailed",
    "ToolPart",
    "ToolProgress",
    "ToolReply",
    "ToolResult",
    "ToolRun",
    "ToolServer",
    "TryAgain",
    "UnavailableTools",
    "Unit",
    "UnknownSyscall",
    "VersionConflict",
    "WorkflowEndpoint",
    "WorkflowRefused",
    "WrongState",
    "__version__",
    "default_socket",
    "tool",
]


# What takes long to import, such as asyncio and typing, and where it is: only who asks for it pays.
_LATER = {
    "AsyncConversation": "_conversation",
    "AsyncKernel": "_async",
    "AsyncStream": "_async",
    "AsyncMailbox": "_mailbox",
    "Conversation": "_conversation",
    "Mailbox": "_mailbox",
    "Tool": "_tools",
    "ToolArgumentError": "_tools",
    "ToolError": "_tools",
    "ToolResult": "_tools",
    "ToolRun": "_loop",
    "tool": "_tools",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        from importlib import import_module

        globals()[name] = value = getattr(import_module(f"analemma.{_LATER[name]}"), name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
