using Analemma.Abi.Syscalls;
using Analemma.Daemon.Configuration;
using Analemma.Kernel.Models;

namespace Analemma.Unit.Tests.Daemon.Configuration;

/// <summary>Which providers a kernel has, from its settings and its environment.</summary>
public sealed class ModelSetupTests
{
    [Fact]
    public void Without_a_key_there_is_the_simulated_model_by_its_own_name()
    {
        var setup = Load([], []).Models;

        Assert.Equal(["sim"], setup.Drivers.Select(driver => driver.Name));
        Assert.Equal("sim", setup.Kernel.Default);
        Assert.Null(setup.Kernel.Providers[0].AnyModel);
        Assert.Equal(["gemini", "openai", "anthropic"], setup.Kernel.Absent.Select(absent => absent.Name));
    }

    [Theory]
    [InlineData("GEMINI_API_KEY", "gemini", "gemini-3.8-flash")]
    [InlineData("GOOGLE_API_KEY", "gemini", "gemini-3.8-flash")]
    [InlineData("OPENAI_API_KEY", "openai", "gpt-5.4-mini")]
    [InlineData("ANTHROPIC_API_KEY", "anthropic", "claude-haiku-4-5")]
    [InlineData("OPENAI_BASE_URL", "openai", "gpt-5.4-mini")]
    public void A_variable_sets_a_provider_up(string variable, string provider, string model)
    {
        var setup = Load([], new() { [variable] = "http://127.0.0.1:1/v1" }).Models;

        Assert.Equal([provider, "sim"], setup.Drivers.Select(driver => driver.Name));
        Assert.Equal(model, setup.Kernel.Default);
        Assert.DoesNotContain(setup.Kernel.Absent, absent => absent.Name == provider);
        Assert.True(setup.Kernel.Models[0].InputPrice > 0);
    }

    [Fact]
    public void The_simulated_model_takes_every_name_when_told_to() =>
        Assert.Equal("sim", Load(["--sim.any_model=true"], []).Models.Kernel.Providers[0].AnyModel);

    [Fact]
    public void Groups_chains_retries_and_limits_are_taken()
    {
        var boot = Load(
            [
                "--models.groups=research=300, batch=50", "--models.group_tokens=batch=1000",
                "--openai.models=big, small", "--models.fallback=big=small>sim", "--models.call_tokens=9",
                "--models.agent_requests_per_minute=7", "--queue.waiting_max=5", "--queue.attempt_ms=1000",
                "--retry.attempts_max=3", "--retry.breaker_open_ms=4000", "--runaway.action=pause",
                "--runaway.calls_per_minute_max=60", "--models.aliases=quick=big",
                "--models.rate_limits=big=60/9000",
                "--models.hedge=quick=p95, small=250", "--models.hedge_percent=7",
            ],
            new() { ["OPENAI_API_KEY"] = "k" });

        Assert.Empty(boot.Problems);
        var kernel = boot.Models.Kernel;
        Assert.Equal(
            [("research", 300, null), ("batch", 50, 1000L), ("default", 100, null)],
            kernel.Groups.Select(group => (group.Name, group.Weight, group.Budget.Tokens)));
        Assert.Equal(["small", "sim"], kernel.Models[0].Fallback);
        Assert.Equal((new RateLimit(60, 9_000), RateLimit.None), (kernel.Models[0].Limit, kernel.Models[1].Limit));
        Assert.Equal(
            (new HedgeOptions(null, 7), new HedgeOptions(250, 7)), (kernel.Hedges["quick"], kernel.Hedges["small"]));
        Assert.Equal((9L, 7L), (kernel.CallBudget.Tokens, kernel.AgentLimit.RequestsPerMinute));
        Assert.Equal((5, 1000L), (kernel.Queue.WaitingMax, kernel.Providers[0].AttemptMs));
        Assert.Equal((3, 4000L), (kernel.Retry.AttemptsMax, kernel.Retry.BreakerOpenMs));
        Assert.Equal((true, 60), (kernel.Runaway.Pauses, kernel.Runaway.CallsPerMinuteMax));
    }

    [Theory]
    [InlineData("--models.groups=team=many", "models.groups has 'many' for team")]
    [InlineData("--models.groups=team=0", "models.groups.team.weight is 0")]
    [InlineData("--models.group_tokens=tema=5", "models.group_tokens names tema")]
    [InlineData("--models.fallback=nope=sim", "models.fallback names nope")]
    [InlineData("--models.fallback=sim=nope", "models.models.sim.fallback is nope")]
    [InlineData("--models.rate_limits=smi=1/1", "models.rate_limits names smi, and there is no such model; did you")]
    [InlineData("--models.rate_limits=sim=60", "models.rate_limits has '60' for sim; it must be REQUESTS/TOKENS")]
    [InlineData("--models.hedge=smi=p95", "models.hedge names smi, and there is no such model or alias; did you mean")]
    [InlineData("--models.hedge=sim=p99", "models.hedge has 'p99' for sim; it must be p95, or milliseconds from 1")]
    [InlineData("--models.hedge=sim=0", "models.hedge has '0' for sim")]
    [InlineData("--models.hedge_percent=0", "models.hedge_percent is 0")]
    [InlineData("--retry.attempts_max=0", "retry.attempts_max is 0")]
    [InlineData("--runaway.action=kill", "expects stop, pause")]
    [InlineData("--retry.atempts_max=1", "did you mean retry.attempts_max?")]
    public void A_wrong_setting_is_told_by_its_key(string flag, string problem) => Assert.Contains(
        problem, string.Join('\n', Load([flag], []).Problems), StringComparison.Ordinal);

    [Theory]
    [InlineData("GEMINI_API_KEY", "  ")]
    [InlineData("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1")]
    [InlineData("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")]
    public void An_address_or_nothing_is_no_key(string variable, string value) =>
        Assert.Single(Load([], new() { [variable] = value }).Models.Drivers);

    [Fact]
    public void A_secret_that_a_setting_names_is_the_key_and_wins_over_the_variable()
    {
        var boot = Load(["--gemini.key=secret:the.key-1"], new() { ["GEMINI_API_KEY"] = "k" });

        Assert.Empty(boot.Problems);
        Assert.Equal("the.key-1", boot.Models.Drivers[0].Key!.Secret);
        Assert.Equal("gemini", boot.Models.Drivers[0].Name);
    }

    [Theory]
    [InlineData("canary-7d31")]
    [InlineData("secret:")]
    [InlineData("secret:canary 7d31")]
    public void A_key_in_a_setting_is_refused_and_not_repeated(string written)
    {
        var problem = Assert.Single(Load([$"--openai.key={written}"], []).Problems);

        Assert.Contains("openai.key must be secret:NAME", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_setting_of_an_address_wins_over_the_variable()
    {
        var setup = Load(
            ["--gemini.base_url=http://127.0.0.1:2"],
            new() { ["GEMINI_API_KEY"] = "k", ["GOOGLE_GEMINI_BASE_URL"] = "http://127.0.0.1:1" }).Models;

        Assert.Equal(new Uri("http://127.0.0.1:2"), setup.Drivers[0].BaseUrl);
    }

    [Fact]
    public void Models_prices_aliases_limits_and_budgets_are_taken()
    {
        var boot = Load(
            [
                "--openai.models=big, small", "--openai.slots=3", "--openai.requests_per_minute=60",
                "--models.prices=big=2000000/8000000, small=0/0", "--models.aliases=fast=small",
                "--models.default=fast", "--models.day_microdollars=5000000", "--models.agent_tokens=1000",
                "--models.pause_when_exhausted=true", "--models.output_tokens=512", "--sim.speed=2.5",
            ],
            new() { ["OPENAI_API_KEY"] = "k" });

        Assert.Empty(boot.Problems);
        var kernel = boot.Models.Kernel;
        Assert.Equal((3, 60), (kernel.Providers[0].Slots, kernel.Providers[0].Limit.RequestsPerMinute));
        Assert.Equal(("big", 2_000_000, 8_000_000), (
            kernel.Models[0].Name, kernel.Models[0].InputPrice, kernel.Models[0].OutputPrice));
        Assert.Equal(512, kernel.Models[1].OutputTokens);
        Assert.Equal(("fast", "small"), (kernel.Default, kernel.Aliases["fast"]));
        Assert.Equal(new ModelBudget { Microdollars = 5_000_000 }, kernel.DayBudget);
        Assert.Equal(new ModelBudget { Tokens = 1_000 }, kernel.AgentBudget);
        Assert.True(kernel.PauseWhenExhausted);
        Assert.Equal(2.5, boot.Models.Drivers[1].Simulated.Engine.Speed);
    }

    [Theory]
    [InlineData("--models.default=nope", "models.default is nope")]
    [InlineData("--models.aliases=fast", "models.aliases has 'fast'")]
    [InlineData("--models.aliases=fast=nope", "models.aliases.fast is nope")]
    [InlineData("--models.prices=big=free", "models.prices has 'free' for big")]
    [InlineData("--models.prices=a=1/1,a=2/2", "models.prices has a twice")]
    [InlineData("--models.day_tokens=-1", "models.day_tokens is -1")]
    [InlineData("--models.queue_timeout_ms=0", "models.queue_timeout_ms is 0")]
    [InlineData("--openai.slots=0", "openai.slots is 0")]
    [InlineData("--openai.models=", "openai.models is empty")]
    [InlineData("--openai.base_url=nowhere", "openai.base_url must be an absolute http or https URL")]
    [InlineData("--openai.base_url=ftp://host/", "openai.base_url must be an absolute http or https URL")]
    [InlineData("--sim.speed=-2", "sim.speed expects number")]
    [InlineData("--sim.requests_per_minute=-2", "sim.requests_per_minute is -2")]
    public void A_wrong_value_is_refused_with_its_key(string flag, string problem) => Assert.Contains(
        Load([flag], new() { ["OPENAI_API_KEY"] = "k" }).Problems,
        each => each.Contains(problem, StringComparison.Ordinal));

    [Fact]
    public void Money_without_a_price_is_refused()
    {
        var boot = Load(
            ["--openai.models=mine", "--models.agent_microdollars=5"], new() { ["OPENAI_API_KEY"] = "k" });
        Assert.Contains(
            boot.Problems,
            each => each.StartsWith("models.prices has no price for mine", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_said_of_a_wrong_key_or_address_does_not_show_it()
    {
        var boot = Load([], new()
        {
            ["GEMINI_API_KEY"] = "canary key",
            ["OPENAI_API_KEY"] = "canary",
            ["OPENAI_BASE_URL"] = "http://user:canary@127.0.0.1/",
        });

        Assert.Contains(boot.Problems, each => each.StartsWith("GEMINI_API_KEY", StringComparison.Ordinal));
        Assert.Contains(boot.Problems, each => each.StartsWith("OPENAI_BASE_URL", StringComparison.Ordinal));
        Assert.DoesNotContain(boot.Problems, each => each.Contains("canary", StringComparison.Ordinal));
        Assert.DoesNotContain("canary", ConfigText.ToToml(boot.Options), StringComparison.Ordinal);
        var good = Load([], new() { ["ANTHROPIC_API_KEY"] = "canary" }).Models.Drivers;
        Assert.DoesNotContain("canary", string.Join(' ', good), StringComparison.Ordinal);
    }

    private static BootRequest Load(string[] flags, Dictionary<string, string> environment)
    {
        environment["HOME"] = "/home/u";
        environment["XDG_CONFIG_HOME"] = "/nonexistent";
        return MachineOptions.Load(flags, environment, root: false);
    }
}
