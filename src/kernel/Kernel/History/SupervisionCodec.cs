using System.Text.Json;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.History;

/// <summary>The part of the journal's format that is about supervision.</summary>
internal static class SupervisionCodec
{
    public static (string Type, byte[] Body)? Write(KernelEvent @event) => @event switch
    {
        KernelSettled settled =>
            ("kernel.settled", EventCodec.Json(settled, EventJsonContext.Default.KernelSettled)),
        UnitDue due => ("unit.due", EventCodec.Json(due, EventJsonContext.Default.UnitDue)),
        UnitReady ready => ("unit.ready", EventCodec.Json(ready, EventJsonContext.Default.UnitReady)),
        WatchdogBarked barked =>
            ("watchdog.barked", EventCodec.Json(barked, EventJsonContext.Default.WatchdogBarked)),
        TroubleNoted noted => ("trouble.noted", EventCodec.Json(noted, EventJsonContext.Default.TroubleNoted)),
        OutageOver over => ("outage.over", EventCodec.Json(over, EventJsonContext.Default.OutageOver)),
        ScheduleTold told => ("schedule.told", EventCodec.Json(told, EventJsonContext.Default.ScheduleTold)),
        UnitNeeded needed => ("unit.needed", EventCodec.Json(needed, EventJsonContext.Default.UnitNeeded)),
        UnitIdled idled => ("unit.idled", EventCodec.Json(idled, EventJsonContext.Default.UnitIdled)),
        _ => null,
    };

    public static KernelEvent? Read(string type, ReadOnlySpan<byte> body) => type switch
    {
        "kernel.settled" => EventCodec.Parse(body, EventJsonContext.Default.KernelSettled),
        "unit.due" => EventCodec.Parse(body, EventJsonContext.Default.UnitDue),
        "unit.ready" => EventCodec.Parse(body, EventJsonContext.Default.UnitReady),
        "watchdog.barked" => EventCodec.Parse(body, EventJsonContext.Default.WatchdogBarked),
        "trouble.noted" => EventCodec.Parse(body, EventJsonContext.Default.TroubleNoted),
        "outage.over" => EventCodec.Parse(body, EventJsonContext.Default.OutageOver),
        "schedule.told" => EventCodec.Parse(body, EventJsonContext.Default.ScheduleTold),
        "unit.needed" => EventCodec.Parse(body, EventJsonContext.Default.UnitNeeded),
        "unit.idled" => EventCodec.Parse(body, EventJsonContext.Default.UnitIdled),
        _ => null,
    };

    public static (string Name, JsonElement Request)? Write(Syscall syscall) => syscall switch
    {
        FleetApply apply => ("fleet_apply", Element(apply, EventJsonContext.Default.FleetApply)),
        FleetDown down => ("fleet_down", Element(down, EventJsonContext.Default.FleetDown)),
        FleetRestart restart => ("fleet_restart", Element(restart, EventJsonContext.Default.FleetRestart)),
        Watch watch => ("watch", Element(watch, EventJsonContext.Default.Watch)),
        Restart restart => ("restart", Element(restart, EventJsonContext.Default.Restart)),
        Escalate escalate => ("escalate", Element(escalate, EventJsonContext.Default.Escalate)),
        _ => null,
    };

    public static Syscall? Read(string name, JsonElement request) => name switch
    {
        "fleet_apply" => request.Deserialize(EventJsonContext.Default.FleetApply),
        "fleet_down" => request.Deserialize(EventJsonContext.Default.FleetDown),
        "fleet_restart" => request.Deserialize(EventJsonContext.Default.FleetRestart),
        "watch" => request.Deserialize(EventJsonContext.Default.Watch),
        "restart" => request.Deserialize(EventJsonContext.Default.Restart),
        "escalate" => request.Deserialize(EventJsonContext.Default.Escalate),
        _ => null,
    };

    private static JsonElement Element<T>(
        T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        JsonSerializer.SerializeToElement(value, type);
}
