namespace Analemma.Storage.Sqlite;

// JOURNAL DATABASE
//
//   record      one row a record, keyed by sequence (the rowid, so records lie in order in one B-tree)
//   chain       one row: what the oldest kept record follows, and which record is the last. The second is written in
//               the same transaction as the records, and shows if a damaged page has lost the end of the journal.
//   checkpoint  at most one row, with a digest of its own
//   audit       records of the audit log that were deleted from record, in the same transaction (AuditArchive.cs)
//   audit_note  one row: from where to where that goes, and how large it is

/// <summary>The kernel's journal.</summary>
internal static class SqliteJournalSchema
{
    /// <summary>Marked "AnlJ" in ASCII.</summary>
    public static SqliteDatabase Database { get; } = new(
        0x416E6C4A,
        "journal",
        [
            """
            CREATE TABLE record (
                sequence INTEGER PRIMARY KEY,
                ticks INTEGER NOT NULL,
                type TEXT NOT NULL,
                hash BLOB NOT NULL,
                body BLOB NOT NULL
            ) STRICT;
            CREATE TABLE chain (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                anchor_sequence INTEGER NOT NULL,
                anchor_hash BLOB NOT NULL,
                last_sequence INTEGER NOT NULL,
                last_hash BLOB NOT NULL
            ) STRICT;
            CREATE TABLE checkpoint (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                sequence INTEGER NOT NULL,
                hash BLOB NOT NULL,
                format_version INTEGER NOT NULL,
                digest BLOB NOT NULL,
                state BLOB NOT NULL
            ) STRICT;
            INSERT INTO chain VALUES (1, 0, zeroblob(32), 0, zeroblob(32));
            """,
            """
            CREATE TABLE audit (
                sequence INTEGER PRIMARY KEY,
                ticks INTEGER NOT NULL,
                type TEXT NOT NULL,
                previous BLOB NOT NULL,
                hash BLOB NOT NULL,
                link BLOB NOT NULL,
                body BLOB NOT NULL
            ) STRICT;
            CREATE TABLE audit_note (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                anchor_sequence INTEGER NOT NULL,
                anchor_link BLOB NOT NULL,
                last_sequence INTEGER NOT NULL,
                last_link BLOB NOT NULL,
                through_sequence INTEGER NOT NULL,
                through_hash BLOB NOT NULL,
                bytes INTEGER NOT NULL
            ) STRICT;
            INSERT INTO audit_note SELECT 1, anchor_sequence, anchor_hash, anchor_sequence, anchor_hash,
                anchor_sequence, anchor_hash, 0 FROM chain;
            """,
        ]);
}
