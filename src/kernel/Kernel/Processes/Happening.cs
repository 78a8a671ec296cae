using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Processes;

/// <summary>Makes the events that subscribers see. Their type names are part of the ABI.</summary>
internal static class Happening
{
    public static EventView Of(Process process, string type, long at) =>
        new(type, new DateTimeOffset(at, TimeSpan.Zero)) { Process = process.Id, Name = process.Name };
}
