using System.Text;
using Analemma.Abi.Syscalls;
using Analemma.Sandbox;

namespace Analemma.Integration.Tests.Sandbox;

public sealed class WorkFolderTests
{
    private const string Traps = """
        ln -s /etc/hostname out; ln -s ../../../../../etc/passwd up; ln -s / root; ln -s loop loop
        mkfifo fifo; mkdir sub; echo inside >sub/file; ln -s sub/file good; echo done
        """;

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task No_path_leads_out_and_nothing_planted_blocks(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        await using var sandbox = await home.StartAsync(EngineHome.Shell($"{Traps}\nsleep 600"));
        await EngineHome.UntilAsync(sandbox, "done");

        string[] paths = ["out", "up", "root/etc/passwd", "../etc/passwd", "/etc/passwd", "loop", "sub/../../x"];
        foreach (var path in paths)
        {
            Assert.Throws<UnauthorizedAccessException>(() => sandbox.Work.OpenRead(path));
            Assert.Throws<UnauthorizedAccessException>(() => sandbox.Work.OpenWrite(path, append: false, 0x1A4));
        }

        Assert.Throws<IOException>(() => sandbox.Work.OpenRead("fifo"));
        Assert.Throws<IOException>(() => sandbox.Work.OpenWrite("fifo", append: true, 0x1A4));
        Assert.Throws<IOException>(() => sandbox.Work.OpenRead("sub"));
        Assert.Throws<FileNotFoundException>(() => sandbox.Work.OpenRead("none"));
        Assert.Equal("inside\n", Read(sandbox, "good"));
        Assert.Equal("inside\n", Read(sandbox, "/work/sub/file"));
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task Files_put_in_belong_to_the_agent_and_outlive_it(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        await using var sandbox = await home.Engine.CreateAsync(
            EngineHome.Shell("stat -c '%u %a' a/b/in; cat a/b/in >>copy; rm a/b/in; echo more >a/new; ln -s copy link"),
            EngineHome.Token);
        Write(sandbox, "a/b/in", "hello");
        await sandbox.StartAsync(EngineHome.Token);
        Assert.Equal(0, (await sandbox.Exited).Code);

        Assert.Equal("1000 640\n", await EngineHome.OutputAsync(sandbox));
        Assert.Equal("hello", Read(sandbox, "copy"));
        Assert.Equal("hello", Read(sandbox, "link"));
        Assert.Equal("more\n", Read(sandbox, "a/new"));
        var (isFolder, entries) = sandbox.Work.List("");
        Assert.True(isFolder);
        Assert.Equal(["a", "copy", "link"], entries.Select(entry => entry.Name));
        Assert.Equal([FileKind.Folder, FileKind.File, FileKind.Link], entries.Select(entry => entry.Kind));
    }

    [Fact]
    public async Task What_cannot_be_copied_does_not_hold_up_the_end()
    {
        await using var home = await EngineHome.OpenAsync("crun");
        const string hostile = """
            import os
            os.mkfifo('fifo')
            d = '.'
            for i in range(300):
                d += '/d'
                os.mkdir(d)
            with open('sparse', 'wb') as f: f.truncate(1 << 40)
            with open('kept', 'w') as f: f.write('kept')
            """;
        await using var sandbox = await home.StartAsync(EngineHome.Python(hostile));

        Assert.Equal(0, (await sandbox.Exited.WaitAsync(TimeSpan.FromSeconds(10), EngineHome.Token)).Code);
        Assert.Equal("kept", Read(sandbox, "kept"));
    }

    private static string Read(ISandbox sandbox, string path)
    {
        using StreamReader reader = new(sandbox.Work.OpenRead(path));
        return reader.ReadToEnd();
    }

    private static void Write(ISandbox sandbox, string path, string text)
    {
        using var file = sandbox.Work.OpenWrite(path, append: false, mode: 0x1A0);
        file.Write(Encoding.UTF8.GetBytes(text));
    }
}
