namespace Analemma.Bench.Fairness;

// THE ENGINE
//
// A continuous-batching model server on virtual time. Its constants were fitted to the cost profile that was published
// with the paper's artifact (Llama-2-7B on an A10G):
//
//   prefill       10 ms + 0.215 ms a token, for those admitted together
//   decode step   13.3 ms + 0.283 ms a request + 2.5 us a token of context
//   memory        10,000 tokens; a request is admitted when no later step of the batch can exceed them
//   admission     before every fifth step, at most 5,000 tokens of prompts together
//
// The scheduler under test only says who is next; when its choice does not fit, nobody is admitted.
internal static class Engine
{
    private const int MemoryTokens = 10_000;
    private const int BatchMax = 1_000;
    private const int PromptTokensMax = 5_000;
    private const int AdmitEvery = 5;

    public static void Run(IReadOnlyList<Job> jobs, IDiscipline discipline)
    {
        var (now, next, step) = (0.0, 0, 0L);
        List<Job> running = [];
        while (next < jobs.Count || running.Count > 0 || discipline.Peek() is not null)
        {
            for (; next < jobs.Count && jobs[next].ArrivesAt <= now; next++)
            {
                discipline.Add(jobs[next]);
            }

            if (running.Count == 0 && discipline.Peek() is null)
            {
                now = next < jobs.Count ? jobs[next].ArrivesAt : now;
                continue;
            }

            var prompts = step % AdmitEvery == 0 || running.Count == 0 ? Admit(discipline, running) : 0;
            now += prompts > 0 ? 0.01 + (0.000215 * prompts) : 0;
            now += 0.0133 + (0.000283 * running.Count) + (2.5e-6 * running.Sum(job => job.Input + job.Generated));
            step++;
            Decode(discipline, running, now);
        }
    }

    private static int Admit(IDiscipline discipline, List<Job> running)
    {
        var prompts = 0;
        while (discipline.Peek() is { } job && Fits(running, job) && prompts + job.Input <= PromptTokensMax)
        {
            discipline.Admit(job);
            running.Add(job);
            prompts += job.Input;
        }

        return prompts;
    }

    private static void Decode(IDiscipline discipline, List<Job> running, double now)
    {
        foreach (var job in running)
        {
            job.Generated++;
            job.FirstTokenAt = job.FirstTokenAt < 0 ? now : job.FirstTokenAt;
            if (job.Generated >= job.Output)
            {
                job.EndedAt = now;
                discipline.Ended(job);
            }
        }

        running.RemoveAll(job => job.IsServed);
    }

    /// <summary>Memory is fullest just before one of the batch ends; the longest left come first.</summary>
    private static bool Fits(List<Job> running, Job job)
    {
        var batch = running
            .Select(other => (Has: other.Input + other.Generated, Left: other.Output - other.Generated - 1))
            .Append((Has: job.Input + 1, Left: job.Output - 1))
            .OrderByDescending(entry => entry.Left);
        var (has, count, most) = (0, 0, 0);
        foreach (var entry in batch)
        {
            has += entry.Has;
            count++;
            most = Math.Max(most, (entry.Left * count) + has);
        }

        return most < MemoryTokens && count <= BatchMax;
    }
}
