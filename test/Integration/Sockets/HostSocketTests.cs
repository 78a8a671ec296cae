using System.Net.Sockets;
using Analemma.Daemon.Sockets;
using Analemma.Linux;

namespace Analemma.Integration.Tests.Sockets;

public sealed class HostSocketTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("analemma-");

    private string SocketPath => Path.Combine(_folder.FullName, "made", "kernel.sock");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_socket_and_its_folder_are_the_owners_only()
    {
        using var host = HostSocket.Claim(SocketPath);
        await using var server = new SyscallServer(new StubSink(), new SocketOptions(), TimeProvider.System);
        server.ListenForHost(host);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketPath));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(Path.GetDirectoryName(SocketPath)!));
    }

    [Fact]
    public async Task A_running_kernel_is_left_alone_and_its_place_is_free_after()
    {
        using (var host = HostSocket.Claim(SocketPath))
        {
            await using var server = new SyscallServer(new StubSink(), new SocketOptions(), TimeProvider.System);
            server.ListenForHost(host);

            var refused = Assert.Throws<HostSocketException>(() => HostSocket.Claim(SocketPath));
            Assert.Contains("running here already", refused.Message, StringComparison.Ordinal);
            using var client = new RawClient(SocketPath);
            Assert.Equal("alive", client.Call(0x00, "alive").Text);
        }

        HostSocket.Claim(SocketPath).Dispose();
    }

    [Fact]
    public void A_stale_socket_is_taken_over()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(SocketPath)!);
        UnixSocket.Listen(SocketPath, UnixFileMode.UserRead | UnixFileMode.UserWrite, backlog: 1).Dispose();

        Assert.True(File.Exists(SocketPath));
        using var host = HostSocket.Claim(SocketPath);
        Assert.False(File.Exists(SocketPath));
    }

    [Fact]
    public void Another_programs_live_socket_is_refused()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(SocketPath)!);
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(SocketPath));
        other.Listen();

        var refused = Assert.Throws<HostSocketException>(() => HostSocket.Claim(SocketPath));
        Assert.Contains("another program", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file")]
    [InlineData("folder")]
    [InlineData("link")]
    public void What_is_not_a_socket_is_never_removed(string kind)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(SocketPath)!);
        _ = kind switch
        {
            "file" => Touch(SocketPath),
            "folder" => Directory.CreateDirectory(SocketPath),
            _ => File.CreateSymbolicLink(SocketPath, Touch(Path.Combine(_folder.FullName, "target")).FullName),
        };

        Assert.Throws<HostSocketException>(() => HostSocket.Claim(SocketPath));
        Assert.True(Path.Exists(SocketPath));
    }

    [Fact]
    public void A_path_that_no_socket_can_have_is_refused() =>
        Assert.Throws<HostSocketException>(() => HostSocket.Claim("/tmp/" + new string('x', 104)));

    private static FileInfo Touch(string path)
    {
        File.WriteAllText(path, "");
        return new FileInfo(path);
    }
}
