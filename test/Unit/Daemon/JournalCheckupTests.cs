using Analemma.Daemon.Boot;
using Analemma.Journal;

namespace Analemma.Unit.Tests.Daemon;

public sealed class JournalCheckupTests
{
    [Fact]
    public void A_journal_that_is_not_there_is_refused_with_the_settings_that_say_where_it_is()
    {
        var refused = Assert.Throws<JournalStoreException>(() => JournalCheckup.MustBeThere("/nowhere/journal.db"));

        Assert.StartsWith("/nowhere/journal.db: there is no journal", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--set kernel.state_folder=FOLDER", refused.Hint, StringComparison.Ordinal);
        Assert.Contains("--set journal.path=FILE", refused.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(JournalStoreFailure.Full)]
    [InlineData(JournalStoreFailure.Io)]
    [InlineData(JournalStoreFailure.InUse)]
    [InlineData(JournalStoreFailure.NotAJournal)]
    [InlineData(JournalStoreFailure.Damaged)]
    public void What_keeps_a_kernel_from_starting_has_a_hint(JournalStoreFailure failure) =>
        Assert.NotNull(new JournalStoreException(failure, "x").Hint);
}
