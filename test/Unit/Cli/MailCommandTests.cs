using Analemma.Abi;
using Analemma.Unit.Tests.Client;

namespace Analemma.Unit.Tests.Cli;

public sealed class MailCommandTests
{
    [Theory]
    [InlineData(
        "mailbox make m --durable --max-messages 5 --max-size 64K --visibility 2m --max-deliveries 3",
        """{"number":"Register","name":"m","durable":true,"max_messages":5,"max_bytes":65536,"visibility_ms":120000,"""
        + "\"max_deliveries\":3}")]
    [InlineData(
        "send m 1 --topic t --correlation c --priority high --ttl 2",
        """{"number":"Send","to":"m","body":1,"topic":"t","correlation":"c","priority":"high","ttl_ms":2000}""")]
    [InlineData(
        "recv m --timeout 1 --topic t --correlation c --from 3",
        """{"number":"Recv","mailbox":"m","max":1,"timeout_ms":1000,"topic":"t","correlation":"c","from":3}""")]
    public async Task Messages_and_mailboxes_turn_their_options_into_the_syscall(string line, string expected)
    {
        var asked = "";
        await using var fake = new FakeKernel(request =>
        {
            asked = request.Text;
            request.Fail(SysErrorCode.NoSuchMailbox, "there is none");
        });

        await CliRun.AgainstAsync(fake, line.Split(' '));

        Assert.Equal(expected, asked);
    }
}
