using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Runners;
using Analemma.Daemon.Sockets;
using Analemma.Daemon.Workflows;
using Analemma.Journal;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Microsoft.Extensions.Logging.Abstractions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>The workflow syscall: whatever is asked, its caller is told what came of it, and the kernel runs.</summary>
public sealed class WorkflowRunnerTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-runner-").FullName;
    private readonly List<Exception> _panics = [];
    private readonly CallTable _calls = new();
    private readonly BackgroundTasks _background;
    private WorkflowHost? _host;

    public WorkflowRunnerTests() => _background = new BackgroundTasks(_panics.Add, NullLogger.Instance);

    [Fact]
    public async Task An_answer_that_is_deep_is_an_answer()
    {
        var runner = Runner(Path.Combine(_folder, "payloads"));
        var deep = string.Concat(Enumerable.Repeat("""{"a":""", 70)) + "1" + new string('}', 70);
        var created = await AskAsync(runner, "CreateStateMachine", """
            {"name":"m","roleArn":"arn:aws:iam::000000000000:role/r","tracingConfiguration":T,
             "definition":"{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}"}
            """.Replace(":T", ":" + deep, StringComparison.Ordinal));
        Assert.Null(created.Error);
        var described = await AskAsync(
            runner,
            "DescribeStateMachine",
            """{"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m"}""");

        Assert.Equal(deep, described.Output.GetProperty("tracingConfiguration").GetRawText());
        Assert.Empty(_panics);
    }

    [Fact]
    public async Task A_folder_of_payloads_that_cannot_be_used_is_told_and_ends_nothing()
    {
        var file = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        var answer = await AskAsync(Runner(file), "ListStateMachines", "{}");

        Assert.Equal(SysErrorCode.IoFailed, answer.Error?.Code);
        Assert.Contains("payloads", answer.Error!.Message, StringComparison.Ordinal);
        Assert.Empty(_panics);
        Assert.Throws<JournalStoreException>(() => _host!.Api);
    }

    public async ValueTask DisposeAsync()
    {
        await _background.CancelAsync();
        await _background.DrainAsync(TimeSpan.FromSeconds(5), TimeProvider.System);
        await _background.DisposeAsync();
        _host?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private WorkflowRunner Runner(string payloads)
    {
        WorkflowOptions options = new() { Path = Path.Combine(_folder, "workflows.db"), PayloadsFolder = payloads };
        _host = new WorkflowHost(
            options, new WorkflowKernel(null!, null!, _calls), _background, TimeProvider.System, NullLogger.Instance);
        return new WorkflowRunner(_host, _calls, _background, NullLogger.Instance);
    }

    private async Task<(SysError? Error, JsonElement Output)> AskAsync(
        WorkflowRunner runner, string operation, string input)
    {
        using var given = JsonDocument.Parse(input, new JsonDocumentOptions { MaxDepth = 1000 });
        AskedCall call = new(_calls.Count + 1);
        _calls.Add(call);
        runner.Start(new CallWorkflows(new CallId(call.Id), operation, given.RootElement.Clone()));
        return await call.End.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    private sealed class AskedCall(long id)
        : SyscallCall(id, new Peer(ProcessId.None, 0, 0), new WorkflowCall { Operation = "" })
    {
        private readonly TaskCompletionSource<(SysError? Error, JsonElement Output)> _end =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<(SysError? Error, JsonElement Output)> End => _end.Task;

        public override bool IsOver => _end.Task.IsCompleted;

        public override void Reply(Reply reply) => _end.SetResult((null, ((WorkflowCallReply)reply).Output));

        public override void Fail(SysError error) => _end.SetResult((error, default));

        public override ValueTask<bool> SendRawAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            new(false);

        public override bool TrySendEvent(EventView piece) => false;
    }
}
