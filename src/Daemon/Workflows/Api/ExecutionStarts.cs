using System.Security.Cryptography;
using Analemma.Daemon.Workflows.Catalog;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Journal;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>What an execution is started with, checked.</summary>
/// <param name="MachineArn">Of the machine, its version or alias.</param>
/// <param name="Input">Its input.</param>
/// <param name="InputText">The input as it was sent; null when it is too large to be kept twice.</param>
internal sealed record ExecutionStart(string MachineArn, JsonValue Input, string? InputText)
{
    /// <summary>What the input is, when it is too large for an answer.</summary>
    public PayloadReference? Paged => InputText is null ? PayloadReference.OfLarge(Input) : null;

    /// <summary>Null for one that nobody has.</summary>
    public string? Name { get; init; }

    public string? TraceHeader { get; init; }

    /// <summary>Whether what starts it waits for it.</summary>
    public bool IsNested { get; init; }

    /// <summary>The idempotency key of the task that starts it; null for none.</summary>
    public string? StartedBy { get; init; }

    /// <summary>The one that is tied to what starts it; null for none.</summary>
    public string? Seed { get; init; }
}

/// <summary>Starts executions, for the API and for tasks that start some.</summary>
internal sealed class ExecutionStarts(WorkflowOptions options, StateMachines machines, WorkflowEngine engine)
{
    /// <summary>Reads what an execution gets as input.</summary>
    public ExecutionStart Read(string machine, string text)
    {
        if (ExecutionInput.TryParse(text, options.PayloadBytesMax, out var input, out var problem))
        {
            return new ExecutionStart(machine, input, PayloadReference.OfLarge(input) is null ? text : null);
        }

        throw new ApiRefusedException(
            "InvalidExecutionInput", $"Invalid State Machine Execution Input: '{problem}'");
    }

    /// <summary>The tag of a state machine whose executions go on beyond the service's 25,000 events.</summary>
    public const string RolloverTag = "analemma:rollover";

    /// <summary>Starts that are not on disk yet: with one more, the store is behind.</summary>
    private const int UnderWayMax = 10_000;

    private int _underWay;

    /// <summary>
    /// Starts one. The same name, machine and input as one that runs is that one; else a name is good once.
    /// </summary>
    public async Task<LiveExecution> StartAsync(ExecutionStart start, bool expressOnly = false)
    {
        var head = HeadOf(start);
        if (expressOnly && !head.IsExpress)
        {
            throw new ApiRefusedException(
                "StateMachineTypeNotSupported", "This operation is not supported by this type of state machine");
        }

        if (await StartOneAsync(head, start) is { } started)
        {
            return started;
        }

        if (engine.Find(head.Arn) is { } running)
        {
            // What it began with is known once that is on disk.
            if (!await running.Begun)
            {
                throw new JournalStoreException(
                    JournalStoreFailure.Busy, "a start of the same name was under way, and could not be kept");
            }

            if (running.View.End is null
                && engine.InputOf(running.Key) == new StartedInput(start.InputText, start.Paged))
            {
                return running;
            }
        }

        throw new ApiRefusedException("ExecutionAlreadyExists", $"Execution Already Exists: '{head.Arn}'");
    }

    private async Task<LiveExecution?> StartOneAsync(ExecutionHead head, ExecutionStart start)
    {
        try
        {
            return Interlocked.Increment(ref _underWay) <= UnderWayMax
                ? await engine.StartAsync(head, start.Input, start.InputText)
                : throw ApiRefusedException.TooFast();
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    private ExecutionHead HeadOf(ExecutionStart start)
    {
        var (arn, qualifier) = Arns.Machine(start.MachineArn);
        var machine = machines.Find(arn) ?? throw ApiRefusedException.NoMachine(start.MachineArn);
        MachineAlias? alias = null;
        var number = Arns.VersionOf(qualifier);
        if (qualifier is not null && number is null)
        {
            alias = machines.FindAlias(start.MachineArn) ?? throw ApiRefusedException.NoMachine(start.MachineArn);
            number = Route(alias);
        }

        var version = number is null ? null
            : machine.Versions.FirstOrDefault(each => each.Number == number)
                ?? throw ApiRefusedException.NoMachine(start.MachineArn);
        var revision = version?.Revision ?? machine.Revision;
        var name = Arns.CheckName(start.Name ?? NewName());
        return new ExecutionHead
        {
            Arn = machine.IsExpress
                ? options.Arn("express", $"{machine.Name}:{name}:{Guid.NewGuid()}")
                : options.Arn("execution", $"{machine.Name}:{name}"),
            Name = name,
            MachineArn = machine.Arn,
            MachineName = machine.Name,
            Revision = revision.Id,
            RoleArn = revision.RoleArn,
            Seed = start.Seed ?? WorkflowEngine.NewSeed(),
            IsExpress = machine.IsExpress,
            VersionArn = version is null ? null : Arns.Version(arn, version.Number),
            AliasArn = alias?.Arn,
            TraceHeader = start.TraceHeader,
            PayloadBytesMax = options.PayloadBytesMax,
            IsNested = start.IsNested,
            StartedBy = start.StartedBy,
            Rolls = Rolls(machine),
            SecondsMax = options.Strict && machine.IsExpress ? ExecutionLimits.ExpressSecondsMax : null,
        };
    }

    // In the order of time: the index of names grows at its end, where a million names before it cost nothing. Names at
    // random each have a page of their own to be read and written.
    private string NewName() => Guid.CreateVersion7(engine.Time.GetUtcNow()).ToString();

    // As the service has it there is an end. Else the machine says, and what it does not say the owner does.
    private bool Rolls(Machine machine) => !options.Strict
        && machine.Tags.FirstOrDefault(tag => tag.Key == RolloverTag).Value switch
        {
            "true" => true,
            "false" => false,
            _ => options.Rollover,
        };

    private static int Route(MachineAlias alias) =>
        alias.Routes.Count == 1 || RandomNumberGenerator.GetInt32(100) < alias.Routes[0].Weight
            ? alias.Routes[0].Version
            : alias.Routes[1].Version;
}
