using Analemma.Abi;

namespace Analemma.Cli.Output;

/// <summary>The one form in which the command says that something went wrong.</summary>
internal static class ErrorOutput
{
    /// <summary>Where errors cannot be written, the exit code alone says it.</summary>
    public static void Write(TextWriter error, bool json, string code, string message, string? hint)
    {
        try
        {
            WriteTo(error, json, code, message, hint);
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static void WriteTo(TextWriter error, bool json, string code, string message, string? hint)
    {
        if (json)
        {
            var body = new ErrorBody(code, message) { Hint = hint };
            error.WriteLine($$"""{"error":{{JsonLook.LineOf(body, AbiJsonContext.Default.ErrorBody)}}}""");
            return;
        }

        error.WriteLine($"error {code}: {message}");
        if (hint is not null)
        {
            error.WriteLine($"  {hint}");
        }
    }
}
