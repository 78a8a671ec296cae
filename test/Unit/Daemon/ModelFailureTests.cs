using Analemma.Daemon.Runners.Thinking;
using Analemma.Models;

namespace Analemma.Unit.Tests.Daemon;

public sealed class ModelFailureTests
{
    /// <summary>Every reason, so that a changed row shows up in review as a changed line.</summary>
    [Fact]
    public void Every_reason_of_a_driver_is_a_kind_of_the_kernel()
    {
        var rows = Enum.GetValues<ModelCallReason>()
            .Select(reason => $"{reason} {ModelFailures.Kind(reason)} {ModelFailures.MayHaveUsed(reason)}");
        Assert.Equal(
            [
                "NoKey NotConfigured False",
                "KeyRejected Unauthorized False",
                "UnknownModel Rejected False",
                "RateLimited RateLimited False",
                "Overloaded Overloaded False",
                "Unreachable Unreachable False",
                "TimedOut TimedOut True",
                "PromptTooLong TooLarge False",
                "ImageTooLarge TooLarge False",
                "BadRequest Rejected False",
                "ContentBlocked Rejected True",
                "MalformedAnswer Malformed True",
                "CutStream Malformed True",
                "Cancelled Cancelled True",
            ],
            rows);
    }
}
