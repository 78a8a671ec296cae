using System.Text;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Happenings;
using static Analemma.Kernel.Policy.SyscallRules;

namespace Analemma.Kernel.Policy;

/// <summary>When requests about events are well-formed.</summary>
internal static class EventRules
{
    private const int PatternCharsMax = AbiLimits.NameLengthMax + 1 + Limits.EmitTypeCharsMax;

    public static IEnumerable<string> Problems(Syscall syscall) => syscall switch
    {
        Emit emit => EmitProblems(emit),
        PollEvents poll =>
        [
            .. SelectionProblems(poll),
            .. Range("max", poll.Max, 1, Limits.EventsPerPollMax),
            .. Range("timeout_ms", poll.TimeoutMs, 0, Limits.PollMsMax),
            .. poll is { From: null } and not { Types: null, Agent: null, Where: null }
                ? new[] { "types, agent and where need from: a standing subscription has its own" } : [],
        ],
        Unsubscribe unsubscribe => TypeProblems(unsubscribe.Types ?? []),
        EventSelection selection => SelectionProblems(selection),
        _ => [],
    };

    private static IEnumerable<string> SelectionProblems(EventSelection selection) =>
    [
        .. TypeProblems(selection.Types ?? []),
        .. selection.Agent is { } agent && agent.Length is 0 or > AbiLimits.NameLengthMax
            ? new[] { $"agent is {Quote(agent)}; it must be the name of a process, or its id" } : [],
        .. FieldProblems(selection.Where),
        .. selection.From is { } from && from is not ("now" or "oldest") && !Place.TryParse(from, out _)
            ? new[] { $"from is {Quote(from)}; it must be oldest, now, or the cursor of an event" } : [],
    ];

    private static IEnumerable<string> TypeProblems(IReadOnlyList<string> types) =>
    [
        .. types.Count > Limits.EventPatternsMax
            ? [$"types: at most {Limits.EventPatternsMax}"] : Array.Empty<string>(),
        .. types.Where(type => !IsType(type)).Select(type =>
            $"types: there is no event {Quote(type ?? "null")}; there are {string.Join(", ", EventTypes.All)}, "
            + "NAME/TYPE of who emits, and * for any text"),
    ];

    // One without a star and without a name is the kernel's own, and those are known.
    private static bool IsType(string? type) =>
        type is { Length: > 0 and <= PatternCharsMax } && (type.Contains(TypePattern.Any) || type.Contains('/')
            ? type.All(character => char.IsAsciiLetterOrDigit(character) || ".-_/*".Contains(character))
            : EventTypes.All.Contains(type, StringComparer.Ordinal));

    private static IEnumerable<string> FieldProblems(IReadOnlyDictionary<string, string>? fields)
    {
        if (fields?.Count > Limits.EventFieldsMax)
        {
            yield return $"where: at most {Limits.EventFieldsMax} fields";
        }

        foreach (var (field, value) in fields ?? new Dictionary<string, string>())
        {
            if (field.Length > PatternCharsMax || !Selection.IsField(field))
            {
                yield return $"where: there is no field {Quote(field)}; there are kind, what, reason, name, "
                    + "exit.cause, exit.code, exit.signal, data and data.PATH";
            }
            else if (value is null || value.Length > Limits.EmitBytesMax)
            {
                yield return $"where.{field}: a value is text of at most {Limits.EmitBytesMax} characters";
            }
        }
    }

    private static IEnumerable<string> EmitProblems(Emit emit) =>
    [
        .. IsEmitted(emit.Type) ? Array.Empty<string>() :
        [
            $"type is {Quote(emit.Type ?? "null")}; it must be 1 to {Limits.EmitTypeCharsMax} small letters, digits "
            + "and . _ - inside",
        ],
        .. OneOf("to", emit.To, "family", "everyone"),
        .. emit.Data is { } data && Encoding.UTF8.GetByteCount(data.GetRawText()) > Limits.EmitBytesMax
            ? new[] { $"data has {Encoding.UTF8.GetByteCount(data.GetRawText())} bytes of JSON; at most "
                + $"{Limits.EmitBytesMax}" } : [],
        .. emit.Data is { } deep && Depth(deep) > Limits.EmitDepthMax
            ? new[] { $"data nests deeper than {Limits.EmitDepthMax}" } : [],
    ];

    private static bool IsEmitted(string? type) =>
        type is { Length: > 0 and <= Limits.EmitTypeCharsMax } && char.IsAsciiLetterOrDigit(type[0])
        && type.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character)
            || character is '.' or '_' or '-');

    private static int Depth(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => 1 + element.EnumerateObject().Select(each => Depth(each.Value)).DefaultIfEmpty().Max(),
        JsonValueKind.Array => 1 + element.EnumerateArray().Select(Depth).DefaultIfEmpty().Max(),
        _ => 0,
    };
}
