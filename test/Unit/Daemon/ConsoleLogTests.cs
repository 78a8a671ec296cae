using Analemma.Daemon;
using Analemma.Unit.Tests.Daemon.Workflows;
using Microsoft.Extensions.Logging;

namespace Analemma.Unit.Tests.Daemon;

public sealed class ConsoleLogTests
{
    [Fact]
    public void Whatever_is_logged_is_one_line_without_commands_to_a_terminal()
    {
        StringWriter lines = new();
        using (ConsoleLog log = new("kernel", LogLevel.Information, lines, new HandClock()))
        {
            log.Log(
                LogLevel.Information,
                new EventId(3),
                "a\r\n\u001b]0;t\u0007\u009bb\u0000c",
                null,
                (said, _) => said);
        }

        Assert.Equal("0001-01-01T00:00:00.000Z info: kernel[3] a   ]0;t  b c\n", lines.ToString());
    }
}
