using System.Globalization;
using System.Text;
using Analemma.Storage.Secrets;

namespace Analemma.Integration.Tests.Storage;

public sealed class SecretStoreTests : IDisposable
{
    private const string Canary = "canary-c9a27e61";

    private static readonly DateTimeOffset Then = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly int Kills = int.Parse(
        Environment.GetEnvironmentVariable("ANALEMMA_SECRET_KILLS") ?? "20", CultureInfo.InvariantCulture);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("analemma-secrets-");
    private readonly FileSecretStore _store;

    public SecretStoreTests() => _store = new FileSecretStore(_folder.FullName);

    private string KeyFile => Path.Combine(_folder.FullName, "secrets.key");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void What_is_set_is_read_listed_replaced_and_removed()
    {
        Assert.Empty(_store.List());
        Assert.Null(_store.Read("a"));
        Assert.False(_store.Remove("a"));
        Assert.False(Set("b", "one"));
        Assert.False(Set("a", "grüße\n"));
        Assert.True(_store.Set("b", "two"u8, Then.AddDays(1)));

        Assert.Equal("two", Read("b"));
        Assert.Equal("grüße\n", Read("a"));
        Assert.Equal(
            [new StoredSecret("a", Then, Then), new StoredSecret("b", Then, Then.AddDays(1))], _store.List());
        Assert.True(_store.Remove("b"));
        Assert.Null(_store.Read("b"));
        Assert.Equal("grüße\n", Encoding.UTF8.GetString(new FileSecretStore(_folder.FullName).Read("a")!));
    }

    [Fact]
    public void Nothing_is_at_rest_in_the_clear_and_nobody_else_may_read_it()
    {
        Set("a", Canary);
        Set("b", Canary);

        foreach (var file in _folder.EnumerateFiles("*", SearchOption.AllDirectories))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, file.UnixFileMode);
            Assert.DoesNotContain(Canary, File.ReadAllText(file.FullName, Encoding.Latin1), StringComparison.Ordinal);
        }

        Assert.NotEqual(Sealed("a")[32..], Sealed("b")[32..]);
        var before = Sealed("a");
        Set("a", Canary);
        Assert.NotEqual(before[32..44], Sealed("a")[32..44]);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    public void A_key_that_others_may_touch_is_refused_and_nothing_is_lost(UnixFileMode more)
    {
        Set("a", Canary);
        var mode = File.GetUnixFileMode(KeyFile);
        File.SetUnixFileMode(KeyFile, mode | more);

        AssertRefused(SecretStoreFailure.KeyExposed, () => _store.Read("a"));
        AssertRefused(SecretStoreFailure.KeyExposed, () => Set("b", "x"));
        Assert.Equal(["a"], _store.List().Select(secret => secret.Name));
        File.SetUnixFileMode(KeyFile, mode);
        Assert.Equal(Canary, Read("a"));
    }

    [Fact]
    public void A_key_that_is_somebody_elses_or_a_link_is_refused()
    {
        Set("a", Canary);
        var kept = KeyFile + ".kept";
        File.Move(KeyFile, kept);
        File.CreateSymbolicLink(KeyFile, kept);
        AssertRefused(SecretStoreFailure.KeyExposed, () => _store.Read("a"));
        File.Delete(KeyFile);
        File.Move(kept, KeyFile);
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can give files away");
        Analemma.Linux.HostFiles.ChangeOwner(KeyFile, 4242, 4242);
        AssertRefused(SecretStoreFailure.KeyExposed, () => _store.Read("a"));
    }

    [Fact]
    public void A_key_that_is_gone_is_not_made_anew_while_there_are_secrets()
    {
        Set("a", Canary);
        File.Move(KeyFile, KeyFile + ".kept");

        AssertRefused(SecretStoreFailure.KeyMissing, () => _store.Read("a"));
        AssertRefused(SecretStoreFailure.KeyMissing, () => Set("a", "x"));
        Assert.False(File.Exists(KeyFile));
        File.Move(KeyFile + ".kept", KeyFile);
        Assert.Equal(Canary, Read("a"));

        File.Delete(KeyFile);
        Assert.True(_store.Remove("a"));
        Assert.False(Set("a", "y"));
        Assert.Equal("y", Read("a"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("analemma-secret-key-1 c2hvcnQ=\n")]
    [InlineData("nonsense")]
    public void A_key_file_without_a_key_is_refused_and_left_as_it_is(string content)
    {
        Set("a", Canary);
        File.WriteAllText(KeyFile, content);

        AssertRefused(SecretStoreFailure.KeyDamaged, () => _store.Read("a"));
        AssertRefused(SecretStoreFailure.KeyDamaged, () => Set("b", "x"));
        Assert.Equal(content, File.ReadAllText(KeyFile));
    }

    [Fact]
    public void No_changed_byte_gives_a_value()
    {
        Set("a", Canary);
        var whole = Sealed("a");
        for (var at = 0; at < whole.Length; at++)
        {
            var changed = whole.ToArray();
            changed[at] ^= 1;
            File.WriteAllBytes(PathOf("a"), changed);
            AssertRefused(SecretStoreFailure.SecretDamaged, () => _store.Read("a"));
        }

        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(PathOf("a"), whole[..length]);
            AssertRefused(SecretStoreFailure.SecretDamaged, () => _store.Read("a"));
        }

        Assert.True(Set("a", "repaired"));
        Assert.Equal("repaired", Read("a"));
    }

    [Fact]
    public void A_secret_under_anothers_name_does_not_open()
    {
        Set("weak", "guess");
        Set("strong", Canary);
        File.Copy(PathOf("weak"), PathOf("strong"), overwrite: true);

        AssertRefused(SecretStoreFailure.SecretDamaged, () => _store.Read("strong"));
        Assert.Equal("guess", Read("weak"));
    }

    [Fact]
    public void What_a_crash_left_beside_a_secret_is_no_secret_and_in_nobodys_way()
    {
        Set("a", "old");
        File.WriteAllBytes(PathOf("a") + ".new", [1, 2, 3]);
        File.WriteAllBytes(KeyFile + ".new", [1, 2, 3]);

        Assert.Equal("old", Read("a"));
        Assert.Single(_store.List());
        Assert.True(Set("a", "new"));
        Assert.Equal("new", Read("a"));
        Assert.False(File.Exists(PathOf("a") + ".new"));
    }

    [Fact]
    public void A_name_cannot_lead_elsewhere() =>
        Assert.All(
            ["../x", "a/b", "", ".", "..", "-a"], name => Assert.Throws<ArgumentException>(() => Set(name, "x")));

    [Fact]
    public async Task Whoever_is_killed_while_writing_leaves_what_was_acknowledged_or_what_came_next()
    {
        var random = new Random(20261126);
        for (var kill = 0; kill < Kills; kill++)
        {
            var acknowledged = await WriteUntilKilledAsync(random.Next(1, 40), random.Next(20_000));

            var value = long.Parse(Read("a"), CultureInfo.InvariantCulture);
            Assert.True(
                value == acknowledged || value == acknowledged + 1,
                $"kill {kill}: {acknowledged} was acknowledged, {value} is there");
        }
    }

    private async Task<long> WriteUntilKilledAsync(int lines, int spins)
    {
        using var child = JournalChild.Start("secrets", _folder.FullName);
        var acknowledged = -1L;
        var seen = 0;
        while (await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            // The last line may be cut off by the kill.
            if (line.EndsWith('.'))
            {
                acknowledged = long.Parse(line.AsSpan(0, line.Length - 1), CultureInfo.InvariantCulture);
            }

            if (++seen > lines && !child.HasExited)
            {
                Thread.SpinWait(spins);
                child.Kill();
                lines = int.MaxValue;
            }
        }

        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(acknowledged >= 0);
        return acknowledged;
    }

    private static void AssertRefused(SecretStoreFailure failure, Action action)
    {
        var refused = Assert.Throws<SecretStoreException>(action);
        Assert.Equal(failure, refused.Failure);
        Assert.NotEmpty(refused.Hint);
        Assert.DoesNotContain(Canary, refused.ToString(), StringComparison.Ordinal);
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, "secrets", name + ".sealed");

    private byte[] Sealed(string name) => File.ReadAllBytes(PathOf(name));

    private bool Set(string name, string value) => _store.Set(name, Encoding.UTF8.GetBytes(value), Then);

    private string Read(string name) => Encoding.UTF8.GetString(_store.Read(name)!);
}
