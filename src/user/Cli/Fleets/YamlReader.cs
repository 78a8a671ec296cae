using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Analemma.Cli.Fleets;

/// <summary>
/// Reads one YAML document into values that know their places. Anchors are followed; keys that are there twice, tags
/// and what would grow without end by aliases are problems.
/// </summary>
internal sealed class YamlReader
{
    private const int DepthMax = 32;

    /// <summary>Values of a document, those of an alias counted each time it is used.</summary>
    private const int ValuesMax = 100_000;

    private const string StringTag = "tag:yaml.org,2002:str";

    private readonly IParser _parser;
    private readonly List<FileProblem> _problems;
    private readonly Dictionary<AnchorName, (YamlValue Value, int Size)> _anchors = [];
    private int _values;

    private YamlReader(IParser parser, List<FileProblem> problems)
    {
        (_parser, _problems) = (parser, problems);
    }

    /// <summary>The document's value; null when it cannot be followed to its end.</summary>
    public static YamlValue? Read(string text, List<FileProblem> problems)
    {
        if (Unprintable(text) is { } at)
        {
            problems.Add(at);
            return null;
        }

        var parser = new Parser(new StringReader(text));
        try
        {
            return new YamlReader(parser, problems).ReadDocument();
        }
        catch (YamlException wrong)
        {
            var mark = wrong.Start.Line > 0 ? wrong.Start : new Mark(0, 1, 1);
            problems.Add(Reason(wrong).Contains(" tab", StringComparison.Ordinal) && Tab(text) is { } tab
                ? tab : new FileProblem(mark.Line, mark.Column, "", $"no YAML: {Reason(wrong)}"));
            return null;
        }
        catch (InvalidOperationException)
        {
            // What YamlDotNet 16.3 throws, without a place, where a flow collection is not closed.
            var mark = parser.Current?.End ?? new Mark(0, 1, 1);
            problems.Add(new FileProblem(
                mark.Line, mark.Column, "", "no YAML: what begins here cannot be followed", "is a { or [ not closed?"));
            return null;
        }
    }

    /// <summary>Characters that no YAML has: YAML 1.2.2, 5.1. The parser below stumbles over them.</summary>
    private static FileProblem? Unprintable(string text)
    {
        var (line, column) = (1, 1);
        foreach (var character in text)
        {
            if (char.IsControl(character) && character is not ('\t' or '\n' or '\r' or '\u0085'))
            {
                return new FileProblem(
                    line, column, "", $"no YAML: the control character U+{(int)character:X4}", "remove it");
            }

            (line, column) = character == '\n' ? (line + 1, 1) : (line, column + 1);
        }

        return null;
    }

    /// <summary>Where a line is indented with a tab: the parser tells where the mapping around it began.</summary>
    private static FileProblem? Tab(string text)
    {
        var lines = text.Split('\n');
        for (var at = 0; at < lines.Length; at++)
        {
            var column = lines[at].Length - lines[at].TrimStart(' ').Length;
            if (column < lines[at].Length && lines[at][column] == '\t')
            {
                return new FileProblem(
                    at + 1, column + 1, "", "no YAML: a line is indented with a tab", "indent it with spaces");
            }
        }

        return null;
    }

    private YamlValue? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (!_parser.TryConsume<DocumentStart>(out _))
        {
            _problems.Add(new FileProblem(1, 1, "", "the file is empty"));
            return null;
        }

        var value = ReadValue("", 0);
        _parser.Consume<DocumentEnd>();
        if (_parser.TryConsume<DocumentStart>(out var second))
        {
            _problems.Add(new FileProblem(
                second.Start.Line, second.Start.Column, "", "a second document begins here", "write one a file"));
        }

        return value;
    }

    private YamlValue ReadValue(string path, int depth)
    {
        var before = _values;
        Count(_parser.Current!.Start, 1);
        if (depth > DepthMax)
        {
            throw new YamlException(_parser.Current.Start, _parser.Current.End, "values are nested too deeply");
        }

        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            if (!_anchors.TryGetValue(alias.Value, out var known))
            {
                throw new YamlException(alias.Start, alias.End, $"there is no anchor &{alias.Value} before this");
            }

            Count(alias.Start, known.Size);
            return known.Value;
        }

        var anchor = (_parser.Current as NodeEvent)?.Anchor ?? AnchorName.Empty;
        CheckTag(path);
        YamlValue value = _parser.Current switch
        {
            SequenceStart => ReadList(path, depth),
            MappingStart => ReadMap(path, depth),
            _ => ReadText(),
        };
        if (!anchor.IsEmpty)
        {
            _anchors[anchor] = (value, _values - before);
        }

        return value;
    }

    private YamlText ReadText()
    {
        var scalar = _parser.Consume<Scalar>();
        return new YamlText(
            PlaceOf(scalar), scalar.Value, scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty);
    }

    private YamlList ReadList(string path, int depth)
    {
        var place = PlaceOf(_parser.Consume<SequenceStart>());
        List<YamlValue> items = [];
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadValue($"{path}[{items.Count}]", depth + 1));
        }

        return new YamlList(place, items);
    }

    private YamlMap ReadMap(string path, int depth)
    {
        var place = PlaceOf(_parser.Consume<MappingStart>());
        Dictionary<string, Place> seen = new(StringComparer.Ordinal);
        List<YamlEntry> entries = [];
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = ReadValue(path, depth + 1);
            if (key is not YamlText { Text: var name })
            {
                _problems.Add(new FileProblem(
                    key.Place.Line, key.Place.Column, path, $"a key is {key.Kind}", "keys are words"));
                ReadValue(path, depth + 1);
                continue;
            }

            var inner = path.Length == 0 ? name : $"{path}.{name}";
            var value = ReadValue(inner, depth + 1);
            if (seen.TryGetValue(name, out var first))
            {
                _problems.Add(new FileProblem(
                    key.Place.Line, key.Place.Column, inner, $"'{name}' is here twice; first in line {first.Line}",
                    "remove one, or give it another name"));
                continue;
            }

            seen[name] = key.Place;
            entries.Add(new YamlEntry(name, key.Place, value));
        }

        return new YamlMap(place, entries);
    }

    private void CheckTag(string path)
    {
        if (_parser.Current is NodeEvent { Tag.IsEmpty: false } node
            && !(node is Scalar && (node.Tag.IsNonSpecific || node.Tag.Value == StringTag)))
        {
            _problems.Add(new FileProblem(
                node.Start.Line, node.Start.Column, path, $"the tag {node.Tag} means nothing here", "remove it"));
        }
    }

    private void Count(Mark at, int more)
    {
        _values += more;
        if (_values > ValuesMax)
        {
            throw new YamlException(at, at, $"the document has more than {ValuesMax} values, aliases counted");
        }
    }

    private static Place PlaceOf(ParsingEvent at) => new(at.Start.Line, at.Start.Column);

    private static string Reason(YamlException wrong) =>
        (wrong.InnerException is YamlException inner ? inner : wrong).Message.TrimEnd('.');
}
