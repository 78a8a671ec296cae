using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Tools;

/// <summary>Servers of tools that others wrote, from npm as they are, each in its sandbox.</summary>
public sealed class NpmServerTests
{
    [Fact]
    public async Task The_server_with_everything_lists_calls_streams_progress_and_shows_pictures()
    {
        await using var kernel = await Kernel.RunningKernel.StartWithFileAsync(
            Section("everything", "server-everything/dist/index.js", "stdio"));
        var offered = await kernel.Client.ListToolsAsync(cancellationToken: Token);
        Assert.Null(offered.Unavailable);
        Assert.Contains(offered.Tools, tool => tool.Name == "everything/echo");
        Assert.Contains("hello", (await kernel.CallToolAsync(
            "everything/echo", """{"message":"hello"}""")).Content, StringComparison.Ordinal);
        Assert.Contains("5", (
            await kernel.CallToolAsync("everything/get-sum", """{"a":2,"b":3}""")).Content, StringComparison.Ordinal);

        var image = await kernel.CallToolAsync("everything/get-tiny-image");
        Assert.Contains(image.Parts!, part => part is { Type: "image", MimeType: "image/png", Data.Length: > 100 });

        var stream = kernel.Client.CallTool(new CallTool
        {
            Name = "everything/trigger-long-running-operation",
            Arguments = System.Text.Json.JsonDocument.Parse("""{"duration":1,"steps":4}""").RootElement,
        });
        List<double> steps = [];
        await foreach (var step in stream.WithCancellation(Token))
        {
            steps.Add(step.Progress);
        }

        Assert.Equal([1.0, 2, 3, 4], steps);
        Assert.False(stream.Reply.IsError);
    }

    [Fact]
    public async Task The_server_of_files_serves_its_own_folder_to_agents_and_nothing_else()
    {
        await using var kernel = await Kernel.RunningKernel.StartWithFileAsync(
            Section("fs", "server-filesystem/dist/index.js", "/work"));
        await kernel.CallToolAsync("fs/write_file", """{"path":"/work/a.txt","content":"Buy milk."}""");
        var agent = await kernel.SpawnPythonAsync(
            """
            import analemma
            with analemma.Kernel() as kernel:
                print(kernel.call_tool("fs/read_text_file", {"path": "/work/a.txt"}))
                out = kernel.call_tool("fs/read_text_file", {"path": "/etc/passwd"})
                print(out.is_error, "denied" in out.content)
                try:
                    kernel.call_tool("fs/write_file", {"path": "/work/b", "content": ""})
                except analemma.PermissionDenied:
                    print("not permitted")
            """,
            spawn => spawn with { Tools = ["fs/read_text_file"] });
        await kernel.WaitAsync(agent);
        Assert.Equal("Buy milk.\nTrue True\nnot permitted\n", await kernel.OutputAsync(agent));
        var wrong = await Assert.ThrowsAsync<SyscallException>(() => kernel.CallToolAsync("fs/read_text_file", "{}"));
        Assert.Equal(SysErrorCode.InvalidArgument, wrong.Code);
        Assert.Contains("arguments.path is missing", wrong.Message, StringComparison.Ordinal);
    }

    private static string Section(string name, string program, string argument) =>
        $"""
        [tools.{name}]
        command = ["node", "/mnt/npm/node_modules/@modelcontextprotocol/{program}", "{argument}"]
        mounts = ["{NpmPackages.Modules("tool-servers")}:/mnt/npm/node_modules"]
        memory = "512M"
        cpu_quota = 200000

        """;
}
