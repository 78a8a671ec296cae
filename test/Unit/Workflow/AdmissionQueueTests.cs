using Analemma.Workflow.Admission;

namespace Analemma.Unit.Tests.Workflow;

/// <summary>The line of executions, against rules that are checked by going through everything.</summary>
public sealed class AdmissionQueueTests
{
    private const int Worlds = 400;
    private const int Steps = 400;
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void No_more_run_than_may_and_the_rest_come_in_their_order()
    {
        AdmissionQueue<int> queue = new(new AdmissionLimits(Max: 10, QueueMax: 500));

        var answers = Enumerable.Range(0, 1000).Select(who => queue.Ask("m", who, Start)).ToList();

        Assert.Equal(10, answers.Count(each => each is AdmissionAnswer.Admitted));
        Assert.Equal(500, answers.Count(each => each is AdmissionAnswer.Queued));
        Assert.Equal(490, queue.Refused);
        List<int> order = [];
        for (var who = 0; who < 510; who++)
        {
            queue.Leave(who);
            order.AddRange(queue.Admit());
            Assert.True(queue.Running <= 10);
        }

        Assert.Equal(Enumerable.Range(10, 500), order);
        Assert.Equal((0, 0), (queue.Running, queue.Queued));
        Assert.Empty(queue.Lanes());
    }

    [Fact]
    public void What_is_reserved_is_there_however_many_others_wait()
    {
        AdmissionQueue<string> queue = new(new AdmissionLimits(Max: 4, QueueMax: 100));
        Assert.True(queue.Configure("vip", new LaneLimits(int.MaxValue, 2, int.MaxValue)));
        foreach (var n in Enumerable.Range(0, 50))
        {
            queue.Ask("all", $"a{n}", Start);
        }

        Assert.Equal(2, queue.View("all").Running);
        Assert.Equal(AdmissionAnswer.Admitted, queue.Ask("vip", "v1", Start));
        Assert.Equal(AdmissionAnswer.Admitted, queue.Ask("vip", "v2", Start));
        Assert.Equal(AdmissionAnswer.Queued, queue.Ask("vip", "v3", Start));
        Assert.False(queue.Configure("other", new LaneLimits(int.MaxValue, 3, int.MaxValue)));
        queue.Leave("v1");
        Assert.Equal(["v3"], queue.Admit());
    }

    [Fact]
    public void What_runs_inside_of_something_that_runs_needs_no_place_of_all()
    {
        AdmissionQueue<string> queue = new(new AdmissionLimits(Max: 1, QueueMax: 10));
        queue.Configure("child", new LaneLimits(1, 0, int.MaxValue));
        Assert.Equal(AdmissionAnswer.Admitted, queue.Ask("parent", "p", Start));
        Assert.Equal(AdmissionAnswer.Queued, queue.Ask("child", "c1", Start));

        // Before c1, which waits for p: else p would wait for ever.
        Assert.Equal(AdmissionAnswer.Admitted, queue.Ask("child", "c2", Start, isInner: true));
        Assert.Equal(AdmissionAnswer.Queued, queue.Ask("child", "c3", Start, isInner: true));
        queue.Leave("p");
        Assert.Empty(queue.Admit());
        queue.Leave("c2");
        Assert.Equal(["c3"], queue.Admit());
        queue.Leave("c3");
        Assert.Equal(["c1"], queue.Admit());
    }

    [Fact]
    public void Whatever_happens_the_rules_hold()
    {
        for (var seed = 0; seed < Worlds; seed++)
        {
            try
            {
                new World(seed).Run();
            }
            catch (InvalidOperationException broken)
            {
                Assert.Fail($"seed {seed}: {broken}");
            }
        }
    }

    [Fact]
    public void A_line_that_is_not_kept_is_found_out()
    {
        // The negative control: a rule that lets the last in first is not what the queue does.
        World world = new(7) { IsWrong = true };

        Assert.ThrowsAny<Xunit.Sdk.XunitException>(world.Run);
    }

    /// <summary>Random asks, ends and changes; and the same rules, by looking at everybody each time.</summary>
    private sealed class World(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly List<Item> _all = [];
        private readonly Dictionary<string, LaneLimits> _limits = new(StringComparer.Ordinal);
        private readonly string[] _lanes = ["a", "b", "c", "d"];
        private int _asked;

        public bool IsWrong { get; init; }

        private sealed record Item(int Who, string Lane, bool IsInner)
        {
            public bool IsRunning { get; set; }
        }

        public void Run()
        {
            var max = _random.Next(1, 8);
            AdmissionQueue<int> queue = new(new AdmissionLimits(max, _random.Next(0, 30)));
            for (var step = 0; step < Steps; step++)
            {
                Step(queue, max);
                var expected = Admitted(max).ToList();
                var admitted = queue.Admit();
                Assert.True(
                    expected.Order().SequenceEqual(admitted.Order()),
                    $"seed {seed}, step {step}: {string.Join(' ', expected)} expected, "
                    + $"{string.Join(' ', admitted)} admitted of at most {max}; "
                    + $"{string.Join("; ", queue.Lanes())}; {string.Join(' ', _all)}");
                Check(queue, max);
            }
        }

        private void Step(AdmissionQueue<int> queue, int max)
        {
            var lane = _lanes[_random.Next(_lanes.Length)];
            switch (_random.Next(10))
            {
                case 0:
                    LaneLimits limits = new(_random.Next(1, 6), _random.Next(0, 3), _random.Next(0, 20));
                    var others = _limits.Where(pair => pair.Key != lane).Sum(pair => pair.Value.Reserved);
                    Assert.Equal(others + limits.Reserved <= max, queue.Configure(lane, limits));
                    if (others + limits.Reserved <= max)
                    {
                        _limits[lane] = limits;
                    }

                    break;
                case < 6:
                    Item item = new(_asked++, lane, _random.Next(5) == 0);
                    var answer = queue.Ask(lane, item.Who, Start, item.IsInner);
                    if (answer is not AdmissionAnswer.Refused)
                    {
                        item.IsRunning = answer is AdmissionAnswer.Admitted;
                        _all.Add(item);
                    }

                    break;
                default:
                    if (_all.Count > 0)
                    {
                        var gone = _all[_random.Next(_all.Count)];
                        _all.Remove(gone);
                        queue.Leave(gone.Who);
                    }

                    break;
            }
        }

        private LaneLimits LimitsOf(string lane) => _limits.GetValueOrDefault(lane, LaneLimits.None);

        private int RunningIn(string lane) => _all.Count(item => item.IsRunning && item.Lane == lane);

        private int OwnIn(string lane) => _all.Count(item => item is { IsRunning: true, IsInner: false }
            && item.Lane == lane);

        private int SharedLeft(int max) => max - _limits.Values.Sum(each => each.Reserved)
            - _lanes.Sum(lane => Math.Max(0, OwnIn(lane) - LimitsOf(lane).Reserved));

        // First whoever needs no shared place, then whoever came first.
        private IEnumerable<int> Admitted(int max)
        {
            while (true)
            {
                var firsts = _lanes.SelectMany(lane => new[]
                {
                    First(lane, isInner: true), First(lane, isInner: false),
                }).OfType<Item>().Where(item => RunningIn(item.Lane) < LimitsOf(item.Lane).Max).ToList();
                var isFull = _all.Count(item => item is { IsRunning: true, IsInner: false }) >= max;
                var next = firsts.FirstOrDefault(item => item.IsInner)
                    ?? (isFull ? null
                        : firsts.Where(item => OwnIn(item.Lane) < LimitsOf(item.Lane).Reserved).MinBy(item => item.Who))
                    ?? (!isFull && SharedLeft(max) > 0 ? firsts.MinBy(item => item.Who) : null);
                if (next is null)
                {
                    yield break;
                }

                next.IsRunning = true;
                yield return next.Who;
            }
        }

        private Item? First(string lane, bool isInner)
        {
            var line = _all.Where(item => !item.IsRunning && item.Lane == lane && item.IsInner == isInner);
            return IsWrong ? line.LastOrDefault() : line.FirstOrDefault();
        }

        private void Check(AdmissionQueue<int> queue, int max)
        {
            Assert.True(queue.Running <= max, $"{queue.Running} of {max} run");
            Assert.Equal(_all.Count(item => item is { IsRunning: true, IsInner: false }), queue.Running);
            Assert.Equal(_all.Count(item => !item.IsRunning), queue.Queued);
            foreach (var lane in _lanes)
            {
                Assert.Equal(RunningIn(lane), queue.View(lane).Running);
            }
        }
    }
}
