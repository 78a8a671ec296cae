using System.Globalization;
using Analemma.Journal;
using Npgsql;

namespace Analemma.Storage.Postgres;

// DATABASE OF WORKFLOWS ON A SERVER
//
//   workflow_store       one row: which migrations there are, who owns the store (epoch), how many commits it has made
//   workflow_document    by kind and key
//   workflow_execution   one row each; indexed by what executions are listed by; waits as in SQLite
//   workflow_record      by execution and sequence
//   workflow_checkpoint  at most one an execution, with a digest of its own
//
// All in the schema that the connection's search path begins with. ONE WRITER: the owner holds an advisory lock as long
// as its session lives; whoever gets it raises the epoch. Every transaction calls workflow_fence, which counts the
// commit and fails unless the epoch is the caller's and the count is the next one. So an owner that was cut off and
// replaced can commit no more; and after a lost connection the count says whether the last commit took place.

/// <summary>The migrations that a database lacks.</summary>
internal static class PostgresSchema
{
    /// <summary>SQLSTATE of workflow_fence; the server has none such.</summary>
    public const string Fenced = "ANW01";

    /// <summary>"AnlW" in ASCII: the lock of who migrates, and half of the owner's.</summary>
    public const int LockClass = 0x416E6C57;

    /// <summary>Each takes a database from the version that is its index to the next. Never edit one.</summary>
    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE workflow_store (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            version INTEGER NOT NULL,
            epoch BIGINT NOT NULL,
            commits BIGINT NOT NULL
        );
        INSERT INTO workflow_store VALUES (1, 0, 0, 0);
        CREATE TABLE workflow_document (
            kind TEXT NOT NULL,
            key TEXT NOT NULL,
            body BYTEA NOT NULL,
            PRIMARY KEY (kind, key)
        );
        CREATE TABLE workflow_execution (
            key BIGINT PRIMARY KEY,
            arn TEXT NOT NULL UNIQUE,
            machine TEXT NOT NULL,
            run TEXT,
            status INTEGER NOT NULL,
            started BIGINT NOT NULL,
            ended BIGINT,
            head BYTEA NOT NULL,
            tail BYTEA,
            sequence BIGINT NOT NULL,
            hash BYTEA NOT NULL
        );
        CREATE INDEX workflow_execution_machine ON workflow_execution (machine, key);
        CREATE INDEX workflow_execution_run ON workflow_execution (run, key) WHERE run IS NOT NULL;
        CREATE INDEX workflow_execution_open ON workflow_execution (key) WHERE status = 0;
        CREATE INDEX workflow_execution_ended ON workflow_execution (ended, key) WHERE ended IS NOT NULL;
        CREATE TABLE workflow_record (
            execution BIGINT NOT NULL,
            sequence BIGINT NOT NULL,
            ticks BIGINT NOT NULL,
            type TEXT NOT NULL,
            hash BYTEA NOT NULL,
            body BYTEA NOT NULL,
            PRIMARY KEY (execution, sequence)
        );
        CREATE TABLE workflow_checkpoint (
            key BIGINT PRIMARY KEY,
            sequence BIGINT NOT NULL,
            hash BYTEA NOT NULL,
            format_version INTEGER NOT NULL,
            digest BYTEA NOT NULL,
            state BYTEA NOT NULL
        );
        CREATE FUNCTION workflow_fence(owner BIGINT, next BIGINT) RETURNS VOID LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE workflow_store SET commits = next WHERE id = 1 AND epoch = owner AND commits = next - 1;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'another kernel owns this store' USING ERRCODE = 'ANW01';
            END IF;
        END $$;
        """,
        "ALTER TABLE workflow_execution ADD COLUMN waits BYTEA",
    ];

    /// <summary>Makes the tables, or brings them up to date; two at once wait for each other.</summary>
    /// <exception cref="JournalStoreException">They are of a newer Analemma.</exception>
    public static void Migrate(NpgsqlConnection connection, string name)
    {
        using var transaction = connection.BeginTransaction();
        Execute(connection, string.Create(
            CultureInfo.InvariantCulture, $"SELECT pg_advisory_xact_lock({LockClass}::bigint)"));
        var version = VersionOf(connection);
        if (version > Migrations.Length)
        {
            throw new JournalStoreException(
                JournalStoreFailure.NotAJournal,
                $"{name} has workflow version {version}; this Analemma knows up to {Migrations.Length}");
        }

        for (var next = version; next < Migrations.Length; next++)
        {
            Execute(connection, Migrations[next]);
        }

        if (version < Migrations.Length)
        {
            Execute(connection, string.Create(
                CultureInfo.InvariantCulture, $"UPDATE workflow_store SET version = {Migrations.Length}"));
        }

        transaction.Commit();
    }

    private static int VersionOf(NpgsqlConnection connection)
    {
        using var exists = new NpgsqlCommand("SELECT to_regclass('workflow_store') IS NOT NULL", connection);
        if (exists.ExecuteScalar() is not true)
        {
            return 0;
        }

        using var version = new NpgsqlCommand("SELECT version FROM workflow_store WHERE id = 1", connection);
        return version.ExecuteScalar() is int found ? found : 0;
    }

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }
}
