using System.Diagnostics;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Analemma.Abi;

namespace Analemma.Cli.Host;

/// <summary>Runs the kernel's program for an answer that needs no kernel: one JSON document on its output.</summary>
internal static class KernelQuestion
{
    /// <summary>Throws with <paramref name="failure"/> as its code when there is no answer.</summary>
    public static async Task<T> AskAsync<T>(
        Session session, IEnumerable<string> args, JsonTypeInfo<T> type, TimeSpan patience, string failure)
        where T : class
    {
        using var program = Process.Start(
            new ProcessStartInfo(KernelProgram.Find(session.Terminal.Environment), args)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        using var impatience = new CancellationTokenSource(patience, session.Terminal.Time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(impatience.Token, session.CancellationToken);
        using var killing = end.Token.Register(() => program.Kill(entireProcessTree: true));
        var errors = program.StandardError.ReadToEndAsync(CancellationToken.None);
        var json = await program.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await program.WaitForExitAsync(CancellationToken.None);
        session.CancellationToken.ThrowIfCancellationRequested();
        return AbiJson.TryRead(Encoding.UTF8.GetBytes(json), type, out var answer, out _)
            ? answer
            : throw new CliException(failure, Reason((await errors).Trim(), program.ExitCode));
    }

    private static string Reason(string errors, int code) =>
        errors.Length > 0
            ? errors.Replace("analemma-kernel: ", "", StringComparison.Ordinal)
            : $"the kernel's program ended with code {code} and no answer";
}
