using Analemma.Linux;
using Analemma.Sandbox.Cgroups;
using Analemma.Sandbox.Logs;

namespace Analemma.Sandbox.Living;

/// <summary>What the sandboxes of one engine share.</summary>
internal sealed record SandboxHost(
    SandboxEngineOptions Options,
    ILauncher Launcher,
    ICgroupTree Cgroups,
    Watcher Watcher,
    LogIntake Intake,
    UidSlots Uids,
    EngineReport Report);
