using Analemma.Sandbox.Pool;

namespace Analemma.Unit.Tests.Sandbox;

public sealed class CommonFoldersTests
{
    [Theory]
    [InlineData("/", true)]
    [InlineData("/work", true)]
    [InlineData("/tmp", true)]
    [InlineData("/usr/bin", true)]
    [InlineData("/usr/no-such-folder", false)]
    [InlineData("/usr/bin/env", false)]
    [InlineData("/nope", false)]
    [InlineData("/work/data", false)]
    [InlineData("/etc", false)]
    public void Only_what_is_in_each_sandbox_is_taken_to_be_there(string folder, bool isThere) =>
        Assert.Equal(isThere, CommonFolders.Has(folder));
}
