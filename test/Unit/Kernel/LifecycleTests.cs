using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Processes;

namespace Analemma.Unit.Tests.Kernel;

public sealed class LifecycleTests
{
    /// <summary>Every state against every event, so that a changed cell shows up in review as a changed line.</summary>
    [Fact]
    public void The_whole_table()
    {
        var cells =
            from state in Enum.GetValues<ProcessState>()
            from @event in Enum.GetValues<ProcessEvent>()
            select $"{state} {@event} {Outcome(state, @event)}";
        string[] expected =
        [
            "Starting Started Running",
            "Starting StartFailed Exited",
            "Starting PauseRequested -",
            "Starting ResumeRequested -",
            "Starting StopRequested Stopping",
            "Starting Died -",
            "Running Started -",
            "Running StartFailed Exited",
            "Running PauseRequested Paused",
            "Running ResumeRequested -",
            "Running StopRequested Stopping",
            "Running Died Exited",
            "Paused Started -",
            "Paused StartFailed Exited",
            "Paused PauseRequested -",
            "Paused ResumeRequested Running",
            "Paused StopRequested Stopping",
            "Paused Died Exited",
            "Stopping Started Stopping",
            "Stopping StartFailed Exited",
            "Stopping PauseRequested -",
            "Stopping ResumeRequested -",
            "Stopping StopRequested Stopping",
            "Stopping Died Exited",
            "Exited Started -",
            "Exited StartFailed -",
            "Exited PauseRequested -",
            "Exited ResumeRequested -",
            "Exited StopRequested -",
            "Exited Died -",
        ];
        Assert.Equal(string.Join('\n', expected), string.Join('\n', cells));
    }

    [Fact]
    public void A_pair_that_is_not_listed_is_a_kernel_bug() =>
        Assert.Throws<KernelPanicException>(() => Lifecycle.Next(ProcessState.Exited, ProcessEvent.Died));

    private static string Outcome(ProcessState state, ProcessEvent @event) =>
        Lifecycle.Allows(state, @event) ? Lifecycle.Next(state, @event).ToString() : "-";
}
