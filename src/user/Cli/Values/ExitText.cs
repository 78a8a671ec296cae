using System.Globalization;
using Analemma.Abi.Syscalls;

namespace Analemma.Cli.Values;

/// <summary>How a process ended, in the words of the contract: <c>exited(0)</c>, <c>oom-killed</c>.</summary>
internal static class ExitText
{
    public static string Of(ExitStatus? exit) => exit switch
    {
        null => "",
        { Cause: ExitCause.Exited } => string.Create(CultureInfo.InvariantCulture, $"exited({exit.Code})"),
        { Cause: ExitCause.Signalled } => string.Create(CultureInfo.InvariantCulture, $"signalled({exit.Signal})"),
        { Cause: var cause } => WithDetail(cause, exit.Detail),
    };

    private static string WithDetail(ExitCause cause, string? detail)
    {
        var name = System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(cause.ToString());
        return detail is null ? name : $"{name}: {detail}";
    }
}
