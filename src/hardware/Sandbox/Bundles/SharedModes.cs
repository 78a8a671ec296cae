namespace Analemma.Sandbox.Bundles;

/// <summary>Modes of what agents see and may not change, whatever umask the kernel has.</summary>
internal static class SharedModes
{
    public const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead
        | UnixFileMode.OtherRead;

    public const UnixFileMode Passable =
        Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
}
