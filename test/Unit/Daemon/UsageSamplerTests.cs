using System.Reflection;
using Analemma.Abi;
using Analemma.Daemon;
using Analemma.Daemon.Runners;
using Analemma.Kernel.Events;
using Analemma.Sandbox;

namespace Analemma.Unit.Tests.Daemon;

public sealed class UsageSamplerTests
{
    private readonly LiveSandboxes _live = new();
    private readonly List<ProcessId> _sampled = [];
    private readonly UsageSampler _sampler;

    public UsageSamplerTests() => _sampler = new UsageSampler(
        _live, TimeProvider.System, posted => _sampled.Add(Assert.IsType<UsageSampled>(posted).Process));

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(100)]
    [InlineData(501)]
    public void A_round_reads_everybody_once_and_few_at_a_time(int running)
    {
        Run(running);
        var (longest, took) = (0, TimeSpan.Zero);
        while (_sampled.Count < running)
        {
            var before = _sampled.Count;
            took += _sampler.SampleSome();
            longest = Math.Max(longest, _sampled.Count - before);
        }

        Assert.Equal(running, _sampled.Distinct().Count());
        Assert.InRange(longest, 1, DaemonLimits.SampledAtOnceMax);
        var least = DaemonLimits.SampleEvery > DaemonLimits.SampleEveryPerProcess * running
            ? DaemonLimits.SampleEvery
            : DaemonLimits.SampleEveryPerProcess * running;
        Assert.InRange(took, least - TimeSpan.FromMilliseconds(1), least + TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public void Who_came_during_a_round_is_in_the_next_and_who_has_ended_is_in_none()
    {
        var ends = Run(6);
        _sampler.SampleSome();
        Run(1, from: 100);
        ends[5]();
        _sampler.SampleSome();
        Assert.Equal(5, _sampled.Count);

        _sampled.Clear();
        _sampler.SampleSome();
        _sampler.SampleSome();
        Assert.Contains(new ProcessId(100), _sampled);
        Assert.DoesNotContain(new ProcessId(6), _sampled);
    }

    [Fact]
    public void With_nobody_to_read_it_looks_again_as_often_as_ever() =>
        Assert.Equal(DaemonLimits.SampleEvery, _sampler.SampleSome());

    private List<Action> Run(int count, long from = 1)
    {
        List<Action> ends = [];
        for (var i = 0; i < count; i++)
        {
            var (sandbox, end) = CountedSandbox.Make($"agent-{from + i}");
            _live.Add(new ProcessId(from + i), sandbox);
            ends.Add(end);
        }

        return ends;
    }

    /// <summary>A sandbox of which only the counters are asked for.</summary>
    public class CountedSandbox : DispatchProxy
    {
        private readonly TaskCompletionSource<SandboxExit> _exited = new();
        private string _key = "";

        public static (ISandbox Sandbox, Action End) Make(string key)
        {
            var sandbox = Create<ISandbox, CountedSandbox>();
            var counted = (CountedSandbox)(object)sandbox;
            counted._key = key;
            return (sandbox, () => counted._exited.SetResult(new SandboxExit(0, null, new SandboxUsage())));
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod?.Name switch
        {
            "get_Key" => _key,
            "get_Exited" => _exited.Task,
            "ReadUsage" => new SandboxUsage(),
            var other => throw new NotSupportedException(other),
        };
    }
}
