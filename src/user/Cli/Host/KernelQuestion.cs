using System.Diagnostics;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Analemma.Abi;

namespace Analemma.Cli.Host;

/// <summary>Runs the kernel's program for an answer that needs no kernel: one JSON document on its output.</summary>
internal static class KernelQuestion
{
    private const string HintMark = "hint: ";

    /// <summary>Throws with <paramref name="failure"/> as its code when there is no answer.</summary>
    public static Task<T> AskAsync<T>(
        Session session, IEnumerable<string> args, JsonTypeInfo<T> type, TimeSpan patience, string failure)
        where T : class =>
        RunAsync(
            session,
            args,
            patience,
            failure,
            async output => Read(await output.ReadToEndAsync(CancellationToken.None), type));

    /// <summary>
    /// The same for an answer that may be longer than memory: a document a line, each told as it comes.
    /// </summary>
    /// <returns>What is made of the last line; there is no answer without it.</returns>
    public static Task<TLast> AskLinesAsync<T, TLast>(
        Session session,
        IEnumerable<string> args,
        JsonTypeInfo<T> type,
        Func<T, TLast?> take,
        TimeSpan patience,
        string failure)
        where T : class
        where TLast : class =>
        RunAsync(session, args, patience, failure, async output =>
        {
            TLast? last = null;
            while (await output.ReadLineAsync(CancellationToken.None) is { } line)
            {
                last = Read(line, type) is { } read ? take(read) : null;
            }

            return last;
        });

    private static async Task<T> RunAsync<T>(
        Session session,
        IEnumerable<string> args,
        TimeSpan patience,
        string failure,
        Func<StreamReader, Task<T?>> read)
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
        var answer = await read(program.StandardOutput);
        await program.WaitForExitAsync(CancellationToken.None);
        session.CancellationToken.ThrowIfCancellationRequested();
        return answer ?? throw Refusal(failure, await errors, program.ExitCode);
    }

    private static T? Read<T>(string json, JsonTypeInfo<T> type)
        where T : class =>
        AbiJson.TryRead(Encoding.UTF8.GetBytes(json), type, out var answer, out _) ? answer : null;

    /// <summary>What the kernel's program said before it ended, its hint apart.</summary>
    internal static CliException Refusal(string failure, string errors, int code)
    {
        var lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .ToLookup(line => line.StartsWith(HintMark, StringComparison.Ordinal));
        var message = string.Join('\n', lines[false]).Replace("analemma-kernel: ", "", StringComparison.Ordinal);
        return new CliException(
            failure,
            message.Length > 0 ? message : $"the kernel's program ended with code {code} and no answer",
            lines[true].FirstOrDefault()?[HintMark.Length..]);
    }
}
