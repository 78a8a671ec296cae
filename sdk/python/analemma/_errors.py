"""What can go wrong, as a tree.

    AnalemmaError
    ├── ConnectionFailed         no kernel answers at the path            (also a ConnectionError)
    ├── ConnectionLost           the kernel went away in the middle       (also a ConnectionError)
    ├── ProtocolError            the peer sent what the framing does not allow; the connection is over
    ├── CallTimeout              the client's own patience ran out        (also a TimeoutError)
    ├── StepLimitReached         a tool loop that would have gone on; it has all that was said
    └── SyscallError             the kernel refused: code, message, hint
        ├── InvalidArgument      a field is wrong; the message names it   (also a ValueError)
        ├── UnknownSyscall       this kernel does not have the syscall
        ├── MalformedFrame       the kernel could not follow our frames
        ├── TooLarge             a frame or a body is over its limit
        ├── PermissionDenied     the caller may not do this               (also a PermissionError)
        ├── NoSuchProcess        no process of that id or name            (also a LookupError)
        ├── NameTaken            a living process has the name
        ├── WrongState           such as pausing what is paused already
        ├── TryAgain             a queue is full now; a later try may do
        ├── LimitExceeded        a budget or limit is used up
        ├── StartFailed          the program could not be started
        ├── NotEnforceable       a required guarantee cannot be given on this host
        ├── NoSuchFile           no file of that path in /work            (also a FileNotFoundError)
        ├── IoFailed             the kernel's own reading or writing failed
        ├── TimedOut             a time limit given with the call passed  (also a TimeoutError)
        ├── Cancelled            the call was taken back
        ├── NotConfigured        such as a model that nobody has set up
        ├── ShuttingDown         the kernel is stopping
        ├── InternalError        a fault of the kernel's; a bug worth reporting
        ├── BudgetExhausted      a model call could cost more than a budget has left
        ├── RunawayStopped       model calls like those of a program that has lost its way
        ├── ModelFailed          the model's provider failed, and what was tried instead
        ├── NoSuchModel          no model or alias of that name is configured
        ├── NoSuchTool           no server has a tool of that name        (also a LookupError)
        ├── NoSuchMailbox        no mailbox is there for the caller          (also a LookupError)
        ├── NoSuchPipe           no pipe of that number is there for the caller  (also a LookupError)
        ├── PipeClosed           nobody reads the pipe any more
        ├── HandleInvalid        that is no memory that a message may carry  (also a ValueError)
        ├── NoSuchMessage        nobody waits for that reply                 (also a LookupError)
        ├── ToolFailed           the server of a tool died, or could not be started
        ├── NoSuchSecret         no secret has that name
        ├── SecretsUnusable      the store of secrets cannot be used as it is
        ├── NoSuchConversation   no conversation of that id, for this caller (also a LookupError)
        ├── AnswerInvalid        what the model answered does not satisfy the schema; `details["flaws"]` says where
        ├── VersionConflict      a key of the store has another version than the caller expects
        ├── WorkflowRefused      the workflow engine refuses; `details["reason"]` is the service's error
        ├── NoSuchFleet          no fleet of that name is declared            (also a LookupError)
        └── HttpFailed           a host could not be reached, or its answer not be understood

What a tool raises, for the model to read:

    ToolError                    in these words, without the name of an exception
    └── ToolArgumentError        what the model sent does not fit         (also a ValueError)
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from analemma._loop import ToolRun


class AnalemmaError(Exception):
    """The root of all that this package raises by itself."""


class ConnectionFailed(AnalemmaError, ConnectionError):
    """No kernel answers at the path."""


class ConnectionLost(AnalemmaError, ConnectionError):
    """The kernel went away before it had answered. Whether the call took effect is not known."""


class ProtocolError(AnalemmaError):
    """The peer sent what the framing does not allow. The connection is over."""


class CallTimeout(AnalemmaError, TimeoutError):
    """No answer within the client's timeout. The kernel has been told to cancel the call."""


class StepLimitReached(AnalemmaError):
    """The model still asked for tools after the last step of a tool loop. Those of the last step were not run.

    `run` is the loop so far: its `answer` is the last one, and its `messages` go on with a higher limit.
    """

    def __init__(self, run: ToolRun) -> None:
        names = ", ".join(call.name for call in run.answer.tool_calls)
        super().__init__(
            f"after {run.steps} steps the model still asks for tools ({names}); "
            "give a higher max_steps, or go on from the messages of this error's run"
        )
        self.run = run

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.run,))


class SyscallError(AnalemmaError):
    """The kernel refused a syscall.

    `code` is stable and meant for programs, `message` says what was wrong and where, `hint` what to do about it.
    `details` has what else the kernel said: `retry_after_ms`, a `reason` such as "key_rejected", a `budget`.
    """

    code = "unknown"
    message: str
    hint: str | None
    details: dict[str, Any]

    def __init__(
        self, message: str, hint: str | None = None, code: str | None = None, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = {} if details is None else details
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        text = f"{self.message} [{self.code}]"
        return f"{text}: {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.message, self.hint, self.code, self.details))


class InvalidArgument(SyscallError, ValueError):
    code = "invalid_argument"


class UnknownSyscall(SyscallError):
    code = "unknown_syscall"


class MalformedFrame(SyscallError):
    code = "malformed_frame"


class TooLarge(SyscallError):
    code = "too_large"


class PermissionDenied(SyscallError, PermissionError):
    code = "permission_denied"


class NoSuchProcess(SyscallError, LookupError):
    code = "no_such_process"


class NameTaken(SyscallError):
    code = "name_taken"


class WrongState(SyscallError):
    code = "wrong_state"


class TryAgain(SyscallError):
    code = "try_again"


class LimitExceeded(SyscallError):
    code = "limit_exceeded"


class StartFailed(SyscallError):
    code = "start_failed"


class NotEnforceable(SyscallError):
    code = "not_enforceable"


class NoSuchFile(SyscallError, FileNotFoundError):
    code = "no_such_file"


class IoFailed(SyscallError):
    code = "io_failed"


class TimedOut(SyscallError, TimeoutError):
    code = "timed_out"


class Cancelled(SyscallError):
    code = "cancelled"


class NotConfigured(SyscallError):
    code = "not_configured"


class ShuttingDown(SyscallError):
    code = "shutting_down"


class InternalError(SyscallError):
    code = "internal"


class BudgetExhausted(SyscallError):
    code = "budget_exhausted"


class RunawayStopped(SyscallError):
    code = "runaway_stopped"


class ModelFailed(SyscallError):
    code = "model_failed"


class NoSuchModel(SyscallError):
    code = "no_such_model"


class NoSuchTool(SyscallError, LookupError):
    code = "no_such_tool"


class ToolFailed(SyscallError):
    code = "tool_failed"


class NoSuchSecret(SyscallError):
    code = "no_such_secret"


class SecretsUnusable(SyscallError):
    code = "secrets_unusable"


class AnswerInvalid(SyscallError):
    code = "answer_invalid"


class NoSuchConversation(SyscallError, LookupError):
    code = "no_such_conversation"


class NoSuchMailbox(SyscallError, LookupError):
    code = "no_such_mailbox"


class NoSuchPipe(SyscallError, LookupError):
    code = "no_such_pipe"


class PipeClosed(SyscallError):
    code = "pipe_closed"


class HandleInvalid(SyscallError, ValueError):
    code = "handle_invalid"


class NoSuchMessage(SyscallError, LookupError):
    code = "no_such_message"


class NoSuchFleet(SyscallError, LookupError):
    code = "no_such_fleet"


class HttpFailed(SyscallError):
    code = "http_failed"


class VersionConflict(SyscallError):
    code = "version_conflict"


class WorkflowRefused(SyscallError):
    code = "workflow_refused"


# By the status in a response's header.
BY_STATUS: tuple[type[SyscallError], ...] = (
    SyscallError,
    InvalidArgument,
    UnknownSyscall,
    MalformedFrame,
    TooLarge,
    PermissionDenied,
    NoSuchProcess,
    NameTaken,
    WrongState,
    TryAgain,
    LimitExceeded,
    StartFailed,
    NotEnforceable,
    NoSuchFile,
    IoFailed,
    TimedOut,
    Cancelled,
    NotConfigured,
    ShuttingDown,
    InternalError,
    BudgetExhausted,
    RunawayStopped,
    ModelFailed,
    NoSuchModel,
    AnswerInvalid,
    NoSuchConversation,
)

# Statuses beyond those that are numbered without a gap.
BEYOND: dict[int, type[SyscallError]] = {
    32: NoSuchTool,
    33: ToolFailed,
    40: NoSuchSecret,
    41: SecretsUnusable,
    42: HttpFailed,
    70: NoSuchPipe,
    71: PipeClosed,
    50: NoSuchMailbox,
    51: NoSuchMessage,
    52: HandleInvalid,
    60: NoSuchFleet,
    76: VersionConflict,
    80: WorkflowRefused,
}


def refusal(status: int, payload: bytes) -> SyscallError:
    """The exception for a response whose status is not 0."""
    import json

    try:
        body = json.loads(payload) if payload else {}
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    kind: type[SyscallError] = (
        BY_STATUS[status] if 0 < status < len(BY_STATUS) else BEYOND.get(status, SyscallError)
    )
    code = body.get("code") or (kind.code if kind is not SyscallError else f"status_{status}")
    details = {name: value for name, value in body.items() if name not in ("code", "message", "hint")}
    return kind(str(body.get("message") or f"the kernel refused: {code}"), body.get("hint"), str(code), details)
