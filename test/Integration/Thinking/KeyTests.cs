using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Integration.Tests.Kernel;
using Analemma.Integration.Tests.Models;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Thinking;

/// <summary>A provider's key is in the kernel's environment and in one header, and nowhere else.</summary>
public sealed class KeyTests
{
    [Theory]
    [InlineData("gemini")]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task The_key_is_seen_by_the_provider_alone(string provider)
    {
        // A provider that gives the key away, in an error and in an answer that nobody can read.
        const string body =
            $$"""{"error":{"message":"Incorrect key {{LoopbackProvider.Canary}} provided","code":401} }""";
        await using var stage = await LoopbackProvider.StartAsync(
            provider,
            warm: 1,
            new Scene.Wire(exchange => exchange.AnswerAsync(401, body)),
            new Scene.Wire(exchange => exchange.AnswerAsync(200, $"not json {LoopbackProvider.Canary}")));
        var kernel = stage.Kernel;
        List<EventView> events = [];
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var watching = WatchAsync(kernel, events, enough.Token);
        var free = await kernel.SpawnShellAsync("env", spawn => spawn with { Sandboxed = false });
        Assert.Equal(0, (await kernel.WaitAsync(free)).Exit!.Code);
        var agent = await kernel.SpawnPythonAsync(
            """
            import os, analemma, agentos
            print("environment", dict(os.environ), open("/proc/self/environ").read())
            print("neighbours", [open(f"/proc/{p}/environ").read() for p in os.listdir("/proc") if p.isdigit()])
            with analemma.Kernel() as kernel:
                for _ in range(2):
                    try:
                        print("answer", kernel.think("Hello?"))
                    except analemma.SyscallError as failed:
                        print("refused", failed, failed.hint, failed.__dict__)
            print("agentos", agentos.connect().think("Hello?"))
            """);
        Assert.Equal(0, (await kernel.WaitAsync(agent)).Exit!.Code);
        await enough.CancelAsync();
        await watching;

        // The control: it was there to be seen.
        Assert.All(stage.Server.Requests, request => Assert.Contains(
            LoopbackProvider.Canary, request.Headers[stage.Wire.KeyHeader], StringComparison.Ordinal));
        var output = await kernel.OutputAsync(agent);
        Assert.Contains("refused", output, StringComparison.Ordinal);
        var status = AbiJson.Write(await kernel.Client.StatusAsync(Token), AbiJsonContext.Default.StatusReply);
        AssertUnseen("the agent", output);
        AssertUnseen("the agent without a sandbox", await kernel.OutputAsync(free));
        AssertUnseen("the kernel's log", kernel.Log);
        AssertUnseen("STATUS", Encoding.UTF8.GetString(status));
        AssertUnseen("the events", string.Join('\n', events));
        foreach (var file in Directory.EnumerateFiles(kernel.StateFolder, "*", Everywhere))
        {
            AssertUnseen(file, ReadShared(file));
        }
    }

    private static EnumerationOptions Everywhere => new() { RecurseSubdirectories = true, AttributesToSkip = default };

    private static async Task WatchAsync(RunningKernel kernel, List<EventView> events, CancellationToken until)
    {
        try
        {
            await foreach (var each in kernel.Client.Events(null, until))
            {
                events.Add(each);
            }
        }
        catch (OperationCanceledException)
        {
            // Enough was seen.
        }
    }

    private static string ReadShared(string file)
    {
        try
        {
            // A pipe, such as a created container's, has no length, and would be waited for.
            if (new FileInfo(file).Length == 0)
            {
                return "";
            }

            using var stream = new FileStream(
                file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            return reader.ReadToEnd();
        }
        catch (IOException)
        {
            // A socket, or gone since it was listed.
            return "";
        }
    }

    private static void AssertUnseen(string where, string text) => Assert.False(
        text.Contains(LoopbackProvider.Canary, StringComparison.Ordinal), $"{where} shows the key: {text}");
}
