using Label = Analemma.Sandbox.Seccomp.BpfProgram.Label;

namespace Analemma.Sandbox.Seccomp;

// THE FILTER
//
//   another architecture, or x32's numbers      kill the process
//   binary search over the syscall number       runs of numbers with the same fate share a leaf
//   leaf                                         return the action, or go to the syscall's tests
//   tests of a syscall                           its rules in turn; the first whose conditions hold returns
//   nothing held                                 the default errno
//
// libseccomp builds the same from the OCI section, but takes 20 ms for it at every start, for it copies the whole
// filter at each added rule, and it has no "else" for conditions. We compile in well under a millisecond, once.
//
// The kernel finds out by itself which numbers are always allowed and then skips the filter for them (seccomp action
// cache, Linux 5.11). struct seccomp_data: nr u32 at 0, arch u32 at 4, six args u64 from 16.

/// <summary>Turns rules into a classic BPF program for one architecture. Pure.</summary>
internal sealed class BpfCompiler
{
    private const uint KillProcess = 0x8000_0000;
    private const uint Errno = 0x0005_0000;
    private const uint Notify = 0x7fc0_0000;
    private const uint Allow = 0x7fff_0000;
    private const uint X32Bit = 0x4000_0000;
    private const int NumberOffset = 0;
    private const int ArchitectureOffset = 4;
    private const int ArgsOffset = 16;

    private readonly BpfProgram _program = new();
    private readonly uint _default;
    private readonly List<(Label Start, IReadOnlyList<(SeccompRule Rule, uint Action)> Rules)> _tested = [];

    private BpfCompiler(uint defaultAction) => _default = defaultAction;

    public static byte[] Compile(
        IEnumerable<SeccompRule> rules, int defaultErrno, bool listener, SyscallNumbers numbers)
    {
        var compiler = new BpfCompiler(Errno | (uint)defaultErrno);
        var byNumber =
            from rule in rules
            from name in rule.Names
            where numbers.ByName.ContainsKey(name)
            group (rule, ActionOf(rule, listener)) by numbers.ByName[name] into one
            orderby one.Key
            select (one.Key, (IReadOnlyList<(SeccompRule, uint)>)[.. one]);
        return compiler.Emit(numbers.AuditArchitecture, [.. byNumber]);
    }

    private static uint ActionOf(SeccompRule rule, bool listener) => rule.Action switch
    {
        SeccompAction.Allow => Allow,
        SeccompAction.Report => listener ? Notify : Allow,
        SeccompAction.Refuse => listener ? Notify : Errno | (uint)SeccompProfile.ErrnoOf("EPERM"),
        SeccompAction.Deny => Errno | (uint)SeccompProfile.ErrnoOf(rule.Errno),
    };

    private byte[] Emit(uint architecture, IReadOnlyList<(int Number, IReadOnlyList<(SeccompRule, uint)> Rules)> calls)
    {
        var kill = new Label();
        _program.Load(ArchitectureOffset);
        _program.GotoUnlessEqual(architecture, kill);
        _program.Load(NumberOffset);
        _program.GotoIfAtLeast(X32Bit, kill);
        Search(Runs(calls));
        foreach (var (start, rules) in _tested)
        {
            Test(start, rules);
        }

        _program.Place(kill);
        _program.Return(KillProcess);
        return _program.Assemble();
    }

    /// <summary>Splits all numbers into runs of one fate: an action, or tests (then alone).</summary>
    private List<(uint First, uint Action, Label? Tests)> Runs(
        IReadOnlyList<(int Number, IReadOnlyList<(SeccompRule Rule, uint Action)> Rules)> calls)
    {
        List<(uint First, uint Action, Label? Tests)> runs = [(0, _default, null)];
        foreach (var (number, rules) in calls)
        {
            Label? tests = null;
            if (rules.Any(one => one.Rule.When.Count > 0))
            {
                tests = new Label();
                _tested.Add((tests, rules));
            }

            Append(runs, ((uint)number, tests is null ? rules[0].Action : _default, tests));
            Append(runs, ((uint)number + 1, _default, null));
        }

        return runs;
    }

    private static void Append(
        List<(uint First, uint Action, Label? Tests)> runs, (uint First, uint Action, Label? Tests) next)
    {
        if (runs[^1].First == next.First)
        {
            runs.RemoveAt(runs.Count - 1);
        }

        if (runs.Count == 0 || runs[^1].Tests is not null || next.Tests is not null || runs[^1].Action != next.Action)
        {
            runs.Add(next);
        }
    }

    private void Search(List<(uint First, uint Action, Label? Tests)> runs)
    {
        if (runs.Count == 1)
        {
            var (_, action, tests) = runs[0];
            if (tests is null)
            {
                _program.Return(action);
            }
            else
            {
                _program.Goto(tests);
            }

            return;
        }

        var middle = runs.Count / 2;
        var upper = new Label();
        _program.GotoIfAtLeast(runs[middle].First, upper);
        Search(runs[..middle]);
        _program.Place(upper);
        Search(runs[middle..]);
    }

    private void Test(Label start, IReadOnlyList<(SeccompRule Rule, uint Action)> rules)
    {
        _program.Place(start);
        foreach (var (rule, action) in rules)
        {
            var next = new Label();
            foreach (var condition in rule.When)
            {
                Test(condition, next);
            }

            _program.Return(action);
            _program.Place(next);
        }

        _program.Return(_default);
    }

    private void Test(SeccompCondition condition, Label otherwise)
    {
        var found = new Label();
        var (onFound, onEnd) = condition.NotEqualTo is null ? (found, otherwise) : (otherwise, found);
        foreach (var value in condition.Values)
        {
            var different = new Label();
            CompareHalf(ArgsOffset + (8 * condition.Arg), condition.Bits, value, different);
            CompareHalf(ArgsOffset + (8 * condition.Arg) + 4, condition.Bits >> 32, value >> 32, different);
            _program.Goto(onFound);
            _program.Place(different);
        }

        _program.Goto(onEnd);
        _program.Place(found);
    }

    private void CompareHalf(int offset, ulong mask, ulong value, Label different)
    {
        var (mask32, value32) = unchecked(((uint)mask, (uint)value));
        if (mask32 == 0)
        {
            return;
        }

        _program.Load(offset);
        if (mask32 != uint.MaxValue)
        {
            _program.And(mask32);
        }

        _program.GotoUnlessEqual(value32, different);
    }
}
