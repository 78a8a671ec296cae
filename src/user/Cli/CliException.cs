namespace Analemma.Cli;

/// <summary>
/// The command cannot go on. Printed as <c>error CODE: message</c> with its hint, at the session's boundary.
/// </summary>
internal sealed class CliException(string code, string message, string? hint = null, int exitCode = ExitCodes.Failure)
    : Exception(message)
{
    public string Code { get; } = code;

    public string? Hint { get; } = hint;

    public int ExitCode { get; } = exitCode;

    public static CliException Usage(string message, string? hint = null) =>
        new("usage", message, hint, ExitCodes.Usage);
}
