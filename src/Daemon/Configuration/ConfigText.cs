using System.Globalization;
using System.Text;
using Analemma.Daemon.Configuration.Sections;

namespace Analemma.Daemon.Configuration;

/// <summary>The settings as text: a machine file with comments, and the page of the reference.</summary>
internal static class ConfigText
{
    /// <summary>A machine file that, read back, gives these options.</summary>
    public static string ToToml(MachineOptions options)
    {
        var text = new StringBuilder();
        foreach (var section in OptionTable.Rows.GroupBy(row => row.SectionName))
        {
            text.Append(CultureInfo.InvariantCulture, $"{(text.Length > 0 ? "\n" : "")}[{section.Key}]\n");
            foreach (var row in section)
            {
                text.Append(CultureInfo.InvariantCulture, $"# {row.Setting.Description}\n");
                text.Append(CultureInfo.InvariantCulture, $"{row.Name} = {Literal(row.ValueIn(options))}\n");
            }
        }

        foreach (var section in options.Tools)
        {
            ToolText(section, text);
        }

        return text.ToString();
    }

    /// <summary>docs/reference/config.md.</summary>
    public static string ToMarkdown()
    {
        var text = new StringBuilder("""
            # Settings

            The kernel reads its settings once, at start; later sources win:

            1. the defaults below;
            2. the machine file, TOML or JSON: `--config FILE`, else `$ANALEMMA_CONFIG`, else `analemma.toml` or `analemma.json`
               in `/etc/analemma` (as root) or `~/.config/analemma`;
            3. the environment: `ANALEMMA_SECTION__KEY`, such as `ANALEMMA_POOL__CREATED=8`;
            4. flags: `--section.key=value` of `analemma-kernel`, or `analemma kernel start --set section.key=value`.

            A key that does not exist is refused with the nearest that does, and every mistake is reported at once.
            `analemma-kernel --print-config` prints the settings in force as a machine file. This page is generated from the
            option records in `src/Daemon/Configuration/Sections`.

            Sizes are bytes, or text with a unit of 1024: `"64K"`, `"256M"`, `"1.5G"`. From TOML the file takes tables, dotted keys,
            strings, numbers, booleans, lists and comments.

            | Key | Takes | Default | |
            |---|---|---|---|

            """);
        var defaults = new MachineOptions();
        foreach (var row in OptionTable.Rows)
        {
            var value = row.Setting.DefaultText ?? $"`{Literal(row.ValueIn(defaults))}`";
            text.Append(
                CultureInfo.InvariantCulture,
                $"| `{row.Key}` | {row.TypeText} | {value} | {row.Setting.Description} |\n");
        }

        text.Append("""

            ## Servers of tools

            Each `[tools.NAME]` is one; NAME is 1 to 32 lower-case letters, digits and `-`. They come from the machine file or
            from flags. See the [guide](../guide/tools.md#tools-of-servers).

            | Key | Takes | Default | |
            |---|---|---|---|

            """);
        foreach (var (key, takes, value, meaning) in ToolSections.Keys)
        {
            text.Append(CultureInfo.InvariantCulture, $"| `tools.NAME.{key}` | {takes} | {value} | {meaning} |\n");
        }

        return text.ToString();
    }

    private static void ToolText(ToolSection section, StringBuilder text)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n[tools.{section.Name}]\n");
        (string Key, object? Value)[] rows = section.IsProgram
            ?
            [
                ("command", section.Command), ("mounts", section.Mounts), ("cwd", section.Cwd),
                ("network", section.Network), ("memory", section.Memory), ("max_pids", section.MaxPids),
                ("cpu_quota", section.CpuQuota), ("work_bytes", section.WorkBytes),
            ]
            : [("url", section.Url)];
        foreach (var (key, value) in rows.Concat(
            [
                ("timeout_ms", section.TimeoutMs), ("start_timeout_ms", section.StartTimeoutMs),
                ("calls_max", section.CallsMax), ("result_bytes", section.ResultBytes), ("start", section.Start),
            ]))
        {
            text.Append(CultureInfo.InvariantCulture, $"{key} = {Literal(value)}\n");
        }

        Table("env", section.Env);
        Table("headers", section.Headers);

        void Table(string name, IReadOnlyDictionary<string, string> pairs)
        {
            if (pairs.Count > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"[tools.{section.Name}.{name}]\n");
                text.AppendJoin("", pairs.Select(pair => $"{pair.Key} = {Quoted(pair.Value)}\n"));
            }
        }
    }

    private static string Literal(object? value) => value switch
    {
        bool flag => flag ? "true" : "false",
        string text => Quoted(text),
        IReadOnlyList<string> texts => $"[{string.Join(", ", texts.Select(Quoted))}]",
        Enum name => $"\"{OptionRow.SnakeCase(name.ToString())}\"",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var character in text)
        {
            quoted.Append(character switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                < ' ' or '\u007f' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:X4}"),
                _ => character.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
