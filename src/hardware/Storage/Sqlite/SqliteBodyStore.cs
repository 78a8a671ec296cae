using System.Globalization;
using Analemma.Journal;
using Microsoft.Data.Sqlite;

namespace Analemma.Storage.Sqlite;

/// <summary>
/// Bodies by number in one SQLite file beside the journal: what is too large for records, and may be forgotten. What
/// KeepAsync was given is on disk when it completes. Opened at the first use; all calls run in order on one thread.
/// </summary>
/// <param name="path">The file; made with mode 0600 when there is none. Its directory must exist.</param>
public sealed class SqliteBodyStore(string path) : IDisposable
{
    private readonly Lock _gate = new();
    private StorageThread? _thread;
    private SqliteConnection? _connection;
    private bool _disposed;

    /// <summary>Whether anything was ever kept.</summary>
    public bool Exists => File.Exists(path);

    /// <summary>Keeps all or none; a body of the same number is replaced.</summary>
    /// <exception cref="JournalStoreException">The file cannot be written.</exception>
    public Task KeepAsync(IReadOnlyList<(long Id, byte[] Body)> bodies) => RunAsync(connection =>
    {
        using var transaction = connection.BeginTransaction();
        using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT OR REPLACE INTO body (id, body) VALUES ($id, $body)";
        var id = insert.Parameters.Add("$id", SqliteType.Integer);
        var body = insert.Parameters.Add("$body", SqliteType.Blob);
        foreach (var each in bodies)
        {
            (id.Value, body.Value) = (each.Id, each.Body);
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
        return true;
    });

    /// <summary>The bodies in the order asked; null for one that is not there.</summary>
    /// <exception cref="JournalStoreException">The file cannot be read.</exception>
    public Task<IReadOnlyList<byte[]?>> ReadAsync(IReadOnlyList<long> ids) => RunAsync(connection =>
    {
        using var select = connection.CreateCommand();
        select.CommandText = "SELECT body FROM body WHERE id = $id";
        var id = select.Parameters.Add("$id", SqliteType.Integer);
        var found = new byte[]?[ids.Count];
        for (var i = 0; i < found.Length; i++)
        {
            id.Value = ids[i];
            found[i] = select.ExecuteScalar() as byte[];
        }

        return (IReadOnlyList<byte[]?>)found;
    });

    /// <summary>Forgets bodies; those that are not there are no mistake.</summary>
    /// <exception cref="JournalStoreException">The file cannot be written.</exception>
    public Task DropAsync(IReadOnlyList<long> ids) => RunAsync(connection =>
    {
        using var transaction = connection.BeginTransaction();
        Delete(connection, ids);
        transaction.Commit();
        return true;
    });

    /// <summary>Forgets all bodies but these; gives how many there were.</summary>
    /// <exception cref="JournalStoreException">The file cannot be written.</exception>
    public Task<int> SweepAsync(IReadOnlyCollection<long> used) => RunAsync(connection =>
    {
        var kept = used.ToHashSet();
        List<long> rest = [];
        using (var select = connection.CreateCommand())
        {
            select.CommandText = "SELECT id FROM body";
            using var reader = select.ExecuteReader();
            while (reader.Read())
            {
                if (!kept.Contains(reader.GetInt64(0)))
                {
                    rest.Add(reader.GetInt64(0));
                }
            }
        }

        using var transaction = connection.BeginTransaction();
        Delete(connection, rest);
        transaction.Commit();
        return rest.Count;
    });

    /// <summary>What was asked before still happens.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        _thread?.Dispose();
        _connection?.Dispose();
    }

    private static void Delete(SqliteConnection connection, IReadOnlyList<long> ids)
    {
        using var delete = connection.CreateCommand();
        delete.CommandText = "DELETE FROM body WHERE id = $id";
        var id = delete.Parameters.Add("$id", SqliteType.Integer);
        foreach (var each in ids)
        {
            id.Value = each;
            delete.ExecuteNonQuery();
        }
    }

    private Task<T> RunAsync<T>(Func<SqliteConnection, T> work)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        void Run()
        {
            try
            {
                done.SetResult(work(_connection ??= Open()));
            }
            catch (SqliteException error)
            {
                done.SetException(error.ToStoreException(path));
            }
            catch (Exception error)
            {
                // Whatever it is, it is the caller's to know: it is not to end this thread, and the process with it.
                done.SetException(new JournalStoreException(JournalStoreFailure.Io, $"{path}: {error.Message}", error));
            }
        }

        lock (_gate)
        {
            if (_disposed || !(_thread ??= new StorageThread("bodies")).TryPost(Run))
            {
                done.SetException(new JournalStoreException(JournalStoreFailure.Closed, $"{path} is closed"));
            }
        }

        return done.Task;
    }

    private SqliteConnection Open()
    {
        using (new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
        }

        var connection = new SqliteConnection(string.Create(
            CultureInfo.InvariantCulture, $"Data Source={path};Mode=ReadWriteCreate;Pooling=False"));
        try
        {
            connection.Open();
            using var setup = connection.CreateCommand();
            // As the journal: a commit survives loss of power. Freed pages are given back, for bodies come and go.
            setup.CommandText = """
                PRAGMA auto_vacuum=FULL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
                CREATE TABLE IF NOT EXISTS body (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
                """;
            setup.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
