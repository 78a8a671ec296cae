namespace Analemma.Storage.Sqlite;

// DATABASE OF WORKFLOWS
//
//   document    by kind and key
//   execution   one row each; indexed by what executions are listed by
//   entry       records of all executions, numbered in the order in which they were written
//   last        of each execution, its last record, and the numbers of the entries that its latest records are; waits
//               says what one that only waits waits for
//   place       numbers of the records before, by the sequence of the last of them: moved there from last by the dozen
//   checkpoint  at most one an execution, with a digest of its own
//
// What a commit costs is pages. Those of an execution side by side would be a page, and at every fourth record three,
// for each execution that is in the commit; in the order of their writing they share pages, and so do the short rows of
// last. Since last says which record is the last one, apart from the records, a lost end is noticed.
//
// Earlier kernels have put records elsewhere, where they stay, before those in entry:
//
//   record      id = execution * 2^24 + sequence; the last of them, and waits, are in the row of the execution, which
//               has none in last before it goes on
//   record_more those with a sequence of 2^24 and more: of executions whose history has no end

/// <summary>The database of workflows.</summary>
internal static class SqliteExecutionSchema
{
    /// <summary>Of sequences in the old tree: more than a history of the service may have.</summary>
    public const int SequenceBits = 24;

    /// <summary>Sequences in the old tree are less.</summary>
    public const long SequenceMax = 1L << SequenceBits;

    /// <summary>Marked "AnlW" in ASCII.</summary>
    public static SqliteDatabase Database { get; } = new(
        0x416E6C57,
        "workflow",
        [
            """
            CREATE TABLE document (
                kind TEXT NOT NULL,
                key TEXT NOT NULL,
                body BLOB NOT NULL,
                PRIMARY KEY (kind, key)
            ) STRICT;
            CREATE TABLE execution (
                key INTEGER PRIMARY KEY,
                arn TEXT NOT NULL UNIQUE,
                machine TEXT NOT NULL,
                run TEXT,
                status INTEGER NOT NULL,
                started INTEGER NOT NULL,
                ended INTEGER,
                head BLOB NOT NULL,
                tail BLOB,
                sequence INTEGER NOT NULL,
                hash BLOB NOT NULL
            ) STRICT;
            CREATE INDEX execution_machine ON execution (machine, key);
            CREATE INDEX execution_run ON execution (run, key) WHERE run IS NOT NULL;
            CREATE INDEX execution_open ON execution (key) WHERE status = 0;
            CREATE TABLE record (
                id INTEGER PRIMARY KEY,
                ticks INTEGER NOT NULL,
                type TEXT NOT NULL,
                hash BLOB NOT NULL,
                body BLOB NOT NULL
            ) STRICT;
            """,
            """
            CREATE TABLE checkpoint (
                key INTEGER PRIMARY KEY,
                sequence INTEGER NOT NULL,
                hash BLOB NOT NULL,
                format_version INTEGER NOT NULL,
                digest BLOB NOT NULL,
                state BLOB NOT NULL
            ) STRICT;
            CREATE INDEX execution_ended ON execution (ended, key) WHERE ended IS NOT NULL;
            """,
            """
            CREATE TABLE record_more (
                key INTEGER NOT NULL,
                sequence INTEGER NOT NULL,
                ticks INTEGER NOT NULL,
                type TEXT NOT NULL,
                hash BLOB NOT NULL,
                body BLOB NOT NULL,
                PRIMARY KEY (key, sequence)
            ) STRICT, WITHOUT ROWID;
            """,
            "ALTER TABLE execution ADD COLUMN waits BLOB",
            """
            CREATE TABLE entry (
                n INTEGER PRIMARY KEY,
                key INTEGER NOT NULL,
                sequence INTEGER NOT NULL,
                ticks INTEGER NOT NULL,
                type TEXT NOT NULL,
                hash BLOB NOT NULL,
                body BLOB NOT NULL
            ) STRICT;
            CREATE TABLE place (
                key INTEGER NOT NULL,
                sequence INTEGER NOT NULL,
                numbers BLOB NOT NULL,
                PRIMARY KEY (key, sequence)
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE last (
                key INTEGER PRIMARY KEY,
                sequence INTEGER NOT NULL,
                hash BLOB NOT NULL,
                waits BLOB,
                numbers BLOB NOT NULL
            ) STRICT;
            """,
        ]);
}
