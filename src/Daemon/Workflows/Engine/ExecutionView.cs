using Analemma.Workflow.Executions;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>How an execution stands, as of its last commit.</summary>
/// <param name="Status">How.</param>
/// <param name="RedriveCount">How often it was started again.</param>
/// <param name="End">How it ended; null while it runs.</param>
internal sealed record ExecutionView(ExecutionStatus Status, int RedriveCount, ExecutionEnd? End)
{
    public bool IsOver => End is not null;

    public static ExecutionView Of(ExecutionState state) => new(
        state.Status,
        state.RedriveCount,
        state.IsOver ? ExecutionEnd.Of(state) : null);
}
