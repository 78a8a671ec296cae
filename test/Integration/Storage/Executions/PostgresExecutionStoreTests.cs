using Analemma.Journal.Executions;
using Analemma.Storage.Postgres;

namespace Analemma.Integration.Tests.Storage.Executions;

public sealed class PostgresExecutionStoreTests : ExecutionStoreContract
{
    private readonly string _store = PostgresClusters.Shared.NewStore();

    protected override IExecutionStore Open(TimeProvider? time = null) => PostgresExecutionStore.Open(_store, time);

    protected override IExecutionStore OpenAnother() => PostgresExecutionStore.Open(PostgresClusters.Shared.NewStore());
}
