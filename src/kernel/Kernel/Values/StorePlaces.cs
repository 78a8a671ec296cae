using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Syscalls;

namespace Analemma.Kernel.Values;

/// <summary>
/// Which places of the store a request is about. Refuses by itself what the caller may not: to an agent there are its
/// own place, its group's and the global one; a client on the host names any.
/// </summary>
internal static class StorePlaces
{
    private const char CursorSeparator = '|';

    /// <summary>The nearest first.</summary>
    private static readonly StoreScope[] Scopes = [StoreScope.Agent, StoreScope.Group, StoreScope.Global];

    public static bool TryWrite(
        SyscallContext call, StoreSyscall request, string key, out ValuePlace place, out string payer)
    {
        (place, payer) = (default, "");
        if (call.Caller.IsHost)
        {
            place = OfHost(request.Scope is StoreScope.Any ? StoreScope.Global : request.Scope, request.Owner);
            return true;
        }

        if (!TryCaller(call, request, out var process))
        {
            return false;
        }

        payer = ValueOwners.PayerOf(process);
        var scopes = request.Scope is StoreScope.Any ? Scopes.Reverse() : [request.Scope ?? StoreScope.Agent];
        var places = scopes.Select(scope => ValueOwners.PlaceOf(process, scope)).ToList();
        foreach (var each in places)
        {
            if (StoreRights.MayWrite(call.State, process, each.Scope, key))
            {
                place = each;
                return true;
            }
        }

        StoreRights.Deny(call, request, places[^1].Scope, key, isWrite: true);
        return false;
    }

    public static bool TryRead(
        SyscallContext call, StoreSyscall request, string key, out IReadOnlyList<ValuePlace> places) =>
        TryFind(call, request, key, isWrite: false, out places);

    public static bool TryDelete(
        SyscallContext call, StoreSyscall request, string key, out IReadOnlyList<ValuePlace> places) =>
        TryFind(call, request, key, isWrite: true, out places);

    /// <summary>Every place that is meant, and which of its values the caller may know of.</summary>
    public static bool TryList(
        SyscallContext call, Keys request, out IReadOnlyList<ValuePlace> places, out Func<StoredValue, bool> mayRead)
    {
        (places, mayRead) = ([], _ => true);
        if (call.Caller.IsHost)
        {
            places = request is { Scope: StoreScope.Any, Owner: null }
                ? [.. call.State.Values.Places] : AllOfHost(request);
            return true;
        }

        if (!TryCaller(call, request, out var process))
        {
            return false;
        }

        var state = call.State;
        mayRead = value => StoreRights.MayRead(state, process, value.Scope, value.Key);
        places = [.. ScopesOf(request).Select(scope => ValueOwners.PlaceOf(process, scope))];
        if (places.Any(place => StoreRights.MayReadSome(state, process, place.Scope)))
        {
            return true;
        }

        StoreRights.Deny(call, request, places[0].Scope, request.Prefix + "*", isWrite: false);
        return false;
    }

    public static string CursorOf(StoredValue value) =>
        $"{(int)value.Scope}{CursorSeparator}{value.Owner}{CursorSeparator}{value.Key}";

    /// <summary>What comes from nobody's answer stands for the beginning.</summary>
    public static (ValuePlace? Place, string Key) ParseCursor(string? cursor) =>
        cursor?.Split(CursorSeparator, 3) is [var scope, var owner, var key]
        && int.TryParse(scope, out var number) && number is >= 0 and < (int)StoreScope.Any
            ? (new ValuePlace((StoreScope)number, owner), key)
            : (null, "");

    private static bool TryFind(
        SyscallContext call, StoreSyscall request, string key, bool isWrite, out IReadOnlyList<ValuePlace> places)
    {
        places = [];
        if (call.Caller.IsHost)
        {
            places = AllOfHost(request);
            return true;
        }

        if (!TryCaller(call, request, out var process))
        {
            return false;
        }

        places =
        [
            .. ScopesOf(request)
                .Where(scope => isWrite
                    ? StoreRights.MayWrite(call.State, process, scope, key)
                    : StoreRights.MayRead(call.State, process, scope, key))
                .Select(scope => ValueOwners.PlaceOf(process, scope)),
        ];
        if (places.Count > 0)
        {
            return true;
        }

        StoreRights.Deny(call, request, ScopesOf(request)[^1], key, isWrite);
        return false;
    }

    private static StoreScope[] ScopesOf(StoreSyscall request) =>
        request.Scope is StoreScope.Any ? Scopes : [request.Scope ?? StoreScope.Agent];

    private static ValuePlace[] AllOfHost(StoreSyscall request) => request.Scope is not StoreScope.Any
        ? [OfHost(request.Scope, request.Owner)]
        : request.Owner is null
            ? [.. Scopes.Select(scope => OfHost(scope, null))]
            : [OfHost(StoreScope.Agent, request.Owner), OfHost(StoreScope.Group, request.Owner)];

    private static ValuePlace OfHost(StoreScope? scope, string? owner) => scope is null or StoreScope.Global
        ? ValuePlace.Global
        : new ValuePlace(scope.Value, owner ?? "");

    /// <summary>The last words of a process that has ended may still come.</summary>
    private static bool TryCaller(SyscallContext call, StoreSyscall request, out Process process)
    {
        if (!call.State.Processes.TryGet(call.Caller.Process, out process!) || !process.IsAlive
            || process.StopCause is not null)
        {
            call.Refuse(new SysError(SysErrorCode.WrongState, "a process that is ending cannot use the store"));
            return false;
        }

        if (request.Owner is not null && request.Owner != process.Path)
        {
            call.Deny(
                $"{request.Number} of {request.Owner}",
                SysError.PermissionDenied(
                    "an agent cannot name whose part of the store it means",
                    "missing capability: host; leave owner out, or share by the scope group or global"));
            return false;
        }

        return true;
    }
}
