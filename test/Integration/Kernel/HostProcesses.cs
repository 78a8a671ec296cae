using System.Globalization;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>What /proc says of the host's processes.</summary>
internal static class HostProcesses
{
    /// <summary>The processes in the pid namespace of one of them, itself included.</summary>
    public static IReadOnlyList<int> Inside(int pid)
    {
        var wanted = NamespaceOf(pid);
        return [.. All().Where(other => wanted is not null && NamespaceOf(other) == wanted)];
    }

    public static bool IsAlive(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not 'Z' and not 'X';
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Those whose environment has a variable with this value.</summary>
    public static IReadOnlyList<int> WithEnvironment(string variable) =>
        [.. All().Where(pid => EnvironmentOf(pid).Contains(variable, StringComparison.Ordinal))];

    /// <summary>The pid namespaces in which such processes live.</summary>
    public static IReadOnlySet<string> SandboxesWith(string variable) =>
        WithEnvironment(variable).Where(IsAlive).Select(NamespaceOf).OfType<string>().ToHashSet();

    private static IEnumerable<int> All() =>
        from folder in Directory.EnumerateDirectories("/proc")
        let name = Path.GetFileName(folder)
        where char.IsAsciiDigit(name[0])
        select int.Parse(name, CultureInfo.InvariantCulture);

    private static string EnvironmentOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/environ");
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string? NamespaceOf(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/ns/pid").LinkTarget;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
