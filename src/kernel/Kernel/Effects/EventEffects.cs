using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Effects;

/// <summary>
/// Sends a subscriber what it was not sent when it happened. One that takes not all of it comes back with
/// SubscriberReady; so does one that took all of it when <paramref name="IsWhole"/> is false. Between the two it is
/// sent nothing else.
/// </summary>
/// <param name="Subscriber">Whom.</param>
/// <param name="Events">The oldest first.</param>
/// <param name="Next">The cursor to come back with when all were taken.</param>
/// <param name="IsWhole">Nothing is left: from here on it is sent what happens.</param>
public sealed record PublishKept(CallId Subscriber, IReadOnlyList<EventView> Events, string Next, bool IsWhole)
    : Effect;
