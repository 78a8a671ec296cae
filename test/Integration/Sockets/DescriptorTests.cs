using System.Globalization;
using Analemma.Abi;
using Analemma.Daemon.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Integration.Tests.Sockets;

/// <summary>Alone, because descriptors are the whole process's.</summary>
[CollectionDefinition(nameof(DescriptorTests), DisableParallelization = true)]
public sealed class AloneCollection;

[Collection(nameof(DescriptorTests))]
public sealed class DescriptorTests
{
    [Fact]
    public async Task Connections_leave_descriptors_to_the_rest_of_the_kernel()
    {
        const int Reserved = 40;
        var gaps = FillGaps();
        var lowest = (int)gaps[^1].DangerousGetHandle();
        await using var server = new RunningServer(options: new SocketOptions
        {
            OpenFilesMax = lowest + 100,
            OpenFilesReserved = Reserved,
        });
        using var first = server.Connect();
        Assert.Equal("first", first.Call(0x00, "first").Text);
        List<RawClient> clients = [];
        while (clients.Count < 100)
        {
            clients.Add(server.Connect());
            if (clients[^1].Call(SyscallNumber.Noop, "more").Header.Status == SysErrorCode.LimitExceeded)
            {
                break;
            }
        }

        Assert.InRange(clients.Count, 1, 60);
        Assert.True(clients[^1].ReadsEnd());
        Assert.Equal("still", first.Call(0x00, "still").Text);
        clients.ForEach(client => client.Dispose());
        Assert.True(SpinWait.SpinUntil(() => server.Server.Connections == 1, TimeSpan.FromSeconds(20)));
        using var after = server.Connect();
        Assert.Equal("after", after.Call(0x00, "after").Text);
        gaps.ForEach(gap => gap.Dispose());
    }

    // The other tests of this process have opened and closed many: from here on, numbers follow one another.
    private static List<SafeFileHandle> FillGaps()
    {
        var highest = Directory.GetFileSystemEntries("/proc/self/fd")
            .Max(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture));
        List<SafeFileHandle> gaps = [];
        do
        {
            gaps.Add(File.OpenHandle("/dev/null"));
        }
        while (gaps[^1].DangerousGetHandle() <= highest);
        return gaps;
    }
}
