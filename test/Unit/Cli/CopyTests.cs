using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Copying;
using Analemma.Unit.Tests.Client;

namespace Analemma.Unit.Tests.Cli;

public sealed class CopyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-test").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_tree_comes_out_with_its_modes_and_without_its_traps()
    {
        await using var fake = new FakeKernel(request => Serve(request));
        var target = Path.Combine(_folder, "out");

        var run = await CliRun.AgainstAsync(fake, "cp", "a:tree", target, "--json");

        Assert.Equal(0, run.Code);
        Assert.Equal("content", File.ReadAllText(Path.Combine(target, "run.sh")));
        Assert.Equal("content", File.ReadAllText(Path.Combine(target, "below", "deep")));
        Assert.Equal("-rwxr-x---", Mode(Path.Combine(target, "run.sh")));
        Assert.Equal(["below", "run.sh"], Directory.GetFileSystemEntries(target).Select(Path.GetFileName).Order());
        Assert.Empty(Directory.GetFiles(_folder));
        var report = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(4, report.GetProperty("skipped").GetArrayLength());
    }

    [Fact]
    public async Task While_it_comes_a_file_is_its_owners_alone()
    {
        List<string> modes = [];
        await using var fake = new FakeKernel(request =>
        {
            if (request.Number == SyscallNumber.Read)
            {
                modes.AddRange(Directory.GetFiles(_folder).Select(Mode));
                request.Reply("""{"size":0,"bytes_read":0}""");
                return;
            }

            request.Reply("""{"entries":[{"name":"key","kind":"file","size":0,"mode":384}]}""");
        });
        var target = Path.Combine(_folder, "key");

        var run = await CliRun.AgainstAsync(fake, "cp", "a:key", target);

        Assert.True(run.Code == 0, run.Error);
        Assert.Equal(["-rw-------", "-rw-------"], [.. modes, Mode(target)]);
    }

    [Fact]
    public async Task A_link_on_the_host_is_replaced_and_never_written_through()
    {
        await using var fake = new FakeKernel(request => Serve(request));
        var precious = Path.Combine(_folder, "precious");
        File.WriteAllText(precious, "keep");
        var target = Directory.CreateDirectory(Path.Combine(_folder, "out", "tree")).FullName;
        File.CreateSymbolicLink(Path.Combine(target, "run.sh"), precious);

        var run = await CliRun.AgainstAsync(fake, "cp", "a:tree", Path.Combine(_folder, "out"));

        Assert.Equal(0, run.Code);
        Assert.Equal("keep", File.ReadAllText(precious));
        Assert.Equal("content", File.ReadAllText(Path.Combine(target, "run.sh")));
    }

    [Fact]
    public async Task A_folder_that_is_a_link_on_the_host_is_refused()
    {
        await using var fake = new FakeKernel(request => Serve(request));
        var outside = Directory.CreateDirectory(Path.Combine(_folder, "outside")).FullName;
        var target = Directory.CreateDirectory(Path.Combine(_folder, "out", "tree")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(target, "below"), outside);

        var run = await CliRun.AgainstAsync(fake, "cp", "a:tree", Path.Combine(_folder, "out"));

        Assert.Equal(1, run.Code);
        Assert.StartsWith("error link_in_the_way", run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(outside));
    }

    [Fact]
    public async Task A_large_file_goes_in_by_pieces_and_keeps_its_mode()
    {
        List<Write> writes = [];
        await using var fake = new FakeKernel(request => Collect(request, writes));
        var file = Path.Combine(_folder, "big");
        var content = Enumerable.Range(0, 9_000_000).Select(i => (byte)(i % 251)).ToArray();
        File.WriteAllBytes(file, content);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var run = await CliRun.AgainstAsync(fake, "cp", file, "a:");

        Assert.Equal(0, run.Code);
        Assert.Equal(["write", "append", "append"], writes.Select(write => write.Mode));
        Assert.All(writes, write => Assert.Equal(("big", 0b101_000_000), (write.Path, write.FileMode!.Value)));
        var arrived = writes.SelectMany(write => Convert.FromBase64String(write.Content)).ToArray();
        Assert.True(arrived.AsSpan().SequenceEqual(content));
    }

    [Fact]
    public async Task A_folder_goes_in_without_links_and_pipes()
    {
        List<Write> writes = [];
        await using var fake = new FakeKernel(request => Collect(request, writes));
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "src")).FullName;
        Directory.CreateDirectory(Path.Combine(folder, "empty"));
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "b")).FullName, "x"), "1");
        File.WriteAllText(Path.Combine(folder, "y"), "");
        File.CreateSymbolicLink(Path.Combine(folder, "passwd"), "/etc/passwd");
        using (var made = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(folder, "pipe")]))
        {
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var run = await CliRun.AgainstAsync(fake, "cp", folder, "a:new");

        Assert.Equal(0, run.Code);
        Assert.Equal(["new/b/x", "new/y"], writes.Select(write => write.Path));
        Assert.Equal(3, run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Theory]
    [InlineData("a:b/c", "a", "b/c")]
    [InlineData("a:", "a", "")]
    [InlineData("./a:b", null, "./a:b")]
    [InlineData("/x", null, "/x")]
    [InlineData(":x", null, ":x")]
    public void Which_side_a_path_is_on(string text, string? agent, string path)
    {
        var place = CopyPlace.Parse(text);

        Assert.Equal((agent, path), (place.Agent?.Name, place.Path));
    }

    private static void Serve(FakeRequest request)
    {
        if (request.Number == SyscallNumber.Read)
        {
            request.Piece("content"u8.ToArray());
            request.Reply("""{"size":7,"bytes_read":7}""");
            return;
        }

        request.Reply(request.Text.Contains("below", StringComparison.Ordinal)
            ? """{"is_folder":true,"entries":[{"name":"deep","kind":"file","size":7,"mode":420}]}"""
            : """
              {"is_folder":true,"entries":[
                {"name":"run.sh","kind":"file","size":7,"mode":2536},
                {"name":"../escape","kind":"file","size":7,"mode":420},
                {"name":"..","kind":"folder","size":0,"mode":493},
                {"name":"link","kind":"link","size":0,"mode":511},
                {"name":"pipe","kind":"other","size":0,"mode":420},
                {"name":"below","kind":"folder","size":0,"mode":493}]}
              """);
    }

    private static void Collect(FakeRequest request, List<Write> writes)
    {
        if (request.Number == SyscallNumber.Files)
        {
            request.Fail(SysErrorCode.NoSuchFile, "there is no file");
            return;
        }

        Assert.True(AbiJson.TryRead(request.Payload, AbiJsonContext.Default.Write, out var write, out _));
        writes.Add(write);
        request.Reply("""{"bytes_written":1}""");
    }

    private static string Mode(string path) => $"-{string.Concat(
        Enumerable.Range(
            0, 9).Select(bit => ((int)File.GetUnixFileMode(path) >> (8 - bit) & 1) == 1 ? "rwx"[bit % 3] : '-'))}";
}
