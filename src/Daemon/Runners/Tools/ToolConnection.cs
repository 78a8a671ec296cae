using System.Text;
using Analemma.Daemon.Configuration.Sections;
using Analemma.Daemon.Runners.Network;
using Analemma.Sandbox;
using Analemma.Tools;

namespace Analemma.Daemon.Runners.Tools;

/// <summary>
/// One start of a server of tools: its sandbox, if it is a program, and the session with it. Opened by
/// <see cref="OpenAsync"/>; disposing of it ends the program and removes every trace.
/// </summary>
internal sealed class ToolConnection : IAsyncDisposable
{
    private const int PrintedLines = 12;

    /// <summary>Of what it printed, from both ends: some languages say what is wrong first, others last.</summary>
    private const int PrintedCharsMax = 400;

    /// <summary>Between the end of its input and the kill.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly ISandbox? _sandbox;
    private readonly IReadOnlyList<string> _hidden;
    private readonly TimeProvider _time;

    private ToolConnection(
        ToolSession session, ISandbox? sandbox, IReadOnlyList<string> hidden, TimeProvider time) =>
        (Session, _sandbox, _hidden, _time) = (session, sandbox, hidden, time);

    public ToolSession Session { get; }

    public int HostPid => _sandbox?.HostPid ?? 0;

    /// <exception cref="ToolServerException">It did not come up; the message says why.</exception>
    public static async Task<ToolConnection> OpenAsync(
        ToolSection section,
        string key,
        ToolHost host,
        Action<IReadOnlyList<FoundTool>> changed,
        CancellationToken cancellationToken)
    {
        ToolSessionOptions options = new()
        {
            StartTimeout = TimeSpan.FromMilliseconds(section.StartTimeoutMs),
            ResultBytesMax = (int)section.ResultBytes,
            Changed = changed,
            Time = host.Time,
        };
        return section.IsProgram
            ? await OpenProgramAsync(section, key, host, options, cancellationToken)
            : await OpenHttpAsync(section, host, options, cancellationToken);
    }

    /// <summary>Completes when the server is gone, with why.</summary>
    public async Task<string> EndedAsync()
    {
        if (_sandbox is null)
        {
            return await Session.Ended;
        }

        await Task.WhenAny(Session.Ended, _sandbox.Exited);
        if (!_sandbox.Exited.IsCompleted)
        {
            // It closed its output, or said what could not be followed; a program that ends does the first just before.
            await Task.WhenAny(_sandbox.Exited, Task.Delay(Grace, _time, CancellationToken.None));
        }

        return await TellAsync(_sandbox, Session.Ended.IsCompleted ? await Session.Ended : null, _hidden);
    }

    public async ValueTask DisposeAsync()
    {
        await Session.DisposeAsync();
        if (_sandbox is not null)
        {
            await EndAsync(_sandbox, _time);
        }
    }

    private static async Task<ToolConnection> OpenProgramAsync(
        ToolSection section, string key, ToolHost host, ToolSessionOptions options, CancellationToken cancellationToken)
    {
        List<string> hidden = [];
        var secrets = host.Variables(section, hidden);
        ISandbox? sandbox = null;
        try
        {
            var policy = ToolPolicies.For(section, key) with { LogFilter = () => SecretMask.ForForms(hidden) };
            sandbox = await host.Engine.CreateAsync(policy, cancellationToken);
            var (input, output) = sandbox.Streams
                ?? throw new SandboxException($"the engine {sandbox.Engine} cannot pipe a program's streams");
            await sandbox.StartAsync(cancellationToken);
            await input.WriteAsync(SecretVariables.Lines(secrets), cancellationToken);
            var session = await ToolSession.OpenProgramAsync(
                input, output, options with { Hidden = hidden }, cancellationToken);
            host.Log.ToolServerUp(section.Name, key);
            return new ToolConnection(session, sandbox, hidden, host.Time);
        }
        catch (Exception failed)
        {
            var why = failed.Message;
            if (sandbox is not null)
            {
                if (failed is ToolServerException or IOException)
                {
                    // The end of its output is seen a moment before its own.
                    await Task.WhenAny(sandbox.Exited, Task.Delay(Grace, host.Time, CancellationToken.None));
                    why = await TellAsync(sandbox, why, hidden);
                }

                await EndAsync(sandbox, host.Time);
            }

            if (failed is SandboxException or ToolServerException or IOException or UnauthorizedAccessException)
            {
                throw new ToolServerException(ToolServerFailure.NotUp, why, failed);
            }

            throw;
        }
    }

    private static async Task<ToolConnection> OpenHttpAsync(
        ToolSection section, ToolHost host, ToolSessionOptions options, CancellationToken cancellationToken)
    {
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        List<string> hidden = [];
        foreach (var (name, value) in section.Headers)
        {
            headers[name] = host.Header(value, hidden);
        }

        var session = await ToolSession.OpenHttpAsync(
            new Uri(section.Url), headers, options with { Hidden = hidden }, cancellationToken);
        host.Log.ToolServerUp(section.Name, "http");
        return new ToolConnection(session, null, hidden, host.Time);
    }

    /// <summary>Its own input is at its end by now; it has a moment to end by itself.</summary>
    private static async Task EndAsync(ISandbox sandbox, TimeProvider time)
    {
        if (sandbox.Streams is { } streams)
        {
            await streams.Input.DisposeAsync();
            await streams.Output.DisposeAsync();
        }

        await Task.WhenAny(sandbox.Exited, Task.Delay(Grace, time, CancellationToken.None));
        sandbox.Kill();
        await sandbox.Exited;
        await sandbox.DisposeAsync();
    }

    /// <summary>What is known of its end, and the last that it printed.</summary>
    private static async Task<string> TellAsync(ISandbox sandbox, string? said, IReadOnlyList<string> hidden)
    {
        StringBuilder printed = new();
        await sandbox.Logs.ReadAsync(Keep, PrintedLines, follow: false, CancellationToken.None);

        // What the session found out by itself says more than how the program ended after that.
        var about = said?.StartsWith("it ", StringComparison.Ordinal) == true ? said
            : sandbox.Exited.IsCompleted ? HowItEnded(await sandbox.Exited)
            : said ?? "it closed its output";
        var shown = ToolSession.Hide(printed.ToString(), hidden);
        var text = new string([.. shown.Trim().Select(each => char.IsControl(each) ? ' ' : each)]);
        return text.Length == 0
            ? about
            : text.Length <= 2 * PrintedCharsMax ? $"{about}: {text}"
            : $"{about}: {text[..PrintedCharsMax]} … {text[^PrintedCharsMax..]}";

        ValueTask Keep(int stream, ReadOnlyMemory<byte> bytes)
        {
            printed.Append(Encoding.UTF8.GetString(bytes.Span));
            return default;
        }
    }

    private static string HowItEnded(SandboxExit exit) => exit switch
    {
        { Usage.OomKills: > 0 } => "it went over its memory limit and was killed",
        { Signal: { } signal } => $"it was ended by signal {signal}",
        _ => $"it exited with code {exit.Code}",
    };
}
