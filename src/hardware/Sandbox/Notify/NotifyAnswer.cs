using System.Text;
using Analemma.Linux;
using Analemma.Sandbox.Seccomp;

namespace Analemma.Sandbox.Notify;

// ONE NOTIFIED CALL
//
//   receive → find the rule → refused: answer EPERM, report
//                           → reported: read what the pointer says, check that the caller still waits (so that its
//                             number is still its own), let it run, find out whether the mounts and the namespaces
//                             refuse it
//
// The caller may change its memory between our reading and the kernel's: a report can be fooled, and nothing but the
// report depends on it.

/// <summary>Answers notified syscalls. One thread's; its buffers are reused from call to call.</summary>
internal sealed class NotifyAnswer(NotifyRules rules)
{
    private const int AtWorkingFolder = -100;
    private const int AddressBytesMax = 128;
    private const int ArgumentPath = 1;

    private const string WriteReason =
        "Only /work and /tmp can be written here; put the file there, or ask the owner for a mount.";

    private const string ReadReason =
        "That file is not in this sandbox; ask the owner for a mount, or put a copy in /work.";

    private const string NetworkReason =
        "This sandbox has no network; ask the kernel for what you need by a syscall through the agent's socket.";

    private readonly Attempt _attempt = new();
    private readonly byte[] _link = new byte[64];

    /// <summary>How many calls were answered.</summary>
    public long Answered { get; private set; }

    /// <summary>Takes and answers one call. False when this is no filter to listen to any more.</summary>
    public bool Next(NotifiedSandbox sandbox, SeccompNotifyFd filter)
    {
        var error = filter.Receive(out var call);
        if (error != 0)
        {
            return error == Errno.ENOENT;
        }

        Answered++;
        var rule = rules.Find(call);
        if (rule is not { Action: SeccompAction.Report })
        {
            filter.Refuse(call.Id, Errno.EPERM);
            Report(sandbox, call, rule);
            return true;
        }

        var kind = Read(call);
        if (kind == CallKind.Unreadable || !filter.IsWaiting(call.Id))
        {
            filter.Continue(call.Id);
            return true;
        }

        // The root holds the mounts, so paths are judged off the caller's way; its sockets go with it.
        var root = sandbox.RootSeenBy((int)call.Pid);
        var isEarly = kind is CallKind.Connect or CallKind.SendTo;
        var denied = isEarly && root is not null && IsDenied(kind, root);
        filter.Continue(call.Id);
        denied |= !isEarly && root is not null && IsDenied(kind, root);
        if (denied)
        {
            Report(sandbox, call.Number, kind);
        }

        return true;
    }

    private bool IsDenied(CallKind kind, ProcessRoot root) => kind switch
    {
        CallKind.OpenToWrite => OpenJudge.IsDeniedWrite(_attempt.AbsolutePath(), root),
        CallKind.OpenToRead => OpenJudge.IsHiddenRead(_attempt.AbsolutePath(), root),
        CallKind.Connect or CallKind.SendTo => AddressJudge.IsDenied(_attempt.Bytes, _attempt.Pid, root),
        CallKind.Unreadable => false,
    };

    private CallKind Read(in SeccompNotification call)
    {
        _attempt.Pid = (int)call.Pid;
        if (call.Number == rules.OpenAt)
        {
            return ReadPath(call.Args[ArgumentPath], unchecked((int)call.Args[0]), call.Args[2]);
        }

        if (call.Number == rules.Open)
        {
            return ReadPath(call.Args[0], AtWorkingFolder, call.Args[1]);
        }

        if (call.Number == rules.Creat)
        {
            return ReadPath(call.Args[0], AtWorkingFolder, flags: 1);
        }

        if (call.Number == rules.Connect)
        {
            return ReadAddress(call.Args[1], call.Args[2]) ? CallKind.Connect : CallKind.Unreadable;
        }

        if (call.Number == rules.SendTo)
        {
            return ReadAddress(call.Args[4], call.Args[5]) ? CallKind.SendTo : CallKind.Unreadable;
        }

        return CallKind.Unreadable;
    }

    private CallKind ReadPath(ulong pointer, int folder, ulong flags)
    {
        const ulong writeOrCreate = 0x43;
        _attempt.Length = ProcessMemory.ReadString(_attempt.Pid, pointer, _attempt.Buffer);
        if (_attempt.Length <= 0)
        {
            _attempt.Length = 0;
            return CallKind.Unreadable;
        }

        _attempt.FolderLength = 0;
        if (_attempt.Buffer[0] != (byte)'/')
        {
            var link = FolderLink(folder);
            var length = ProcessRoot.ReadLink(link, _attempt.FolderBuffer[..^1]);
            _attempt.FolderLength = length > 0 && _attempt.FolderBuffer[0] == (byte)'/' ? length : 0;
        }

        return (flags & writeOrCreate) != 0 ? CallKind.OpenToWrite : CallKind.OpenToRead;
    }

    private bool ReadAddress(ulong pointer, ulong size)
    {
        var length = (int)Math.Min(size & uint.MaxValue, AddressBytesMax);
        _attempt.Length = ProcessMemory.Read(_attempt.Pid, pointer, _attempt.Buffer[..length]);
        return _attempt.Length >= sizeof(ushort);
    }

    /// <summary>The link in /proc to the folder that a relative path starts from, with its NUL.</summary>
    private ReadOnlySpan<byte> FolderLink(int folder)
    {
        var written = 0;
        _ = folder == AtWorkingFolder
            ? System.Text.Unicode.Utf8.TryWrite(_link, $"/proc/{_attempt.Pid}/cwd\0", out written)
            : System.Text.Unicode.Utf8.TryWrite(_link, $"/proc/{_attempt.Pid}/fd/{folder}\0", out written);
        return _link.AsSpan(0, written);
    }

    private void Report(NotifiedSandbox sandbox, int number, CallKind kind)
    {
        var bytes = kind is CallKind.OpenToWrite or CallKind.OpenToRead ? _attempt.AbsolutePath() : _attempt.Bytes;
        DescribeAttempt<ReadOnlySpan<byte>> describe = kind switch
        {
            CallKind.OpenToWrite => DescribeWrite,
            CallKind.OpenToRead => DescribeRead,
            CallKind.Connect => DescribeConnect,
            CallKind.SendTo or CallKind.Unreadable => DescribeSend,
        };
        sandbox.Reports.Add(Attempt.Identity(number, bytes), _attempt.Pid, bytes, describe);
    }

    private void Report(NotifiedSandbox sandbox, in SeccompNotification call, SeccompRule? rule)
    {
        var name = rules.NameOf(call.Number);
        sandbox.Reports.Add(
            Attempt.Identity(call.Number, Encoding.UTF8.GetBytes(rule?.What ?? name)),
            (int)call.Pid,
            (Rule: rule, Name: name),
            static (in (SeccompRule? Rule, string Name) refused) => refused.Rule is { } rule
                ? (rule.Kind!, $"{rule.What} ({refused.Name})", rule.Advice!)
                : ("kernel", refused.Name, "The sandbox does not allow this syscall."));
    }

    private static (string Kind, string What, string Reason) DescribeWrite(in ReadOnlySpan<byte> path) =>
        ("filesystem", $"open {Attempt.Show(path)} for writing", WriteReason);

    private static (string Kind, string What, string Reason) DescribeRead(in ReadOnlySpan<byte> path) =>
        ("filesystem", $"open {Attempt.Show(path)} for reading", ReadReason);

    private static (string Kind, string What, string Reason) DescribeConnect(in ReadOnlySpan<byte> address) =>
        ("network", AddressJudge.Describe(address, sends: false), NetworkReason);

    private static (string Kind, string What, string Reason) DescribeSend(in ReadOnlySpan<byte> address) =>
        ("network", AddressJudge.Describe(address, sends: true), NetworkReason);

    private enum CallKind
    {
        Unreadable,
        OpenToRead,
        OpenToWrite,
        Connect,
        SendTo,
    }
}
