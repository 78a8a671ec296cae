using System.Text;
using Analemma.Daemon.Runners.Network;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Daemon.Network;

public sealed class SecretMaskTests
{
    private const string Secret = "s3cr3t/with+\"odd\" ones&";

    public static TheoryData<string> Forms =>
    [
        Secret,
        Uri.EscapeDataString(Secret),
        System.Text.Json.JsonSerializer.Serialize(Secret),
        Convert.ToBase64String(Encoding.UTF8.GetBytes($"user:{Secret}")),
        Convert.ToBase64String(Encoding.UTF8.GetBytes($"a{Secret}b")),
        Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret)),
    ];

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_text_with_a_usual_form_of_a_secret_has_one_that_is_known(string form) =>
        Assert.Contains(
            SecretMask.FormsOf(Secret), known => form.Contains(known, StringComparison.Ordinal));

    [Fact]
    public void Each_line_of_a_secret_is_a_form_and_the_whole_comes_first()
    {
        var forms = SecretMask.FormsOf("-----BEGIN\nfirst line\nab\nlast line\n");
        Assert.Contains("first line", forms);
        Assert.Contains("last line", forms);
        Assert.DoesNotContain("ab", forms);
        Assert.DoesNotContain("", forms);
        Assert.Equal(forms.OrderByDescending(form => form.Length), forms);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_secret_is_covered_in_every_usual_form_split_anywhere(string form)
    {
        var text = Encoding.UTF8.GetBytes($"before {form} after");
        for (var at = 0; at <= text.Length; at++)
        {
            var mask = new SecretMask([Secret]);
            byte[] all =
            [
                .. mask.Next(text.AsMemory(0, at)).ToArray(),
                .. mask.Next(text.AsMemory(at)).ToArray(),
                .. mask.Rest().ToArray(),
            ];
            var shown = Encoding.UTF8.GetString(all);
            Assert.Equal(text.Length, all.Length);
            Assert.True(mask.Found > 0, $"split at {at}: {shown}");
            Assert.StartsWith("before ", shown, StringComparison.Ordinal);
            Assert.EndsWith(" after", shown, StringComparison.Ordinal);
            Assert.DoesNotContain(form, shown, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void All_else_goes_by_unchanged_however_it_comes() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), Gen.Choose(1, 7).ToArbitrary(), (bytes, size) =>
        {
            // Pieces of the secret, but never whole.
            byte[] text = [.. bytes.SelectMany(value => Encoding.UTF8.GetBytes(Secret[..(value % 10)]))];
            var mask = new SecretMask([Secret]);
            List<byte> shown = [];
            foreach (var piece in text.Chunk(size))
            {
                shown.AddRange(mask.Next(piece).ToArray());
            }

            shown.AddRange(mask.Rest().ToArray());
            return shown.SequenceEqual(text) && mask.Found == 0;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_word_is_no_secret() => Assert.Equal("a short one", new SecretMask(["short"]).Mask("a short one"));
}
