using System.Collections.Frozen;

namespace Analemma.Daemon.Workflows.Api.Rest;

/// <summary>One thing that the native API does, and the operation that does it.</summary>
/// <param name="Method">GET, POST, PUT or DELETE.</param>
/// <param name="Template">Its path, with {names} for what differs.</param>
/// <param name="Operation">Of the Step Functions API, or of the owner's.</param>
internal sealed record RestRoute(string Method, string Template, string Operation)
{
    private readonly string[] _segments = Template.Split('/');

    /// <summary>What may be in the query, and the member of the request that it becomes.</summary>
    public FrozenDictionary<string, string> Query { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>When it went well.</summary>
    public int Status { get; init; } = 200;

    /// <summary>Whether it is for the owner: a request must then be signed.</summary>
    public bool IsOwners { get; init; }

    /// <summary>Whether it is the kernel's own, and tells nothing that a caller could not ask otherwise.</summary>
    public bool IsInner { get; init; }

    public bool TakesBody => Method is "POST" or "PUT";

    /// <summary>The values of the {names}, when a path is of this route.</summary>
    public bool Matches(string[] path, out Dictionary<string, string> values)
    {
        values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (path.Length != _segments.Length)
        {
            return false;
        }

        for (var i = 0; i < path.Length; i++)
        {
            var segment = _segments[i];
            if (segment.StartsWith('{'))
            {
                var value = Uri.UnescapeDataString(path[i]);
                if (value.Length == 0)
                {
                    return false;
                }

                values[segment[1..^1]] = value;
            }
            else if (segment != path[i])
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>Every route of the native API.</summary>
internal static class RestRoutes
{
    /// <summary>The document that describes the API.</summary>
    public const string Document = "/v1/openapi.json";

    /// <summary>The operation that is a stream of events.</summary>
    public const string Stream = "StreamExecution";

    private const string Machines = "/v1/state-machines";
    private const string Machine = Machines + "/{machine}";
    private const string Executions = "/v1/executions";
    private const string Execution = Executions + "/{execution}";

    private static readonly FrozenDictionary<string, string> Page =
        Queries(("limit", "maxResults"), ("cursor", "nextToken"));

    public static IReadOnlyList<RestRoute> All { get; } =
    [
        new("GET", Machines, "ListStateMachines") { Query = Page },
        new("POST", Machines, "CreateStateMachine") { Status = 201 },
        new("GET", Machine, "DescribeStateMachine"),
        new("PUT", Machine, "UpdateStateMachine"),
        new("DELETE", Machine, "DeleteStateMachine"),
        new("GET", Machine + "/versions", "ListStateMachineVersions") { Query = Page },
        new("POST", Machine + "/versions", "PublishStateMachineVersion") { Status = 201 },
        new("GET", Machine + "/aliases", "ListStateMachineAliases") { Query = Page },
        new("POST", "/v1/definitions/validate", "ValidateStateMachineDefinition"),
        new("GET", Executions, "ListAllExecutions")
        {
            IsInner = true,
            Query = Queries(
                ("limit", "maxResults"),
                ("cursor", "nextToken"),
                ("machine", "stateMachineArn"),
                ("map_run", "mapRunArn"),
                ("status", "statusFilter"),
                ("redriven", "redriveFilter")),
        },
        new("POST", Executions, "StartExecution") { Status = 201 },
        new("GET", Execution, "DescribeExecution"),
        new("GET", Execution + "/definition", "DescribeStateMachineForExecution"),
        new("GET", Execution + "/history", "GetExecutionHistory")
        {
            Query = Queries(
                ("limit", "maxResults"),
                ("cursor", "nextToken"),
                ("reverse", "reverseOrder"),
                ("data", "includeExecutionData")),
        },
        new("GET", Execution + "/events", Stream)
        {
            Query = Queries(("after", "after"), ("data", "includeExecutionData")),
        },
        new("GET", Execution + "/map-runs", "ListMapRuns") { Query = Page },
        new("POST", Execution + "/stop", "StopExecution"),
        new("POST", Execution + "/redrive", "RedriveExecution"),
        new("GET", "/v1/tokens", "ListTaskTokens") { IsOwners = true },
        new("POST", "/v1/tokens/success", "SendTaskSuccess"),
        new("POST", "/v1/tokens/failure", "SendTaskFailure"),
        new("POST", "/v1/tokens/heartbeat", "SendTaskHeartbeat"),
        new("GET", "/v1/functions", "ListFunctions") { IsOwners = true },
        new("PUT", "/v1/functions/{function}", "PutFunction") { IsOwners = true },
        new("DELETE", "/v1/functions/{function}", "RemoveFunction") { IsOwners = true },
    ];

    private static FrozenDictionary<string, string> Queries(params ReadOnlySpan<(string Name, string Member)> all)
    {
        Dictionary<string, string> made = new(StringComparer.Ordinal);
        foreach (var (name, member) in all)
        {
            made.Add(name, member);
        }

        return made.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
