using System.Collections;
using Analemma.Daemon.Configuration.Files;
using Analemma.Daemon.Configuration.Providers;

namespace Analemma.Daemon.Configuration;

/// <summary>Gathers the settings: records' defaults, then the machine file, then the environment, then flags.</summary>
internal sealed class MachineLoader(
    IReadOnlyList<string> args, IReadOnlyDictionary<string, string> environment, bool root)
{
    private const string ConfigVariable = "ANALEMMA_CONFIG";

    private static readonly string[] FileNames = ["analemma.toml", "analemma.json"];

    public static IReadOnlyDictionary<string, string> EnvironmentOfThisProcess() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(
            entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);

    public BootRequest Load()
    {
        var flags = BootFlags.Read(args);
        List<string> problems = [.. flags.Settings.Problems];
        var options = new MachineOptions();
        ToolSections tools = new();
        foreach (var source in new[] { FromFile(flags.ConfigFile), FromEnvironment() })
        {
            problems.AddRange(source.Problems);
            tools.Take(source);
            options = OptionTable.Bind(options, source, problems);
        }

        tools.Take(flags.Settings);
        options = OptionTable.Bind(options, flags.Settings, problems).WithPaths(Variable, root) with
        {
            Tools = tools.Build(problems),
        };
        List<string> wrong = [.. options.Problems()];
        problems.AddRange(wrong);
        // What is made of wrong values is wrong in the same way, and need not be said again.
        var models = ModelSetup.From(options, Variable, wrong.Count > 0 ? [] : problems);
        return new BootRequest(flags.Action, options, models, problems)
        {
            LogFile = flags.LogFile,
            ArchiveFile = flags.ArchiveFile ?? "",
            ArchivesPayloads = !flags.IsWithoutPayloads,
        };
    }

    private string? Variable(string name) => environment.TryGetValue(name, out var value) ? value : null;

    private SettingSource FromFile(string? named)
    {
        var path = named ?? Variable(ConfigVariable) ?? DefaultFile();
        if (path is null)
        {
            return new SettingSource();
        }

        try
        {
            var text = File.ReadAllText(path);
            var name = Path.GetFileName(path);
            return path.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
                ? JsonFile.Read(text, name)
                : TomlFile.Read(text, name);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            var source = new SettingSource();
            var namer = named is not null ? "--config" : Variable(ConfigVariable) is not null ? ConfigVariable : null;
            var folder = root ? "/etc/analemma" : "~/.config/analemma";
            source.Problems.Add($"the machine file cannot be read: {fault.Message}" + (namer is null
                ? "" : $" ({namer} names it; without, {folder}/{FileNames[0]} is read where there is one)"));
            return source;
        }
    }

    /// <summary>
    /// Never from the folder that the kernel happens to be started in: a checkout must not configure it.
    /// </summary>
    private string? DefaultFile()
    {
        var folder = root
            ? "/etc/analemma"
            : Path.Combine(Variable("XDG_CONFIG_HOME") ?? Path.Combine(Variable("HOME") ?? "/", ".config"), "analemma");
        return FileNames.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    /// <summary>ANALEMMA_SECTION__KEY. Variables without the double underscore are for others.</summary>
    private SettingSource FromEnvironment()
    {
        var source = new SettingSource();
        foreach (var (name, value) in environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (name.StartsWith(OptionTable.VariablePrefix, StringComparison.Ordinal)
                && name[OptionTable.VariablePrefix.Length..].Split("__") is [var section, var key])
            {
                source.Add($"{section}.{key}".ToLowerInvariant(), value, name);
            }
        }

        return source;
    }
}
