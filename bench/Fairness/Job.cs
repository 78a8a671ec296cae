using Analemma.Kernel.Models;

namespace Analemma.Bench.Fairness;

/// <summary>One request of a workload, and what became of it. Times are virtual seconds.</summary>
internal sealed class Job(int client, int input, int output, double arrivesAt) : FairEntry
{
    /// <summary>The paper's weights: a token written counts as two read.</summary>
    public const int OutputWeight = 2;

    public int Client { get; } = client;

    public int Input { get; } = input;

    public int Output { get; } = output;

    public double ArrivesAt { get; } = arrivesAt;

    public int Generated { get; set; }

    public double FirstTokenAt { get; set; } = -1;

    public double EndedAt { get; set; } = -1;

    public bool IsServed => EndedAt >= 0;

    public long Service => Input + (OutputWeight * Output);
}
