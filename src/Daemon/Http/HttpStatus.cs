using System.Globalization;
using Analemma.Abi;

namespace Analemma.Daemon.Http;

/// <summary>Which HTTP status says what a refusal of the kernel says: RFC 9110 and RFC 6585.</summary>
internal static class HttpStatus
{
    public static int Of(SysErrorCode code) => code switch
    {
        SysErrorCode.Ok => 200,
        SysErrorCode.InvalidArgument or SysErrorCode.UnknownSyscall or SysErrorCode.MalformedFrame
            or SysErrorCode.HandleInvalid
            or SysErrorCode.WorkflowRefused => 400,
        // What is used up does not come back by waiting; what is only busy does.
        SysErrorCode.BudgetExhausted => 402,
        SysErrorCode.PermissionDenied => 403,
        SysErrorCode.NoSuchProcess or SysErrorCode.NoSuchFile or SysErrorCode.NoSuchModel
            or SysErrorCode.NoSuchConversation or SysErrorCode.NoSuchSecret or SysErrorCode.NoSuchTool
            or SysErrorCode.NoSuchFleet
            or SysErrorCode.NoSuchMailbox or SysErrorCode.NoSuchMessage or SysErrorCode.NoSuchPipe => 404,
        SysErrorCode.NameTaken or SysErrorCode.WrongState or SysErrorCode.VersionConflict
            or SysErrorCode.PipeClosed => 409,
        SysErrorCode.TooLarge => 413,
        SysErrorCode.TryAgain or SysErrorCode.LimitExceeded or SysErrorCode.RunawayStopped => 429,
        SysErrorCode.Cancelled => 499,
        SysErrorCode.ModelFailed or SysErrorCode.AnswerInvalid or SysErrorCode.HttpFailed
            or SysErrorCode.ToolFailed => 502,
        SysErrorCode.NotConfigured or SysErrorCode.ShuttingDown => 503,
        SysErrorCode.TimedOut => 504,
        SysErrorCode.StartFailed or SysErrorCode.NotEnforceable or SysErrorCode.IoFailed
            or SysErrorCode.Internal or SysErrorCode.SecretsUnusable => 500,
    };

    /// <summary>The header Retry-After, in whole seconds, of a refusal that names a wait; else null.</summary>
    public static string? RetryAfter(SysError error) => error.RetryAfterMs is { } wait
        ? Math.Max(1, (wait + 999) / 1000).ToString(CultureInfo.InvariantCulture)
        : null;
}
