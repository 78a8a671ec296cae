namespace Analemma.Bench.Fairness;

/// <summary>
/// The synthetic workloads of the VTC paper, with the rates and lengths of its artifact. Fixed seed; only the random
/// phases differ from the artifact's.
/// </summary>
internal static class Workloads
{
    public static IReadOnlyList<Job> Make(string name)
    {
        Random random = new(42);
        var jobs = name switch
        {
            "overload" => Steady(random, [1.5, 3], 360),
            "overload-multi" => Steady(random, [.4, .4, .4, .6, .6, .6, .6, .6], 360),
            "overload-weighted" => Steady(random, [.8, .8, 1.2, 1.6], 360),
            "overload-classes" => Steady(random, [2, 2, 2], 360),
            "proportional" => Steady(random, [.25, .5, 1.5], 600),
            "on_off_less" => Steady(random, [.5, 2], 600, onOff: 60),
            "on_off_overload" => Steady(random, [2, 3], 600, onOff: 60),
            "poisson_short_long" => Poisson(random, [8, 1.5], 600, [(64, 64), (256, 256)]),
            "poisson_short_long_2" => Poisson(random, [8, 1.5], 600, [(512, 32), (32, 512)]),
            "increase" => [.. Steady(random, [.5], 600), .. Ramp()],
            "dist_shift" =>
            [
                .. Steady(random, [.5, 2], 300, onOff: 60),
                .. Steady(random, [1, 1], 300, from: 300),
                .. Steady(random, [3, 1], 300, from: 600),
            ],
            _ => throw new BenchException($"there is no workload {name}"),
        };
        return [.. jobs.OrderBy(job => job.ArrivesAt).ThenBy(job => job.Client)];
    }

    /// <summary>Requests at even distances; with on and off, the first client asks every other minute.</summary>
    private static List<Job> Steady(Random random, double[] rates, int seconds, int onOff = 0, double from = 0)
    {
        List<Job> jobs = [];
        for (var client = 0; client < rates.Length; client++)
        {
            var at = from + (random.NextDouble() / rates[client]);
            for (var i = 0; i < (int)(rates[client] * seconds); i++)
            {
                at += 1 / rates[client];
                if (onOff == 0 || client > 0 || ((int)(at / onOff) & 1) == 0)
                {
                    jobs.Add(new Job(client, 256, 256, at));
                }
            }
        }

        return jobs;
    }

    private static List<Job> Poisson(Random random, double[] rates, int seconds, (int Input, int Output)[] lengths)
    {
        List<Job> jobs = [];
        var (total, at) = (rates.Sum(), 0.0);
        for (var i = 0; i < (int)(total * seconds); i++)
        {
            at += -Math.Log(1 - random.NextDouble()) / total;
            var client = random.NextDouble() < rates[0] / total ? 0 : 1;
            jobs.Add(new Job(client, lengths[client].Input, lengths[client].Output, at));
        }

        return jobs;
    }

    /// <summary>From 0.2 to 2 requests a second within ten minutes.</summary>
    private static IEnumerable<Job> Ramp()
    {
        var at = 0.0;
        for (var i = 0; i < (int)(.5 * 2.2 * 600); i++)
        {
            at += 1 / (.2 + (1.8 * at / 600));
            yield return new Job(1, 256, 256, at);
        }
    }
}
