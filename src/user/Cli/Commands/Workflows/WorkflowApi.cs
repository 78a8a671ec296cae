using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Client;

namespace Analemma.Cli.Commands.Workflows;

/// <summary>Operations of the workflow API, and names as people write them.</summary>
internal sealed class WorkflowApi(KernelClient kernel, CancellationToken cancellationToken)
{
    private const int PrefixCharsMin = 3;

    public async Task<JsonElement> CallAsync(string operation, JsonObject input)
    {
        using var request = JsonDocument.Parse(input.ToJsonString());
        return await kernel.WorkflowCallAsync(operation, request.RootElement.Clone(), cancellationToken);
    }

    /// <summary>All of a list, over its pages.</summary>
    public async Task<List<JsonElement>> AllAsync(
        string operation, string list, JsonObject input, int most = int.MaxValue)
    {
        List<JsonElement> found = [];
        while (true)
        {
            var page = await CallAsync(operation, input);
            found.AddRange(page.GetProperty(list).EnumerateArray());
            if (found.Count >= most || !page.TryGetProperty("nextToken", out var next))
            {
                return found.Count > most ? found[..most] : found;
            }

            input["nextToken"] = next.GetString();
        }
    }

    public Task<List<JsonElement>> MachinesAsync() => AllAsync("ListStateMachines", "stateMachines", []);

    /// <summary>The ARN of a state machine that is named by it, or by its name, with a version or alias.</summary>
    public async Task<string> MachineAsync(string named)
    {
        if (named.StartsWith("arn:", StringComparison.Ordinal))
        {
            return named;
        }

        var parts = named.Split(':', 2);
        foreach (var machine in await MachinesAsync())
        {
            if (machine.GetProperty("name").GetString() == parts[0])
            {
                var arn = machine.GetProperty("stateMachineArn").GetString()!;
                return parts.Length > 1 ? $"{arn}:{parts[1]}" : arn;
            }
        }

        throw new CliException(
            "no_such_machine", $"there is no state machine {parts[0]}", "list them with `analemma sm list`");
    }

    /// <summary>Executions, newest first: of one machine, or of all.</summary>
    public async Task<List<JsonElement>> ExecutionsAsync(string? machine, string? status, int most)
    {
        string[] arns = machine is not null
            ? [await MachineAsync(machine)]
            : [.. (await MachinesAsync())
                .Where(each => each.GetProperty("type").GetString() != "EXPRESS")
                .Select(each => each.GetProperty("stateMachineArn").GetString()!)];
        List<JsonElement> all = [];
        foreach (var arn in arns)
        {
            JsonObject input = new() { ["stateMachineArn"] = arn };
            if (status is not null)
            {
                input["statusFilter"] = status;
            }

            all.AddRange(await AllAsync("ListExecutions", "executions", input, most));
        }

        return [.. all.OrderByDescending(each => each.GetProperty("startDate").GetDouble()).Take(most)];
    }

    /// <summary>The ARN of an execution that is named by it, by MACHINE:NAME, or by how its name begins.</summary>
    public async Task<string> ExecutionAsync(string named)
    {
        if (named.StartsWith("arn:", StringComparison.Ordinal))
        {
            return named;
        }

        if (named.Split(':') is [var machine, var name])
        {
            var arn = await MachineAsync(machine);
            return $"{arn.Replace(":stateMachine:", ":execution:", StringComparison.Ordinal)}:{name}";
        }

        var found = (await ExecutionsAsync(null, null, 1000))
            .Where(each => each.GetProperty("name").GetString() is var full && (full == named
                || (named.Length >= PrefixCharsMin && full!.StartsWith(named, StringComparison.Ordinal))))
            .ToArray();
        return found.Length switch
        {
            1 => found[0].GetProperty("executionArn").GetString()!,
            0 => throw new CliException(
                "no_such_execution", $"there is no execution {named}", "list them with `analemma sm executions`"),
            _ => throw new CliException(
                "ambiguous", $"{found.Length} executions begin with {named}", "write more of its name, or its ARN"),
        };
    }
}
