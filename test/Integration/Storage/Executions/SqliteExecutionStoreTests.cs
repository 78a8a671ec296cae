using Analemma.Journal.Executions;
using Analemma.Storage.Sqlite;

namespace Analemma.Integration.Tests.Storage.Executions;

public sealed class SqliteExecutionStoreTests : ExecutionStoreContract, IDisposable
{
    private readonly JournalDirectory _directory = new();
    private int _others;

    public void Dispose() => _directory.Dispose();

    protected override IExecutionStore Open(TimeProvider? time = null) =>
        SqliteExecutionStore.Open(_directory.PathOf("workflows.db"), time: time);

    protected override IExecutionStore OpenAnother() =>
        SqliteExecutionStore.Open(_directory.PathOf($"workflows-{++_others}.db"));
}
