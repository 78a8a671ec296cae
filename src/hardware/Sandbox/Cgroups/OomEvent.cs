using Analemma.Linux;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Sandbox.Cgroups;

/// <summary>
/// cgroup v1's OOM notice: an eventfd registered through cgroup.event_control (cgroup-v1/memory.rst, 9). It fires as
/// the OOM killer sets out, before the counter has changed.
/// </summary>
internal sealed class OomEvent : IDisposable
{
    private readonly EventFd _event;
    private readonly SafeFileHandle _control;
    private readonly IDisposable _watch;

    private OomEvent(EventFd @event, SafeFileHandle control, IDisposable watch) =>
        (_event, _control, _watch) = (@event, control, watch);

    public static OomEvent? Watch(string group, Watcher watcher, Action happened)
    {
        EventFd @event = new();
        SafeFileHandle control;
        try
        {
            control = File.OpenHandle($"{group}/memory.oom_control");
        }
        catch (IOException)
        {
            @event.Dispose();
            return null;
        }

        var line = $"{@event.DangerousGetHandle()} {control.DangerousGetHandle()}";
        if (CgroupFiles.Write($"{group}/cgroup.event_control", line) is not null)
        {
            @event.Dispose();
            control.Dispose();
            return null;
        }

        var watch = watcher.Watch((int)@event.DangerousGetHandle(), Watcher.In, _ =>
        {
            @event.Clear();
            happened();
        });
        return new OomEvent(@event, control, watch);
    }

    public void Dispose()
    {
        _watch.Dispose();
        _control.Dispose();
        _event.Dispose();
    }
}
