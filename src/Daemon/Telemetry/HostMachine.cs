using System.Globalization;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Telemetry;

/// <summary>The host as proc(5) shows it: /proc/loadavg and /proc/meminfo.</summary>
internal static class HostMachine
{
    public static MachineUse Read()
    {
        var memory = Lines("/proc/meminfo")
            .Select(line => line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length >= 2 && words[0] is "MemTotal" or "MemAvailable")
            .ToDictionary(words => words[0], words => 1024 * long.Parse(words[1], CultureInfo.InvariantCulture));
        return new MachineUse
        {
            Cpus = Environment.ProcessorCount,
            LoadAverage =
            [
                .. Lines("/proc/loadavg").Take(1).SelectMany(line => line.Split(' ').Take(3))
                    .Select(load => double.Parse(load, CultureInfo.InvariantCulture)),
            ],
            MemoryBytes = memory.GetValueOrDefault("MemTotal"),
            MemoryAvailableBytes = memory.GetValueOrDefault("MemAvailable"),
        };
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
