using System.Buffers.Text;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Network;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Syscalls;

/// <summary>HTTP: holds an agent's request, or its proxy's, against the rules of its spawn.</summary>
internal static class HttpSyscall
{
    private static readonly IReadOnlyList<RulePlan> Everything = [RulePlan.Everything];

    public static void Handle(SyscallContext call, Http request)
    {
        var method = request.Method?.ToUpperInvariant() ?? "GET";
        Handle(call, request, method, HttpUrl.Parse(request.Url, out _)!, BodyBytes(request));
    }

    public static void Handle(SyscallContext call, Relay request)
    {
        var target = request.IsTunnel
            ? HttpUrl.ParseAuthority(request.Target, out var problem)
            : HttpUrl.Parse(request.Target, out problem);
        if (target is null)
        {
            call.Refuse(SysError.InvalidArgument($"the target is none that can be judged: {problem}"));
            return;
        }

        Handle(call, request, request.Method, target, request.BodyBytes ?? 0);
    }

    public static void Ended(KernelState state, HttpEnded ended, List<Effect> effects)
    {
        state.Http.Remove(ended.Call);
        if (ended.Denial is { } denial && ended.Process != ProcessId.None)
        {
            effects.Add(Report(ended.Process, denial.What, denial.Reason, ended.At));
        }
    }

    private static void Handle(SyscallContext call, Syscall request, string method, HttpUrl url, long bodyBytes)
    {
        var state = call.State;
        if (call.Caller.IsHost)
        {
            HandleHost(call, request, method, url, bodyBytes);
            return;
        }

        if (request is Http { Network: not null })
        {
            call.Refuse(SysError.InvalidArgument(
                "network is for clients on the host; an agent has the rules of its spawn"));
            return;
        }

        if (!state.Processes.TryGet(call.Caller.Process, out var process)
            || !process.IsAlive || process.StopCause is not null)
        {
            call.Refuse(new SysError(SysErrorCode.WrongState, "a process that is ending sends nothing any more"));
            return;
        }

        if (state.ShuttingDown)
        {
            call.Refuse(new SysError(SysErrorCode.ShuttingDown, "the kernel is stopping and sends nothing more"));
            return;
        }

        var isTunnel = request is Relay { IsTunnel: true };
        var rules = RulesOf(process);
        var decision = isTunnel
            ? NetworkJudge.JudgeTunnel(rules, url)
            : NetworkJudge.Judge(rules, method, url);
        if (Denial(decision, bodyBytes) is { } denied)
        {
            call.Refuse(denied);
            call.Effects.Add(Report(process.Id, What(method, url, isTunnel), denied.Message, state.Now));
        }
        else if (state.Http.NoRoom(call.Caller) is { } full)
        {
            call.Refuse(full);
        }
        else
        {
            Send(call, process.Id, request, method, decision);
        }
    }

    // It brings its rules, and has its secrets put in and its addresses watched as an agent has.
    private static void HandleHost(SyscallContext call, Syscall request, string method, HttpUrl url, long bodyBytes)
    {
        if (request is not Http { Network: { } rules })
        {
            call.Refuse(SysError.InvalidArgument(
                "HTTP is for agents: a client on the host has the host's network and no rules",
                "give network, the rules to hold the request against"));
            return;
        }

        var decision = NetworkJudge.Judge([.. rules.Select(RulePlan.Of)], method, url);
        if (call.State.ShuttingDown)
        {
            call.Refuse(new SysError(SysErrorCode.ShuttingDown, "the kernel is stopping and sends nothing more"));
        }
        else if (Denial(decision, bodyBytes) is { } denied)
        {
            call.Refuse(denied);
        }
        else if (call.State.Http.NoRoom(call.Caller) is { } full)
        {
            call.Refuse(full);
        }
        else
        {
            Send(call, ProcessId.None, request, method, decision);
        }
    }

    private static void Send(
        SyscallContext call, ProcessId process, Syscall request, string method, NetworkDecision decision)
    {
        call.State.Http.Add(call.Call, call.Caller);
        var http = request as Http;
        call.Effects.Add(new SendHttp(call.Call, process, decision.Rule!, decision.Target, request)
        {
            RuleNumber = decision.Index + 1,
            Method = method,
            IsTunnel = request is Relay { IsTunnel: true },
            DueAt = request is Relay { IsTunnel: true } ? null : call.State.Now
                + ((http is null ? Limits.HttpTimeoutMsMax : http.TimeoutMs ?? Limits.HttpTimeoutMs)
                    * TimeSpan.TicksPerMillisecond),
            ResponseBytesMax = Math.Min(decision.Rule!.ResponseBytes, http?.MaxBytes ?? long.MaxValue),
        });
    }

    private static long BodyBytes(Http request)
    {
        var body = request.Body ?? "";
        if (request.Encoding != "base64")
        {
            return Encoding.UTF8.GetByteCount(body);
        }

        return Base64.IsValid(body, out var decoded) ? decoded : 0;
    }

    private static IReadOnlyList<RulePlan> RulesOf(Process process) =>
        process.Plan.Network || !process.Plan.Sandboxed ? Everything : process.Plan.NetworkRules;

    private static SysError? Denial(NetworkDecision decision, long bodyBytes)
    {
        if (!decision.IsAllowed)
        {
            return SysError.PermissionDenied(decision.Reason, "missing capability: network");
        }

        return bodyBytes > decision.Rule!.RequestBytes
            ? new SysError(
                SysErrorCode.TooLarge,
                $"the body has {bodyBytes} bytes, and rule {decision.Index + 1} allows {decision.Rule.RequestBytes}",
                "send less at once, or ask the owner for more request_bytes")
            : null;
    }

    private static string What(string method, HttpUrl url, bool isTunnel) =>
        isTunnel ? $"CONNECT {url.Host.InUrl}:{url.Port}" : $"{method} {url.Shown}";

    private static Raise Report(ProcessId process, string what, string reason, long at) =>
        new(new DenialReported(process, "network", what, reason, 1) { At = at });
}
