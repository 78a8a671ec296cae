using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Analemma.Unit.Tests.Daemon.Telemetry;

/// <summary>
/// Reads what Prometheus reads, written from its documentation ("Exposition formats", text format 0.0.4) and from
/// OpenMetrics 1.0.0, and finds fault with what they do not allow.
/// </summary>
internal sealed partial class PrometheusReader
{
    private readonly bool _openMetrics;
    private readonly Dictionary<string, string> _types = new(StringComparer.Ordinal);

    private PrometheusReader(bool openMetrics) => _openMetrics = openMetrics;

    public Dictionary<string, string> Helps { get; } = new(StringComparer.Ordinal);

    public List<Sample> Samples { get; } = [];

    public sealed record Sample(string Name, string Family, IReadOnlyDictionary<string, string> Labels, double Value);

    /// <exception cref="FormatException">It is not in that format.</exception>
    public static PrometheusReader Read(string text, bool openMetrics)
    {
        var reader = new PrometheusReader(openMetrics);
        Must(text.EndsWith('\n'), "the last line ends");
        var lines = text.TrimEnd('\n').Split('\n');
        if (openMetrics)
        {
            Must(lines[^1] == "# EOF", "the end is marked");
            lines = lines[..^1];
        }

        foreach (var line in lines)
        {
            reader.ReadLine(line);
        }

        reader.CheckHistograms();
        return reader;
    }

    private static void Must(bool holds, string what)
    {
        if (!holds)
        {
            throw new FormatException(what);
        }
    }

    private void ReadLine(string line)
    {
        if (Comment().Match(line) is { Success: true } comment)
        {
            var (word, name, rest) = (comment.Groups[1].Value, comment.Groups[2].Value, comment.Groups[3].Value);
            switch (word)
            {
                case "TYPE":
                    Must(_types.TryAdd(name, rest), $"{name} has one type");
                    Must(Samples.All(sample => sample.Family != name), $"the type of {name} comes before its samples");
                    break;
                case "HELP":
                    Must(Helps.TryAdd(name, Unescaped(rest, quotes: _openMetrics)), $"{name} has one help");
                    break;
                case "UNIT":
                    Must(_openMetrics && name.EndsWith($"_{rest}", StringComparison.Ordinal), $"{name} ends in {rest}");
                    break;
            }

            return;
        }

        var found = SampleLine().Match(line);
        Must(found.Success, $"a sample: {line}");
        var sampleName = found.Groups[1].Value;
        Samples.Add(new Sample(
            sampleName,
            FamilyOf(sampleName),
            Labels(found.Groups[2].Value),
            double.Parse(found.Groups[3].Value, NumberStyles.Float, CultureInfo.InvariantCulture)));
        Must(
            Samples.Count < 2 || Samples[^1].Family == Samples[^2].Family
                || Samples.SkipLast(1).All(sample => sample.Family != Samples[^1].Family),
            $"the samples of {Samples[^1].Family} stand together");
    }

    private string FamilyOf(string sample)
    {
        foreach (var suffix in new[] { "", "_total", "_bucket", "_sum", "_count" })
        {
            var family = sample.EndsWith(suffix, StringComparison.Ordinal) ? sample[..^suffix.Length] : "";
            if (_types.TryGetValue(family, out var type))
            {
                Must(
                    suffix switch
                    {
                        "_total" => _openMetrics && type == "counter",
                        "_bucket" or "_sum" or "_count" => type == "histogram",
                        _ => type != "histogram" && !(_openMetrics && type == "counter"),
                    },
                    $"{sample} is a sample of a {type}");
                return family;
            }
        }

        throw new FormatException($"{sample} has no type");
    }

    private static Dictionary<string, string> Labels(string text)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        for (var at = 0; at < text.Length;)
        {
            var label = Label().Match(text, at);
            Must(label.Success && label.Index == at, $"labels: {text}");
            Must(
                labels.TryAdd(label.Groups[1].Value, Unescaped(label.Groups[2].Value, quotes: true)),
                $"{label.Groups[1].Value} is given once");
            at += label.Length;
        }

        return labels;
    }

    private static string Unescaped(string text, bool quotes)
    {
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                plain.Append(text[i]);
                continue;
            }

            Must(i + 1 < text.Length, $"what follows a backslash: {text}");
            plain.Append(text[++i] switch
            {
                '\\' => '\\',
                'n' => '\n',
                '"' when quotes => '"',
                var other => throw new FormatException($"\\{other} is no escape: {text}"),
            });
        }

        return plain.ToString();
    }

    private void CheckHistograms()
    {
        foreach (var (name, _) in _types.Where(type => type.Value == "histogram"))
        {
            foreach (var group in Samples.Where(sample => sample.Name == $"{name}_bucket").GroupBy(KeyOf))
            {
                var counts = group.Select(bucket => bucket.Value).ToArray();
                Must(counts.SequenceEqual(counts.Order()), $"the buckets of {name} are cumulative");
                Must(group.Last().Labels["le"] == "+Inf", $"{name} ends with +Inf");
                var count = Samples.Single(sample => sample.Name == $"{name}_count" && KeyOf(sample) == group.Key);
                Must(counts[^1] == count.Value, $"{name}_count is that of +Inf");
            }
        }

        static string KeyOf(Sample sample) =>
            string.Join(',', sample.Labels.Where(label => label.Key != "le").Select(label => $"{label}").Order());
    }

    [GeneratedRegex("^# (TYPE|HELP|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(
        "^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)\\})? (-?[0-9][0-9.E+-]*|NaN|[+-]?Inf)$", RegexOptions.Singleline)]
    private static partial Regex SampleLine();

    [GeneratedRegex("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\.)*)\"(?:,(?=.)|$)", RegexOptions.Singleline)]
    private static partial Regex Label();
}
