using System.Text;

namespace Analemma.Workflow.Files;

// ROWS (Step Functions Developer Guide, ItemReader, CSV file)
//
//   Fields in quotes may hold delimiters and line ends; a quote in them is doubled. A backslash escapes a backslash, a
//   quote and the delimiter, in quotes and without; before anything else it is dropped.
/// <summary>Rows of a text that is delimited.</summary>
internal static class CsvRows
{
    public static IEnumerable<IReadOnlyList<string>> Read(string text, char delimiter)
    {
        CsvRow row = new(delimiter);
        for (var i = 0; i < text.Length; i++)
        {
            var next = i + 1 < text.Length ? text[i + 1] : '\0';
            if (row.TryPair(text[i], next))
            {
                i++;
            }
            else if (row.Add(text[i]))
            {
                yield return row.Take();
            }
        }

        if (row.HasAny)
        {
            yield return row.Take();
        }
    }

    /// <summary>The row that is being read.</summary>
    private sealed class CsvRow(char delimiter)
    {
        private readonly StringBuilder _field = new();
        private List<string> _fields = [];
        private bool _isQuoted;
        private bool _wasQuoted;

        // An empty line is no row.
        public bool HasAny => _fields.Count > 0 || _field.Length > 0 || _wasQuoted;

        /// <summary>Takes two characters that mean one.</summary>
        public bool TryPair(char c, char next)
        {
            var isPair = c == '\\' ? next == '\\' || next == '"' || next == delimiter
                : c == '"' && _isQuoted && next == '"';
            if (isPair)
            {
                _field.Append(next);
            }

            return isPair;
        }

        /// <summary>Takes a character; whether it ends a row.</summary>
        public bool Add(char c)
        {
            if (c == '\\')
            {
                return false;
            }

            if (c == '"' && (_isQuoted || (_field.Length == 0 && !_wasQuoted)))
            {
                (_isQuoted, _wasQuoted) = (!_isQuoted, true);
                return false;
            }

            if (_isQuoted || (c != delimiter && c != '\n'))
            {
                _field.Append(c);
                return false;
            }

            if (c == '\n')
            {
                _field.Length -= _field.Length > 0 && _field[^1] == '\r' ? 1 : 0;
                return HasAny;
            }

            Close();
            return false;
        }

        public List<string> Take()
        {
            Close();
            var taken = _fields;
            _fields = [];
            return taken;
        }

        private void Close()
        {
            _fields.Add(_field.ToString());
            _field.Clear();
            _wasQuoted = false;
        }
    }
}
