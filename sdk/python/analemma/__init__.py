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
from analemma._errors import (
    AnalemmaError,
    BudgetExhausted,
    CallTimeout,
    Cancelled,
    ConnectionFailed,
    ConnectionLost,
    InternalError,
    InvalidArgument,
    IoFailed,
    LimitExceeded,
    MalformedFrame,
    ModelFailed,
    NameTaken,
    NoSuchFile,
    NoSuchModel,
    NoSuchProcess,
    NotConfigured,
    NotEnforceable,
    PermissionDenied,
    ProtocolError,
    RunawayStopped,
    ShuttingDown,
    StartFailed,
    SyscallError,
    TimedOut,
    TooLarge,
    TryAgain,
    UnknownSyscall,
    WrongState,
)
from analemma._paths import default_socket
from analemma._records import (
    Answer,
    Event,
    ExecResult,
    Exit,
    File,
    Files,
    Guarantee,
    Identity,
    Killed,
    Limits,
    LogText,
    ModelProvider,
    ModelUsage,
    ModelUse,
    Models,
    Output,
    Paused,
    Process,
    ProviderLoad,
    Spawned,
    Status,
    ToolCall,
)
from analemma._sync import Kernel, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from analemma._async import AsyncKernel, AsyncStream

__all__ = [
    "AnalemmaError",
    "Answer",
    "AsyncKernel",
    "AsyncStream",
    "BudgetExhausted",
    "CallTimeout",
    "Cancelled",
    "ConnectionFailed",
    "ConnectionLost",
    "Event",
    "ExecResult",
    "Exit",
    "File",
    "Files",
    "Guarantee",
    "Identity",
    "InternalError",
    "InvalidArgument",
    "IoFailed",
    "Kernel",
    "Killed",
    "LimitExceeded",
    "Limits",
    "LogText",
    "MalformedFrame",
    "ModelFailed",
    "ModelProvider",
    "ModelUsage",
    "ModelUse",
    "Models",
    "NameTaken",
    "NoSuchFile",
    "NoSuchModel",
    "NoSuchProcess",
    "NotConfigured",
    "NotEnforceable",
    "Output",
    "Paused",
    "PermissionDenied",
    "Process",
    "ProtocolError",
    "ProviderLoad",
    "RunawayStopped",
    "ShuttingDown",
    "Spawned",
    "StartFailed",
    "Status",
    "Stream",
    "SyscallError",
    "TimedOut",
    "TooLarge",
    "ToolCall",
    "TryAgain",
    "UnknownSyscall",
    "WrongState",
    "__version__",
    "default_socket",
]


def __getattr__(name: str) -> Any:
    # asyncio takes a tenth of a second to import: only who asks for it pays.
    if name in ("AsyncKernel", "AsyncStream"):
        from analemma import _async

        globals()["AsyncKernel"] = _async.AsyncKernel
        globals()["AsyncStream"] = _async.AsyncStream
        return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
