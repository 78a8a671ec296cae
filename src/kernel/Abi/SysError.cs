namespace Analemma.Abi;

/// <summary>
/// Why a syscall was refused. The name in snake case is the stable <c>code</c> on the wire; the number is the native
/// frame's status. Neither ever changes. Each has a page in docs/errors.
/// </summary>
public enum SysErrorCode
{
    /// <summary>Not an error: the status of an answer.</summary>
    Ok = 0,
    /// <summary>A field is missing, of the wrong type, or out of range.</summary>
    InvalidArgument = 1,
    /// <summary>There is no syscall of that number.</summary>
    UnknownSyscall = 2,
    /// <summary>The bytes cannot be followed; the connection ends.</summary>
    MalformedFrame = 3,
    /// <summary>A frame, body or answer is beyond its bound.</summary>
    TooLarge = 4,
    /// <summary>The caller may not do that, or not to this process.</summary>
    PermissionDenied = 5,
    /// <summary>Nothing has that id or name.</summary>
    NoSuchProcess = 6,
    /// <summary>A living process has the name.</summary>
    NameTaken = 7,
    /// <summary>The process is not in a state for that.</summary>
    WrongState = 8,
    /// <summary>Too busy now; the same may succeed later.</summary>
    TryAgain = 9,
    /// <summary>A limit of the caller or of the kernel is reached.</summary>
    LimitExceeded = 10,
    /// <summary>The program or its sandbox could not be started.</summary>
    StartFailed = 11,
    /// <summary>A required guarantee cannot be given on this host.</summary>
    NotEnforceable = 12,
    /// <summary>There is no such file or folder in /work.</summary>
    NoSuchFile = 13,
    /// <summary>Reading or writing failed.</summary>
    IoFailed = 14,
    /// <summary>The time that the caller gave has passed.</summary>
    TimedOut = 15,
    /// <summary>The caller took the request back.</summary>
    Cancelled = 16,
    /// <summary>The kernel was not given what that needs.</summary>
    NotConfigured = 17,
    /// <summary>The kernel is about to stop.</summary>
    ShuttingDown = 18,
    /// <summary>A fault of the kernel or its host.</summary>
    Internal = 19,
    /// <summary>A model call could cost more than a budget has left.</summary>
    BudgetExhausted = 20,
    /// <summary>An agent's model calls look like those of a program that has lost its way.</summary>
    RunawayStopped = 21,
    /// <summary>The model's provider failed, and so did what could be tried instead.</summary>
    ModelFailed = 22,
    /// <summary>No model or alias of that name is configured.</summary>
    NoSuchModel = 23,
    /// <summary>What a model answered does not satisfy the schema that was given with the question.</summary>
    AnswerInvalid = 24,
    /// <summary>Nothing has that id, or it is another's.</summary>
    NoSuchConversation = 25,
    /// <summary>No server has a tool of that name.</summary>
    NoSuchTool = 32,
    /// <summary>The server of a tool could not be started, died, or answered what could not be understood.</summary>
    ToolFailed = 33,
    /// <summary>No secret has that name.</summary>
    NoSuchSecret = 40,
    /// <summary>The store of secrets cannot be used as it is.</summary>
    SecretsUnusable = 41,
    /// <summary>A host could not be reached, or its answer not be understood.</summary>
    HttpFailed = 42,
    /// <summary>The workflow engine refuses; the reason is the error of the service that it speaks as.</summary>
    WorkflowRefused = 80,
    /// <summary>No fleet of that name is declared.</summary>
    NoSuchFleet = 60,
    /// <summary>No mailbox has that name or belongs to that process, or none that the caller may use.</summary>
    NoSuchMailbox = 50,
    /// <summary>Nobody waits for a reply to that message, or not from this caller.</summary>
    NoSuchMessage = 51,
    /// <summary>A descriptor sent with a message is none that a message may carry, or none came.</summary>
    HandleInvalid = 52,
    /// <summary>A key of the store does not have the version that the caller expects.</summary>
    VersionConflict = 76,
    /// <summary>There is no pipe of that number, or none that the caller may know of.</summary>
    NoSuchPipe = 70,
    /// <summary>Nobody reads the pipe any more, or the caller's end is closed.</summary>
    PipeClosed = 71,
}

/// <summary>
/// A refusal as the caller sees it: a stable code, what was wrong and where, and what to do about it.
/// </summary>
public sealed record SysError(SysErrorCode Code, string Message, string? Hint = null)
{
    /// <summary>The wait to expect before the same may succeed, where that is known.</summary>
    public long? RetryAfterMs { get; init; }

    /// <summary>The cause at a model's provider, in a word that programs know, such as <c>key_rejected</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>With BudgetExhausted: which budget, and how it stands.</summary>
    public BudgetRefusal? Budget { get; init; }

    /// <summary>With AnswerInvalid: what is wrong with the answer.</summary>
    public IReadOnlyList<AnswerFlaw>? Flaws { get; init; }

    /// <summary>A refusal because of what was sent.</summary>
    public static SysError InvalidArgument(string message, string? hint = null) =>
        new(SysErrorCode.InvalidArgument, message, hint);

    /// <summary>A refusal because nothing has that id or name.</summary>
    public static SysError NoSuchProcess(string what) =>
        new(SysErrorCode.NoSuchProcess, $"there is no process {what}", "list them with `analemma ps --all`");

    /// <summary>A refusal because there is no such conversation, for this caller.</summary>
    public static SysError NoSuchConversation(long id) => new(
        SysErrorCode.NoSuchConversation,
        $"there is no conversation {id}",
        "list them with `analemma chat --list`; an agent's go with its record");

    /// <summary>A refusal because nothing of that name or id takes messages.</summary>
    public static SysError NoSuchMailbox(string what) =>
        new(SysErrorCode.NoSuchMailbox, $"there is no mailbox {what}", "list them with `analemma mailbox list`");

    /// <summary>A refusal because of who asks.</summary>
    public static SysError PermissionDenied(string message, string? hint = null) =>
        new(SysErrorCode.PermissionDenied, message, hint);

    /// <summary>The code as it is written on the wire, for example <c>no_such_process</c>.</summary>
    public string CodeName => SysErrorCodes.NameOf(Code);
}

/// <summary>One way in which a model's answer does not satisfy its schema.</summary>
/// <param name="Pointer">Where in the answer, as a JSON Pointer (RFC 6901); empty for all of it.</param>
/// <param name="Rule">The keyword that is broken, such as <c>required</c>; <c>json</c> for no JSON at all.</param>
/// <param name="Message">What is wrong, in words.</param>
public sealed record AnswerFlaw(string Pointer, string Rule, string Message);

/// <summary>A budget that has not enough left.</summary>
/// <param name="Scope"><c>call</c>, <c>agent</c>, <c>group</c> or <c>day</c>.</param>
/// <param name="Of">The agent's id or the group's name; empty for the others.</param>
/// <param name="Unit"><c>tokens</c> or <c>microdollars</c>.</param>
/// <param name="Limit">What may be spent.</param>
/// <param name="Spent">What is spent, as the journal has it.</param>
/// <param name="Reserved">What calls that are not over yet may still spend.</param>
/// <param name="Asked">What this call could spend.</param>
public sealed record BudgetRefusal(
    string Scope, string Of, string Unit, long Limit, long Spent, long Reserved, long Asked);

/// <summary>Both directions between an error code and its name on the wire.</summary>
public static class SysErrorCodes
{
    private static readonly Dictionary<SysErrorCode, string> Names =
        Enum.GetValues<SysErrorCode>().ToDictionary(code => code, code => SnakeCase(code.ToString()));

    private static readonly Dictionary<string, SysErrorCode> Codes =
        Names.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);

    /// <summary>The name on the wire.</summary>
    public static string NameOf(SysErrorCode code) => Names.TryGetValue(code, out var name) ? name : "unknown";

    /// <summary>The code of a name; Internal for one that this library does not know.</summary>
    public static SysErrorCode Parse(string name) =>
        Codes.TryGetValue(name, out var code) ? code : SysErrorCode.Internal;

    private static string SnakeCase(string name) =>
        System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}
