using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands.Workflows;

/// <summary>Executions, followed as they go on.</summary>
internal sealed class WatchCommands
{
    private const int PageEvents = 1000;

    /// <summary>States that the line below the events names.</summary>
    private const int StatesTold = 3;

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    private readonly Argument<string> _execution = new("EXECUTION")
    {
        Description = "Its ARN, MACHINE:NAME, or how its name begins.",
    };

    public IEnumerable<Command> Declare(CommandSet set)
    {
        yield return set.Does(
            new Command("watch", "Follow an execution to its end, line by line; code 1 if it failed.") { _execution },
            session => FollowAsync(session, goesOn: false),
            """
              analemma sm watch orders:order-7
              analemma sm watch orders:order-7 --json | jq -r .type          one event a line, then the execution
            """);
        yield return set.Does(
            new Command("resume", "Go on with an execution that failed or was stopped, and follow it to its end.")
            {
                _execution,
            },
            session => FollowAsync(session, goesOn: true),
            """
              analemma sm resume orders:order-7
            """);
    }

    private async Task<int> FollowAsync(Session session, bool goesOn)
    {
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        var arn = await api.ExecutionAsync(session.Parsed.GetValue(_execution)!);
        var status = (await DescribeAsync(api, arn, withData: false)).GetProperty("status").GetString();
        if (goesOn && status != "RUNNING")
        {
            await api.CallAsync("RedriveExecution", new JsonObject { ["executionArn"] = arn });
        }

        Watching watching = new(session, api, arn);
        while (true)
        {
            // First how it stands, then what happened: after an end, that is all of it.
            status = (await DescribeAsync(api, arn, withData: false)).GetProperty("status").GetString();
            await watching.ShowAsync();
            if (status != "RUNNING")
            {
                return watching.End(status!, await DescribeAsync(api, arn, withData: true));
            }

            watching.ShowState();
            await Task.Delay(LookAgain, session.Terminal.Time, session.CancellationToken);
        }
    }

    private static Task<JsonElement> DescribeAsync(WorkflowApi api, string arn, bool withData)
    {
        JsonObject input = new() { ["executionArn"] = arn };
        if (!withData)
        {
            input["includedData"] = "METADATA_ONLY";
        }

        return api.CallAsync("DescribeExecution", input);
    }

    /// <summary>What was shown of one execution.</summary>
    private sealed class Watching(Session session, WorkflowApi api, string arn)
    {
        private static readonly TimeSpan PageLife = TimeSpan.FromHours(12);

        private readonly Timeline _timeline = new();
        private readonly long _began = session.Terminal.Time.GetTimestamp();
        private string? _page;
        private long _pagedAt;
        private long _shown;

        private bool HasState => session.Terminal.Interactive && !session.Json;

        /// <summary>Shows what came since the last time. Pages that were read are not read again.</summary>
        public async Task ShowAsync()
        {
            // Tokens of pages end after a day; what was shown is then read again, and passed over.
            if (session.Terminal.Time.GetElapsedTime(_pagedAt) > PageLife)
            {
                _page = null;
            }

            while (true)
            {
                JsonObject input = new() { ["executionArn"] = arn, ["maxResults"] = PageEvents };
                if (_page is not null)
                {
                    input["nextToken"] = _page;
                }

                var page = await api.CallAsync("GetExecutionHistory", input);
                foreach (var each in page.GetProperty("events").EnumerateArray())
                {
                    if (each.GetProperty("id").GetInt64() > _shown)
                    {
                        _shown = each.GetProperty("id").GetInt64();
                        Write(session.Json ? each.GetRawText() : _timeline.Next(each));
                    }
                }

                if (!page.TryGetProperty("nextToken", out var next))
                {
                    return;
                }

                (_page, _pagedAt) = (next.GetString(), session.Terminal.Time.GetTimestamp());
            }
        }

        /// <summary>The line below the events, on a terminal: what it is in.</summary>
        public void ShowState()
        {
            if (HasState)
            {
                var took = (long)session.Terminal.Time.GetElapsedTime(_began).TotalMilliseconds;
                var states = _timeline.OpenStates.ToList();
                var told = string.Join(", ", states.Take(StatesTold)) + (states.Count > StatesTold ? ", …" : "");
                session.Terminal.Rewrite();
                session.Terminal.Output.Write($"{Durations.Format(took),9}  in {told}");
                session.Terminal.Output.Flush();
            }
        }

        public int End(string status, JsonElement described)
        {
            if (session.Json)
            {
                Write(described.GetRawText());
            }
            else if (status == "SUCCEEDED")
            {
                Write(described.TryGetProperty("outputDetails", out var details)
                    && details.TryGetProperty("sha256", out var digest)
                    ? $"its output is large: analemma sm payload {digest.GetString()}"
                    : JsonText.Text(described, "output"));
            }
            else
            {
                Rewrite();
                session.Terminal.Error.WriteLine(ExecutionCommands.Failure(status, described));
            }

            return status == "SUCCEEDED" ? ExitCodes.Ok : ExitCodes.Failure;
        }

        private void Write(string line)
        {
            Rewrite();
            session.Terminal.Output.WriteLine(line);
        }

        private void Rewrite()
        {
            if (HasState)
            {
                session.Terminal.Rewrite();
            }
        }
    }
}
