using System.Runtime.CompilerServices;
using System.Text.Json;
using Analemma.Abi.Syscalls;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Tools;

/// <summary>A real kernel with servers of tools in its machine file.</summary>
internal static class ToolKernel
{
    /// <summary>The folder of the servers that were written for these tests.</summary>
    public static string Servers { get; } = Path.Combine(SourceFolder(), "Servers");

    /// <summary>A section for the server in Python, in a mode.</summary>
    public static string Section(string name, string mode = "good", string more = "") =>
        $"""
        [tools.{name}]
        command = ["python3", "/mnt/servers/tools_server.py"]
        mounts = ["{Servers}:/mnt/servers"]
        env.MODE = "{mode}"
        {more}

        """;

    public static Task<RunningKernel> StartAsync(string toml, params string[] flags) =>
        RunningKernel.StartWithFileAsync(toml, ["--pool.created=0", "--pool.preloaded=0", .. flags]);

    private static string SourceFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    public static Task<CallToolReply> CallToolAsync(
        this RunningKernel kernel, string name, string arguments = "{}", long? timeoutMs = null) =>
        kernel.Client.CallToolAsync(
            new CallTool
            {
                Name = name,
                Arguments = JsonDocument.Parse(arguments).RootElement,
                TimeoutMs = timeoutMs,
            },
            Token);

    public static async Task<ToolServerView> ServerAsync(this RunningKernel kernel, string name = "t") =>
        (await kernel.Client.ToolServersAsync(Token)).Single(server => server.Name == name);
}

/// <summary>One kernel for the tests that leave its servers up.</summary>
public sealed class SharedToolKernel : IAsyncLifetime
{
    internal RunningKernel Kernel { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Kernel = await ToolKernel.StartAsync(ToolKernel.Section("t", "noise") + ToolKernel.Section("u"));

    public ValueTask DisposeAsync() => Kernel.DisposeAsync();
}
