namespace Analemma.Abi;

/// <summary>
/// Why a syscall was refused. The name in snake case is the stable <c>code</c> on the wire; the number is the native
/// frame's status. Neither ever changes. Each has a page in docs/errors.
/// </summary>
public enum SysErrorCode
{
    /// <summary>Not an error: the status of an answer.</summary>
    Ok = 0,
    InvalidArgument = 1,
    UnknownSyscall = 2,
    MalformedFrame = 3,
    TooLarge = 4,
    PermissionDenied = 5,
    NoSuchProcess = 6,
    NameTaken = 7,
    WrongState = 8,
    TryAgain = 9,
    LimitExceeded = 10,
    StartFailed = 11,
    NotEnforceable = 12,
    NoSuchFile = 13,
    IoFailed = 14,
    TimedOut = 15,
    Cancelled = 16,
    NotConfigured = 17,
    ShuttingDown = 18,
    Internal = 19,
}

/// <summary>
/// A refusal as the caller sees it: a stable code, what was wrong and where, and what to do about it.
/// </summary>
public sealed record SysError(SysErrorCode Code, string Message, string? Hint = null)
{
    public static SysError InvalidArgument(string message, string? hint = null) =>
        new(SysErrorCode.InvalidArgument, message, hint);

    public static SysError NoSuchProcess(string what) =>
        new(SysErrorCode.NoSuchProcess, $"there is no process {what}", "list them with `analemma ps --all`");

    public static SysError PermissionDenied(string message, string? hint = null) =>
        new(SysErrorCode.PermissionDenied, message, hint);

    /// <summary>The code as it is written on the wire, for example <c>no_such_process</c>.</summary>
    public string CodeName => SysErrorCodes.NameOf(Code);
}

/// <summary>Both directions between an error code and its name on the wire.</summary>
public static class SysErrorCodes
{
    private static readonly Dictionary<SysErrorCode, string> Names =
        Enum.GetValues<SysErrorCode>().ToDictionary(code => code, code => SnakeCase(code.ToString()));

    private static readonly Dictionary<string, SysErrorCode> Codes =
        Names.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);

    public static string NameOf(SysErrorCode code) => Names.TryGetValue(code, out var name) ? name : "unknown";

    public static SysErrorCode Parse(string name) =>
        Codes.TryGetValue(name, out var code) ? code : SysErrorCode.Internal;

    private static string SnakeCase(string name) =>
        System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}
