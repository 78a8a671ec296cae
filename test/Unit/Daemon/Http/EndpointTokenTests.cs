using Analemma.Abi;
using Analemma.Daemon.Http;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Daemon.Http;

/// <summary>A token is one process's, and nobody makes one but who has the key.</summary>
public sealed class EndpointTokenTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-tokens").FullName;

    [Fact]
    public void Each_process_has_its_own() => Prop.ForAll<NonNegativeInt>(number =>
    {
        var tokens = EndpointTokens.Passing();
        var process = new ProcessId(number.Get);
        return tokens.TryRead(tokens.Of(process), out var read) && read == process
            && !EndpointTokens.Passing().TryRead(tokens.Of(process), out _);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_other_text_is_nobodys() => Prop.ForAll<int, char>((at, character) =>
    {
        var tokens = EndpointTokens.Passing();
        var token = tokens.Of(new ProcessId(7));
        var place = Math.Abs(at % token.Length);
        var forged = token[..place] + character + token[(place + 1)..];
        return forged == token || !tokens.TryRead(forged, out _);
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("")]
    [InlineData("analemma-")]
    [InlineData("analemma-7")]
    [InlineData("analemma-7-")]
    [InlineData("analemma--AAAA")]
    [InlineData("analemma-99999999999999999999-AAAA")]
    [InlineData("sk-7")]
    public void What_is_no_token_is_nobodys(string text) =>
        Assert.False(EndpointTokens.Passing().TryRead(text, out _));

    [Fact]
    public void The_number_of_another_process_does_not_fit_the_seal()
    {
        var tokens = EndpointTokens.Passing();
        var seal = tokens.Of(new ProcessId(7)).Split('-', 3)[2];
        Assert.False(tokens.TryRead($"analemma-8-{seal}", out _));
        Assert.False(tokens.TryRead($"analemma-07-{seal}", out _));
    }

    [Fact]
    public void A_token_that_was_shown_before_lets_no_other_pass()
    {
        var tokens = EndpointTokens.Passing();
        var right = tokens.Of(new ProcessId(7));
        var forged = right[..^1] + (right[^1] == 'A' ? 'B' : 'A');
        Assert.False(tokens.TryRead(forged, out _));
        foreach (var (token, isRight) in new[] { (right, true), (forged, false), (right, true), (right + "A", false) })
        {
            Assert.Equal(isRight, tokens.TryRead(token, out var process));
            Assert.Equal(new ProcessId(7), process);
        }
    }

    [Fact]
    public void More_tokens_than_are_kept_are_read_all_the_same()
    {
        var tokens = EndpointTokens.Passing();
        foreach (var number in Enumerable.Range(0, 3_000))
        {
            ProcessId process = new(number % 1_500);
            Assert.True(tokens.TryRead(tokens.Of(process), out var read));
            Assert.Equal(process, read);
        }
    }

    [Fact]
    public void The_key_stays_and_is_the_owners_alone()
    {
        var token = EndpointTokens.Open(_folder).Of(new ProcessId(7));
        Assert.True(EndpointTokens.Open(_folder).TryRead(token, out _));
        var file = Path.Combine(_folder, "endpoint.key");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Throws<IOException>(() => EndpointTokens.Open(_folder));
        File.Delete(file);
        Assert.False(EndpointTokens.Open(_folder).TryRead(token, out _));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
