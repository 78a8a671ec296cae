using Analemma.Abi;
using Analemma.Daemon.Http.Tools;

namespace Analemma.Unit.Tests.Daemon.Http.Tools;

public sealed class McpSessionsTests
{
    private static readonly ProcessId One = new(1);
    private static readonly ProcessId Other = new(2);

    private readonly McpSessions _sessions = new();

    [Fact]
    public void A_session_is_of_no_use_to_another_caller()
    {
        var session = _sessions.Begin(One);

        Assert.True(_sessions.TryGet(session.Id, One, out _));
        Assert.False(_sessions.TryGet(session.Id, Other, out _));
        Assert.False(_sessions.TryGet(new string('0', 32), One, out _));
    }

    [Fact]
    public void One_too_many_ends_the_callers_own_that_was_not_used_for_longest()
    {
        var others = _sessions.Begin(Other);
        var own = Enumerable.Range(0, McpSessions.PerCallerMax).Select(_ => _sessions.Begin(One)).ToList();
        Assert.True(_sessions.TryGet(own[0].Id, One, out _));

        var added = _sessions.Begin(One);

        Assert.False(_sessions.TryGet(own[1].Id, One, out _));
        Assert.True(own[1].Over.IsCompleted);
        Assert.All(
            own.Except([own[1]]).Append(added),
            each => Assert.True(_sessions.TryGet(each.Id, One, out _) && !each.Over.IsCompleted));
        Assert.True(_sessions.TryGet(others.Id, Other, out _));
    }

    [Fact]
    public async Task Its_end_takes_back_what_it_called()
    {
        var session = _sessions.Begin(One);
        var (ended, back) = (session.Calls("a"), session.Calls("b"));
        await session.TakeBackAsync("b");
        Assert.Equal((false, true), (ended.IsCancellationRequested, back.IsCancellationRequested));

        _sessions.End(session);

        Assert.True(ended.IsCancellationRequested);
        Assert.False(_sessions.TryGet(session.Id, One, out _));
    }
}
