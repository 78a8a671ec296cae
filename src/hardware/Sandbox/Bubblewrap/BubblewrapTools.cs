using Analemma.Sandbox.Oci;

namespace Analemma.Sandbox.Bubblewrap;

/// <summary>The programs that make a sandbox by bubblewrap; all but the first are util-linux's.</summary>
internal sealed record BubblewrapTools(string Bwrap, string Prlimit, string Setpriv, string Nsenter)
{
    /// <summary>The programs, or what is missing of them.</summary>
    public static (BubblewrapTools? Tools, string? Missing) Locate()
    {
        string[] names = ["bwrap", "prlimit", "setpriv", "nsenter"];
        if (names.FirstOrDefault(name => OciRuntime.Locate(name) is null) is { } missing)
        {
            return (null, missing == "bwrap"
                ? "bwrap is not installed"
                : $"bwrap cannot be used without {missing} (package util-linux)");
        }

        var paths = names.Select(name => OciRuntime.Locate(name)!).ToArray();
        return (new BubblewrapTools(paths[0], paths[1], paths[2], paths[3]), null);
    }
}
