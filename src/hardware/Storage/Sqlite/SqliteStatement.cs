using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Analemma.Storage.Sqlite;

/// <summary>
/// A statement that is prepared once and run for every change, by SQLite's own calls: a command of ADO.NET makes a
/// reader, an enumerator and a name for each parameter at every run, which takes longer than what SQLite does for it.
/// One thread at a time.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private const int TextStackMax = 256;

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    public SqliteStatement(SqliteConnection connection, string sql)
    {
        _database = connection.Handle!;
        var result = raw.sqlite3_prepare_v3(_database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement);
        SqliteException.ThrowExceptionForRC(result, _database);
    }

    /// <summary>Sets a parameter, from 1. It stays until it is set again.</summary>
    public SqliteStatement Set(int parameter, long value) =>
        Checked(raw.sqlite3_bind_int64(_statement, parameter, value));

    /// <inheritdoc cref="Set(int, long)"/>
    public SqliteStatement Set(int parameter, long? value) =>
        value is { } given ? Set(parameter, given) : SetNull(parameter);

    /// <inheritdoc cref="Set(int, long)"/>
    public SqliteStatement Set(int parameter, ReadOnlySpan<byte> value) =>
        Checked(raw.sqlite3_bind_blob(_statement, parameter, value));

    /// <inheritdoc cref="Set(int, long)"/>
    public SqliteStatement Set(int parameter, byte[]? value) =>
        value is null ? SetNull(parameter) : Set(parameter, value.AsSpan());

    /// <inheritdoc cref="Set(int, long)"/>
    public SqliteStatement Set(int parameter, string? value)
    {
        if (value is null)
        {
            return SetNull(parameter);
        }

        var length = Encoding.UTF8.GetMaxByteCount(value.Length);
        var utf8 = length <= TextStackMax ? stackalloc byte[TextStackMax] : new byte[length];
        return Checked(raw.sqlite3_bind_text(
            _statement, parameter, utf8[..Encoding.UTF8.GetBytes(value, utf8)]));
    }

    /// <summary>Runs it to its end. It is ready to be run again, also when it failed.</summary>
    /// <exception cref="SqliteException">It failed.</exception>
    public void Run()
    {
        var result = raw.sqlite3_step(_statement);
        try
        {
            SqliteException.ThrowExceptionForRC(result, _database);
        }
        finally
        {
            _ = raw.sqlite3_reset(_statement);
        }
    }

    public void Dispose() => _statement.Dispose();

    private SqliteStatement SetNull(int parameter) => Checked(raw.sqlite3_bind_null(_statement, parameter));

    private SqliteStatement Checked(int result)
    {
        SqliteException.ThrowExceptionForRC(result, _database);
        return this;
    }
}
