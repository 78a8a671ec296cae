namespace Analemma.Sandbox.Cgroups;

/// <summary>The end of a group: everything inside killed, then the group removed. Both take a moment.</summary>
internal static class CgroupEnd
{
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(10);

    /// <summary>Kills until nobody is left.</summary>
    public static async Task EmptyAsync(this ICgroup cgroup, TimeProvider clock)
    {
        var since = clock.GetTimestamp();
        cgroup.Kill();
        while (!cgroup.IsEmpty && clock.GetElapsedTime(since) < WaitMax)
        {
            await Task.Delay(Wait, clock);
            cgroup.Kill();
        }
    }

    /// <summary>Removes an emptied group; processes that have ended keep it busy until they are reaped.</summary>
    public static async Task RemoveAsync(this ICgroup cgroup, TimeProvider clock)
    {
        var since = clock.GetTimestamp();
        while (!cgroup.TryRemove() && clock.GetElapsedTime(since) < WaitMax)
        {
            await Task.Delay(Wait, clock);
        }
    }
}
