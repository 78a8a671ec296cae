namespace Analemma.Daemon.Configuration.Files;

// THE PART OF TOML THAT A MACHINE FILE NEEDS (https://toml.io/en/v1.0.0)
//
//   # comment
//   [table]                  and [table.below]
//   key = value              bare and "quoted" keys, dotted.keys
//   "basic" 'literal'        strings on one line, with TOML's escapes in basic ones
//   1_000  -1  0x7f          whole numbers
//   1.5  1e3                 floats
//   true false
//   [1, 2, 3]                lists of these, over several lines too
//
// Left out, and refused by name: dates, inline tables, lists of tables, strings over several lines. No TOML package can
// be had from every feed that this project builds from, hence a reader of our own.

/// <summary>
/// A machine file in TOML. Every mistake is found at once: after one, reading goes on with the next line.
/// </summary>
internal sealed class TomlFile
{
    private readonly string _name;
    private readonly SettingSource _source = new();
    private readonly HashSet<string> _tables = new(StringComparer.Ordinal);
    private string _table = "";

    private TomlFile(string name) => _name = name;

    public static SettingSource Read(string text, string name)
    {
        var file = new TomlFile(name);
        var cursor = new TomlCursor(text);
        while (!cursor.IsAtEnd)
        {
            try
            {
                file.TakeLine(cursor);
            }
            catch (TomlException wrong)
            {
                file._source.Problems.Add($"{name} line {wrong.Line}: {wrong.Message}");
                cursor.SkipLine();
            }
        }

        return file._source;
    }

    private void TakeLine(TomlCursor cursor)
    {
        cursor.SkipBlank();
        if (cursor.IsAtLineEnd)
        {
            cursor.EndLine();
            return;
        }

        if (cursor.TryTake('['))
        {
            TakeTable(cursor);
        }
        else
        {
            var line = cursor.Line;
            var key = TomlValues.Key(cursor);
            cursor.SkipBlank();
            cursor.Expect('=', "after the key");
            cursor.SkipBlank();
            var value = TomlValues.Value(cursor);
            _source.Add(_table.Length == 0 ? key : $"{_table}.{key}", value, $"{_name} line {line}");
        }

        cursor.SkipBlank();
        cursor.EndLine();
    }

    private void TakeTable(TomlCursor cursor)
    {
        if (cursor.TryTake('['))
        {
            throw cursor.Wrong("lists of tables ([[…]]) are not part of a machine file");
        }

        cursor.SkipBlank();
        _table = TomlValues.Key(cursor);
        cursor.SkipBlank();
        cursor.Expect(']', "after the table's name");
        if (!_tables.Add(_table))
        {
            throw cursor.Wrong($"the table [{_table}] is there twice");
        }
    }
}
