using Analemma.Sandbox;
using Analemma.Sandbox.Cgroups;
using Analemma.Sandbox.Hosts;

namespace Analemma.Unit.Tests.Sandbox;

public sealed class EngineChoiceTests
{
    private static readonly UserNamespaceSettings Open = new("1", "0", "65536");

    private readonly List<string> _tried = [];
    private readonly List<string> _closed = [];
    private readonly List<string> _passedOver = [];

    [Fact]
    public async Task The_first_that_works_is_taken_and_those_before_it_are_closed()
    {
        var engine = await ChooseAsync(Open, [Absent("crun"), Fails("runc"), Works("bwrap"), Works("runsc")]);

        Assert.Equal("bwrap", engine.Report.Engine);
        Assert.Equal(["runc", "runc", "bwrap"], _tried);
        Assert.Equal(["runc"], _closed);
        Assert.Equal(["crun is not installed", "runc: no"], _passedOver);
    }

    [Fact]
    public async Task One_that_works_at_the_second_try_is_taken()
    {
        var trials = 0;
        var engine = await EngineChoice.FirstThatWorksAsync(
            [Works("crun"), Works("runc")],
            _ => Task.FromResult(trials++ == 0 ? "busy" : null),
            Open,
            _passedOver.Add);

        Assert.Equal("crun", engine.Report.Engine);
        Assert.Empty(_passedOver);
    }

    [Fact]
    public async Task Where_none_works_each_says_why_once_and_what_can_be_installed()
    {
        var refused = await RefusedAsync(Open, [Absent("crun"), Fails("runc"), Fails("runc"), Fails("bwrap")]);

        Assert.Equal(
            "no sandbox engine works here: crun is not installed; runc: no; bwrap: no", refused.Message);
        Assert.Equal(
            "install crun (apt install crun); or set sandbox.engine to unsandboxed to run agents without isolation",
            refused.Hint);
        Assert.Equal(["runc", "runc", "bwrap"], _closed);
    }

    [Theory]
    [InlineData("0", null, null, "sysctl -w kernel.unprivileged_userns_clone=1")]
    [InlineData(null, "1", null, "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0")]
    [InlineData(null, null, "0", "sysctl -w user.max_user_namespaces=65536")]
    public async Task A_setting_against_user_namespaces_is_named_with_its_remedy(
        string? clone, string? appArmor, string? namespacesMax, string remedy)
    {
        var refused = await RefusedAsync(new(clone, appArmor, namespacesMax), [Fails("bwrap")]);

        Assert.Contains(remedy, refused.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain("install", refused.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("1", "0", "65536")]
    public void Settings_that_allow_user_namespaces_need_no_remedy(string? clone, string? appArmor, string? most) =>
        Assert.Empty(new UserNamespaceSettings(clone, appArmor, most).Remedies());

    [Theory]
    [InlineData("crun", "apt install crun")]
    [InlineData("runc", "apt install runc")]
    [InlineData("bwrap", "apt install bubblewrap")]
    [InlineData("runsc", "apt install runsc")]
    [InlineData("kata", "containerd or CRI-O")]
    public async Task An_engine_that_was_named_and_is_absent_says_how_to_get_it(string name, string remedy)
    {
        var refused = await RefusedAsync(Open, [Absent(name)]);

        Assert.Contains($"{name} is not installed", refused.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, refused.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_is_made_knowing_what_was_said_of_those_before_it()
    {
        IReadOnlyList<string> told = [];
        EngineCandidate last = new("bwrap", null, passedOver =>
        {
            told = [.. passedOver];
            return new FakeEngine("bwrap", works: true, _closed);
        });

        await ChooseAsync(Open, [Absent("crun"), Fails("runc"), last]);

        Assert.Equal(["crun is not installed", "runc: no"], told);
    }

    [Fact]
    public async Task A_root_that_lacks_capabilities_is_told_which_and_not_to_install_anything()
    {
        var refused = await RefusedAsync(Open with { Lacking = ["CAP_SETUID", "CAP_SYS_ADMIN"] }, [Fails("crun")]);

        Assert.StartsWith(
            "let the kernel's process have CAP_SETUID, CAP_SYS_ADMIN; or ", refused.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "", "bubblewrap hands its filter to no listener", "install crun (apt install crun)")]
    [InlineData(
        true,
        "",
        "bubblewrap hands its filter to no listener",
        "set sandbox.engine to auto, which takes crun or runc")]
    [InlineData(
        true,
        "crun: not permitted",
        "bubblewrap hands its filter to no listener, and crun: not permitted",
        "let the kernel's process have CAP_SYS_ADMIN")]
    public void Bubblewrap_reports_no_denials_and_says_what_would(
        bool hasRuntime, string passedOver, string how, string remedy)
    {
        string[] over = passedOver.Length > 0 ? [passedOver] : [];

        var lack = EngineLack.Bubblewrap(hasRuntime, over, Open with { Lacking = ["CAP_SYS_ADMIN"] })["denials"];

        Assert.Equal((how, remedy), (lack.Reason, lack.Remedy));
    }

    [Theory]
    [InlineData("Name:\tx\nCapEff:\t000001fffeffffff\nCapBnd:\t0", "")]
    [InlineData("CapEff:\t00000000a80425fb\n", "CAP_SYS_ADMIN")]
    [InlineData("CapEff:\t000001ffffffff7f\n", "CAP_SETUID")]
    [InlineData("CapEff:\tnonsense\n", "")]
    [InlineData(null, "")]
    public void Capabilities_that_are_lacking_are_found(string? status, string names) =>
        Assert.Equal(names, string.Join(' ', HostCapabilities.Lacking(status)));

    [Fact]
    public void Without_a_sandbox_no_missing_guarantee_is_laid_on_the_host_nor_on_who_runs_the_kernel()
    {
        var report = new GuaranteeTable("unsandboxed", new NoCgroups(_ => null), [], IsSingleUid: true)
        {
            Lacks = EngineLack.Unsandboxed,
        }.Report();

        var missing = report.Guarantees.Where(each => !each.Enforced).ToList();
        Assert.Equal(7, missing.Count);
        Assert.All(missing, each => Assert.Equal(("asked to run without a sandbox", null), (each.How, each.Remedy)));
    }

    private static EngineCandidate Absent(string name) =>
        EngineCandidate.Impossible(name, $"{name} is not installed");

    private EngineCandidate Works(string name) => new(name, null, _ => new FakeEngine(name, works: true, _closed));

    private EngineCandidate Fails(string name) => new(name, null, _ => new FakeEngine(name, works: false, _closed));

    private Task<ISandboxEngine> ChooseAsync(UserNamespaceSettings settings, IReadOnlyList<EngineCandidate> all) =>
        EngineChoice.FirstThatWorksAsync(all, TryAsync, settings, _passedOver.Add);

    private Task<SandboxException> RefusedAsync(UserNamespaceSettings settings, IReadOnlyList<EngineCandidate> all) =>
        Assert.ThrowsAsync<SandboxException>(() => ChooseAsync(settings, all));

    private Task<string?> TryAsync(ISandboxEngine engine)
    {
        _tried.Add(engine.Report.Engine);
        return Task.FromResult(((FakeEngine)engine).Works ? null : $"{engine.Report.Engine}: no");
    }
}
