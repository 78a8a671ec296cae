using System.Text;
using System.Text.Json;
using Analemma.Integration.Tests.Sandbox;
using Analemma.Linux;
using Analemma.Sandbox.Notify;

namespace Analemma.Integration.Tests.Containment;

public sealed class FilterHolderTests
{
    [Fact]
    public async Task Filters_of_the_ended_do_not_pile_up_and_those_of_the_living_stay()
    {
        await using var home = await ListeningHome.OpenAsync("crun", isHeld: true);
        await using var living = await home.Home.StartAsync(EngineHome.Shell("echo ready; sleep 600"));
        await EngineHome.UntilAsync(living, "ready");

        for (var round = 0; round < 20; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => home.RunAsync(EngineHome.Shell("true"))));
        }

        using var queue = TakeQueue(home.HolderFolder);
        var keys = Keys(queue);
        Assert.InRange(keys.Count, 1, 130);
        Assert.Contains(living.Key, keys);
    }

    [Fact]
    public async Task The_filter_of_one_that_has_ended_is_not_taken_for_another_that_has_its_number()
    {
        await using var home = await ListeningHome.OpenAsync("crun", isHeld: true);
        for (var round = 0; round < 5; round++)
        {
            await home.RunAsync(EngineHome.Shell("true"));
            await using var sandbox = await home.Home.StartAsync(EngineHome.Shell(
                "echo ready; while [ ! -e go ]; do sleep 0.01; done; echo fine >own && cat own"));
            await EngineHome.UntilAsync(sandbox, "ready");
            await home.RunAsync(EngineHome.Shell("true"));
            await sandbox.Work.OpenWrite("go", append: false, mode: 0x1A4).DisposeAsync();
            await sandbox.Exited.WaitAsync(TimeSpan.FromSeconds(20), EngineHome.Token);
            Assert.EndsWith("fine\n", await EngineHome.OutputAsync(sandbox), StringComparison.Ordinal);
        }

        Assert.False(home.Faults.Reader.TryRead(out var fault), fault?.ToString());
        var turns = home.Listener.Turns;
        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, EngineHome.Token);
        Assert.InRange(home.Listener.Turns - turns, 0, 50);
    }

    [Fact]
    public async Task The_next_kernel_finds_those_of_the_living_alone()
    {
        await using var home = await ListeningHome.OpenAsync("crun", isHeld: true);
        await using var living = await home.Home.StartAsync(EngineHome.Shell("echo ready; sleep 600"));
        await EngineHome.UntilAsync(living, "ready");
        var ended = EngineHome.Shell("true");
        await home.RunAsync(ended);

        using var next = FilterHolder.Open(home.HolderFolder, Assert.Fail);

        Assert.True(next.Has(living.Key));
        Assert.False(next.Has(ended.Key));
        Assert.False(next.IsEmpty);
        living.Kill();
        await living.Exited;
        Assert.True(next.IsEmpty);
    }

    [Fact]
    public void A_queue_that_is_full_of_the_living_says_so_and_loses_none()
    {
        var (into, from) = UnixSocket.MakeQueue(bytes: 8192);
        using HeldFilters queue = new(into, from);
        var (read, write) = HostFiles.MakePipe(readBlocks: true);
        using SeccompNotifyFd stands = new(read);
        var kept = 0;
        while (kept < 1000 && queue.Keep($"key{kept}", stands))
        {
            kept++;
        }

        Assert.InRange(kept, 5, 100);
        var living = queue.Living();
        Assert.Equal(Enumerable.Range(0, kept).Select(number => $"key{number}"), living.Select(one => one.Key));
        Assert.False(queue.Keep(new string('x', 256), stands));
        foreach (var (_, filter) in living)
        {
            filter.Dispose();
        }

        // The other end closed is what an ended filter looks like: hung up.
        write.Dispose();
        Assert.True(queue.Keep("later", stands));
        Assert.Empty(queue.Living());
    }

    [Fact]
    public void A_record_of_another_process_is_not_believed()
    {
        var folder = Directory.CreateTempSubdirectory("analemma-holder-").FullName;
        (HolderRecord.Of(Environment.ProcessId) with { StartTime = 1 }).Save(folder);
        Assert.Null(HolderRecord.TryHold(folder, out _));
        (HolderRecord.Of(Environment.ProcessId) with { Boot = "another" }).Save(folder);
        Assert.Null(HolderRecord.TryHold(folder, out _));
        File.WriteAllText(HolderRecord.PathIn(folder), "{ \"Pid\": ");
        Assert.Null(HolderRecord.TryHold(folder, out _));
        HolderRecord.Of(Environment.ProcessId).Save(folder);
        using (var believed = HolderRecord.TryHold(folder, out var pid))
        {
            Assert.NotNull(believed);
            Assert.Equal(Environment.ProcessId, pid);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_that_was_never_recorded_is_found_and_ended_and_no_other(bool adopts)
    {
        var folder = Directory.CreateTempSubdirectory("analemma-holder-").FullName;
        using var ours = ChildProcess.Start(new ChildStart("/usr/bin/sleep", ["sleep", "600"])
        {
            Env = HolderMark.Of(folder),
        });
        using var others = ChildProcess.Start(new ChildStart("/usr/bin/sleep", ["sleep", "600"])
        {
            Env = HolderMark.Of($"{folder}-other"),
        });

        using var holder = adopts ? FilterHolder.Open(folder, Assert.Fail) : null;
        if (!adopts)
        {
            FilterHolder.EndLeftover(folder);
        }

        Assert.True(SpinWait.SpinUntil(() => ours.Handle.HasEnded, TimeSpan.FromSeconds(10)));
        Assert.False(others.Handle.HasEnded);
        others.Handle.TrySignal(9);
        Assert.Equal(adopts, FilterHolder.FindProcess(folder) is not null);
        holder?.End();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_holder_carries_the_mark_by_which_it_would_be_found()
    {
        var folder = Directory.CreateTempSubdirectory("analemma-holder-").FullName;
        using var holder = FilterHolder.Open(folder, Assert.Fail);
        var pid = FilterHolder.FindProcess(folder);
        var mark = HolderMark.Of(folder).Select(pair => $"{pair.Key}={pair.Value}\0").Single();

        // In the first moment of a program its environment cannot be seen yet.
        Assert.True(SpinWait.SpinUntil(
            () => ProcFiles.TryRead($"/proc/{pid}/environ") == mark, TimeSpan.FromSeconds(10)));
        holder.End();
        Directory.Delete(folder, recursive: true);
    }

    private static UnixSocket TakeQueue(string folder)
    {
        using var record = JsonDocument.Parse(File.ReadAllText(HolderRecord.PathIn(folder)));
        using var holder = PidFd.TryOpen(record.RootElement.GetProperty("Pid").GetInt32())!;
        return UnixSocket.TryOpenQueue(holder.TryTake(1, out _)!)!;
    }

    /// <summary>Whose filters are in the queue, which is empty then.</summary>
    private static List<string> Keys(UnixSocket queue)
    {
        List<string> keys = [];
        List<Microsoft.Win32.SafeHandles.SafeFileHandle> filters = [];
        var message = new byte[512];
        while (DescriptorMessage.Receive(queue, message, filters) is var length and > 0)
        {
            keys.Add(Encoding.UTF8.GetString(message.AsSpan(8..length)));
        }

        filters.ForEach(filter => filter.Dispose());
        return keys;
    }
}
