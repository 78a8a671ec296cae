"""What the kernel answers, as objects: the fields of the JSON are the attributes.

A field that the kernel leaves out has the default written here. One that this version does not know is an attribute
all the same, so that a newer kernel loses nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any, Literal

    State = Literal["starting", "running", "paused", "stopping", "exited"]
    Cause = Literal[
        "exited",
        "signalled",
        "oom-killed",
        "pid-limit",
        "start-failed",
        "timeout",
        "killed-by-operator",
        "kernel-shutdown",
        "watchdog",
        "not-ready",
        "escalated",
        "stopped-by-supervisor",
    ]
    UnitState = Literal[
        "waiting",
        "scheduled",
        "starting",
        "running",
        "ready",
        "stopping",
        "backing_off",
        "parked",
        "paused",
        "given_up",
        "stopped",
    ]


class Record:
    """Base of all answers."""

    # Which fields are records, or lists of records, themselves.
    _nested: Mapping[str, type[Record]] = {}

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.__dict__.update(fields)
        for name, kind in self._nested.items():
            value = self.__dict__.get(name)
            if isinstance(value, dict):
                self.__dict__[name] = kind(value)
            elif isinstance(value, list):
                self.__dict__[name] = [kind(item) for item in value]

    def to_json(self) -> dict[str, Any]:
        """The fields as the kernel sent them."""
        return dict(self._plain())

    def _plain(self) -> Iterator[tuple[str, Any]]:
        for name, value in self.__dict__.items():
            if isinstance(value, Record):
                yield name, value.to_json()
            elif isinstance(value, list):
                yield name, [item.to_json() if isinstance(item, Record) else item for item in value]
            else:
                yield name, value

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"


class Limits(Record):
    """What a process and all its descendants may use together."""

    memory: int | None = None
    max_pids: int | None = None
    cpu_quota: int | None = None
    cpu_period: int | None = None
    cpu_weight: int | None = None
    cpu_shares: int | None = None
    wall_ms: int | None = None
    open_files: int | None = None
    log_bytes: int | None = None
    work_bytes: int | None = None


class Exit(Record):
    """How a process ended: the cause in the kernel's view, not only the wait status."""

    cause: Cause
    code: int | None = None
    signal: int | None = None
    detail: str | None = None

    def __str__(self) -> str:
        if self.code is not None:
            return f"{self.cause}({self.code})"
        return f"{self.cause}({self.signal})" if self.cause == "signalled" else self.cause


class Process(Record):
    """One process, living or dead. Usage figures are from the kernel's latest sample."""

    id: int
    name: str
    state: State
    pid: int = 0
    running: bool = False
    parent: int = 0
    sandboxed: bool = False
    engine: str | None = None
    tier: str | None = None
    missing: Sequence[str] = ()
    cpu_ms: int = 0
    memory_bytes: int = 0
    memory_peak_bytes: int = 0
    pids: int = 0
    throttled_ms: int = 0
    denied: int = 0
    pid_limit_hits: int = 0
    uptime_ms: int = 0
    created_at: str = ""
    exited_at: str | None = None
    exit: Exit | None = None
    network: Sequence[str] | None = None
    limits: Limits | None = None

    _nested = {"exit": Exit, "limits": Limits}


class Spawned(Record):
    """The new process."""

    id: int
    name: str
    pid: int
    status: str
    tier: str | None = None
    engine: str | None = None
    missing: Sequence[str] = ()


class Killed(Record):
    """What KILL came to: `killed` is false when it had ended already."""

    killed: bool
    agent_id: int
    exit: Exit | None = None

    _nested = {"exit": Exit}


class Paused(Record):
    """The state that the process is in now."""

    agent_id: int
    state: State


class Identity(Record):
    """The version to speak, and the caller as the kernel knows it: `process` is 0 for a client on the host."""

    version: int
    kernel: str
    process: int
    name: str | None = None
    limits: Limits | None = None
    features: Sequence[str] = ()

    _nested = {"limits": Limits}


class Guarantee(Record):
    """Something the sandbox can promise: what holds it, or why it is missing on this host and how to get it."""

    name: str
    enforced: bool
    how: str = ""
    remedy: str | None = None


class ModelUsage(Record):
    """Tokens of a model call, and what they cost in millionths of a US dollar."""

    input_tokens: int = 0
    output_tokens: int = 0
    microdollars: int = 0


class ToolCall(Record):
    """A model's wish to have a tool called. Give it back in `messages` as it came, `signature` included."""

    id: str
    name: str
    arguments: Mapping[str, Any] | None = None
    signature: str | None = None


class Answer(Record):
    """What a model said. `simulated` is true when no model was asked and the answer is made up."""

    content: str
    model: str
    tokens: int
    provider: str = ""
    simulated: bool = False
    tool_calls: Sequence[ToolCall] = ()
    finish_reason: str | None = None
    usage: ModelUsage | None = None
    attempts: int = 1
    hedged: bool = False
    queued_ms: int = 0
    ran_ms: int = 0

    _nested = {"tool_calls": ToolCall, "usage": ModelUsage}

    def __str__(self) -> str:
        return self.content


class KernelTool(Record):
    """A tool of the kernel that the caller may call. `function` is its name for models."""

    name: str
    function: str
    description: str | None = None
    title: str | None = None
    parameters: Mapping[str, Any] = {}
    result: Mapping[str, Any] | None = None
    read_only: bool | None = None

    def definition(self) -> dict[str, Any]:
        """The tool as a model is told of it."""
        return {
            "name": self.function,
            "description": self.description or self.title or "",
            "parameters": self.parameters,
        }


class UnavailableTools(Record):
    """A server whose tools are not known, and why."""

    server: str
    reason: str


class KernelTools(Record):
    """The tools of the kernel that the caller may call; iterating gives each."""

    tools: Sequence[KernelTool] = ()
    unavailable: Sequence[UnavailableTools] = ()

    _nested = {"tools": KernelTool, "unavailable": UnavailableTools}

    def __iter__(self) -> Iterator[KernelTool]:
        return iter(self.tools)


class ToolPart(Record):
    """A part of a tool's result: text, image, audio, resource or resource_link. `data` is in base64."""

    type: str
    text: str | None = None
    data: str | None = None
    mime_type: str | None = None
    uri: str | None = None
    name: str | None = None


class ToolReply(Record):
    """What a tool of the kernel came to. `parts` has all of it when there is more than text."""

    content: str
    is_error: bool = False
    structured: Any = None
    parts: Sequence[ToolPart] = ()
    ran_ms: int = 0

    _nested = {"parts": ToolPart}

    def __str__(self) -> str:
        return self.content


class ToolProgress(Record):
    """How far a tool says it is."""

    progress: float
    total: float | None = None
    message: str | None = None


class ToolServer(Record):
    """A server of tools, and how it is."""

    name: str
    state: str
    transport: str = "stdio"
    says: str | None = None
    tools: int = 0
    pid: int = 0
    starts: int = 0
    calls: int = 0
    running: int = 0
    waiting: int = 0
    uptime_ms: int = 0
    last_error: str | None = None
    retry_after_ms: int | None = None


class ConversationInfo(Record):
    """A conversation without what is said in it. `tokens` is about what a call in it would read."""

    conversation: int
    owner: int = 0
    name: str | None = None
    model: str | None = None
    messages: int = 0
    bytes: int = 0
    tokens: int = 0
    compactions: int = 0
    forked_from: int | None = None
    busy: bool = False
    created_at: str = ""
    changed_at: str = ""


class Compaction(Record):
    """What shortening a conversation came to; `replaced` messages are a summary now."""

    conversation: ConversationInfo
    replaced: int = 0
    usage: ModelUsage | None = None

    _nested = {"conversation": ConversationInfo, "usage": ModelUsage}


class TokenCount(Record):
    """Tokens that a call would read. `exact`: as the model's provider counts them; else they are estimated."""

    tokens: int
    exact: bool
    model: str
    context_tokens: int

    def __int__(self) -> int:
        return self.tokens


class ModelProvider(Record):
    """Who runs models, and which."""

    name: str
    models: Sequence[str] = ()
    simulated: bool = False
    has_key: bool = False
    base_url: str | None = None
    slots: int = 0


class ProviderLoad(Record):
    """One provider's slots and queue."""

    name: str
    models: Sequence[str] = ()
    simulated: bool = False
    slots: int = 0
    running: int = 0
    waiting: int = 0
    wait_ms: int = 0


class ModelUse(Record):
    """What an agent and its descendants use; process 0 is the clients on the host together."""

    process: int
    name: str
    state: State | None = None
    group: str = ""
    priority: str = "normal"
    weight: int = 0
    service: int = 0
    share: float = 0.0
    calls: int = 0
    usage: ModelUsage
    running: int = 0
    waiting: int = 0
    throttled: int = 0
    refused: int = 0
    wait_p50_ms: int = 0
    wait_p95_ms: int = 0
    latency_p50_ms: int = 0
    latency_p95_ms: int = 0
    budget: Mapping[str, int] | None = None

    _nested = {"usage": ModelUsage}

    @property
    def tokens(self) -> int:
        return self.usage.input_tokens + self.usage.output_tokens


class BudgetUse(Record):
    """How a budget stands; scopes: day, group, agent; units: tokens, microdollars.

    `presumed` is the part of `spent` that a kernel's sudden end left unknown, charged as the most that it can be.
    """

    scope: str
    of: str
    unit: str
    limit: int
    spent: int = 0
    presumed: int | None = None
    reserved: int = 0
    left: int = 0


class Models(Record):
    """The models now: who runs them, who waits, who used what."""

    providers: Sequence[ProviderLoad]
    agents: Sequence[ModelUse]
    today: ModelUsage | None = None
    day_budget: Mapping[str, int] | None = None
    budgets: Sequence[BudgetUse] = ()

    _nested = {"providers": ProviderLoad, "agents": ModelUse, "today": ModelUsage, "budgets": BudgetUse}


class AuditRecord(Record):
    """One record of the audit log: `by` is `process N`, `uid N` for a client on the host, or empty for the kernel."""

    id: int
    at: str
    category: str
    type: str
    by: str = ""
    details: Any = None


class MetricSeries(Record):
    """The figures of one set of attributes: `value`, or of a histogram `count`, `sum` and `buckets` between `bounds`."""

    attributes: Mapping[str, str]
    value: float | None = None
    count: int | None = None
    sum: float | None = None
    buckets: Sequence[int] = ()
    bounds: Sequence[float] = ()


class MetricFamily(Record):
    """One metric with all its series; kinds: counter, gauge, histogram."""

    name: str
    kind: str
    unit: str = ""
    description: str = ""
    series: Sequence[MetricSeries] = ()

    _nested = {"series": MetricSeries}


class MachineUse(Record):
    """How the machine, or an agent's own sandbox, is used."""

    cpus: float = 0.0
    load_average: Sequence[float] = ()
    cpu_ms: int | None = None
    memory_bytes: int = 0
    memory_available_bytes: int = 0


class Metrics(Record):
    """Everything that the kernel counts and measures; docs/guide/observability.md has the names."""

    at: str
    families: Sequence[MetricFamily]
    machine: MachineUse

    _nested = {"families": MetricFamily, "machine": MachineUse}

    def __getitem__(self, name: str) -> MetricFamily:
        for family in self.families:
            if family.name == name:
                return family
        raise KeyError(name)


class Status(Record):
    """The kernel, and what it can enforce on this host."""

    version: str
    pid: int
    socket: str
    uptime_ms: int = 0
    boot: int = 0
    engine: str = ""
    cgroups: str = ""
    guarantees: Sequence[Guarantee] = ()
    starting: int = 0
    running_processes: int = 0
    paused: int = 0
    stopping: int = 0
    exited: int = 0
    journal_sequence: int = 0
    connections: int = 0
    pool_created: int = 0
    pool_preloaded: int = 0
    resident_bytes: int = 0
    providers: Sequence[ModelProvider] = ()
    default_model: str = ""

    _nested = {"guarantees": Guarantee, "providers": ModelProvider}

    def enforces(self, name: str) -> bool:
        """Whether the guarantee of that name is given on this host."""
        return any(guarantee.name == name and guarantee.enforced for guarantee in self.guarantees)


class Endpoint(Record):
    """Where programs on the host find the APIs of model providers. The token is a secret."""

    url: str
    token: str
    process: int
    variables: dict[str, str]

    def __repr__(self) -> str:
        return f"Endpoint(url={self.url!r}, process={self.process})"


class HttpAnswer:
    """What a host answered. `headers` is a list of (name in lower case, value), as they came."""

    __slots__ = ("body", "headers", "redacted", "status")

    def __init__(self, pieces: Sequence[bytes], fields: Mapping[str, Any]) -> None:
        self.status: int = fields["status"]
        self.headers: list[tuple[str, str]] = [(header["name"], header["value"]) for header in fields["headers"]]
        self.body = b"".join(pieces)
        self.redacted: int = fields.get("redacted", 0)

    @property
    def ok(self) -> bool:
        """Whether the status is of the class 2xx."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body, parsed."""
        import json

        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case."""
        return next((value for key, value in self.headers if key == name.lower()), None)

    def __repr__(self) -> str:
        return f"HttpAnswer(status={self.status}, headers={self.headers!r}, body={self.body[:80]!r})"


class Secret(Record):
    """A secret as it may be shown: its name, and when it was set first and last."""

    name: str
    created_at: str
    changed_at: str


class Perms(Record):
    """What an agent may: `permissions` has its lists, each decided."""

    id: int
    name: str
    permissions: dict[str, Any]
    tools: Sequence[str] = ()
    network: Sequence[str] = ()
    budget: dict[str, int] | None = None
    used: dict[str, int] | None = None
    calls: int = 0


class Fetched(Record):
    """The value of a key of the store. `version` is for `if_version`; None and 0 where there is none."""

    key: str
    exists: bool
    value: Any = None
    scope: str | None = None
    version: int = 0
    changed_at: str | None = None
    expires_at: str | None = None


class StoredKey(Record):
    """A key of the store: where it is, whose, its version, and how large its value is as JSON."""

    key: str
    scope: str
    owner: str
    version: int
    bytes: int
    changed_at: str
    expires_at: str | None = None


class Unit(Record):
    """One supervised agent: its processes come and go, one at a time; `incarnation` counts them."""

    name: str
    state: UnitState
    fleet: str = ""
    agent: str = ""
    supervisor: str = ""
    process: int = 0
    incarnation: int = 0
    restarts: int = 0
    next_restart_at: str | None = None
    last_exit: Exit | None = None
    reason: str | None = None
    revision: int = 0
    waits_for: Sequence[str] | None = None
    uptime_ms: int = 0

    _nested = {"last_exit": Exit}


class SupervisionNote(Record):
    """What an event about supervision is about."""

    unit: Unit
    delay_ms: int | None = None
    bound_ms: int | None = None
    chain: Sequence[str] | None = None
    log: Sequence[str] | None = None
    to: str | None = None
    circle: Sequence[str] | None = None

    _nested = {"unit": Unit}


class Event(Record):
    """One thing that happened."""

    type: str
    at: str
    process: int | None = None
    name: str | None = None
    kind: str | None = None
    what: str | None = None
    reason: str | None = None
    exit: Exit | None = None
    count: int | None = None
    data: Any = None
    cursor: str | None = None
    after: str | None = None
    until: str | None = None
    supervision: SupervisionNote | None = None

    _nested = {"exit": Exit, "supervision": SupervisionNote}


class File(Record):
    """One entry of a folder."""

    name: str
    kind: Literal["file", "folder", "link", "other"]
    size: int
    mode: int


class Files(Record):
    """A folder's entries, or one file."""

    is_folder: bool
    entries: list[File]

    _nested = {"entries": File}


class Output:
    """A piece of what a program wrote, as it came; a character may be cut between two pieces."""

    __slots__ = ("data", "stream")

    def __init__(self, stream: int, data: bytes) -> None:
        self.stream = stream
        self.data = data

    @property
    def is_error(self) -> bool:
        """True when it was written to stderr."""
        return self.stream == 2

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")

    def __repr__(self) -> str:
        return f"Output({self.stream}, {self.data!r})"


class _Gathered:
    """Output put together."""

    __slots__ = ("stderr_bytes", "stdout_bytes")

    def __init__(self, output: Sequence[Output]) -> None:
        self.stdout_bytes = b"".join(piece.data for piece in output if piece.stream != 2)
        self.stderr_bytes = b"".join(piece.data for piece in output if piece.stream == 2)

    @property
    def stdout(self) -> str:
        return self.stdout_bytes.decode("utf-8", "replace")

    @property
    def stderr(self) -> str:
        return self.stderr_bytes.decode("utf-8", "replace")


class ExecResult(_Gathered):
    """How a command ended, and all it wrote. A signal shows as exit code 128 + its number."""

    __slots__ = ("exit_code", "timed_out", "truncated")

    def __init__(self, output: Sequence[Output], fields: Mapping[str, Any]) -> None:
        super().__init__(output)
        self.exit_code: int = fields["exit_code"]
        self.timed_out: bool = fields.get("timed_out", False)
        self.truncated: bool = fields.get("truncated", False)

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and not self.timed_out

    def __repr__(self) -> str:
        return f"ExecResult(exit_code={self.exit_code}, stdout={self.stdout!r}, stderr={self.stderr!r})"


class LogText(_Gathered):
    """What is kept of a process's output; `dropped` bytes before it were lost to the log limit."""

    __slots__ = ("dropped",)

    def __init__(self, output: Sequence[Output], fields: Mapping[str, Any]) -> None:
        super().__init__(output)
        self.dropped: int = fields.get("dropped", 0)

    def __repr__(self) -> str:
        return f"LogText(stdout={self.stdout!r}, stderr={self.stderr!r}, dropped={self.dropped})"
