using System.Text;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Unit.Tests.Abi;

/// <summary>FUNCTIONNEXT is read and answered by hand: as the serializer would, whatever comes.</summary>
public sealed class FunctionJsonTests
{
    private const int Cases = 5_000;

    private static readonly string[] Fields = ["answer", "wait", "ahead", "recall", "unknown", ""];

    private static readonly string[] AnswerFields =
        ["request_id", "value", "result", "error_type", "error", "returned", "unknown"];

    private static readonly string[] Values =
    [
        "\"a-1\"", "{\"n\":[1,null]}", "true", "false", "17", "\"{\\\"n\\\":1}\"", "null", "{}", "[]", "-0.5e+7",
        "{\"a\": 1}", "\"\\ud800\"", "01", "\"open",
    ];

    [Fact]
    public void Requests_are_read_as_the_serializer_reads_them()
    {
        Random random = new(30);
        var quick = 0;
        for (var i = 0; i < Cases; i++)
        {
            var plain = i % 2 == 0 ? 5 : Values.Length;
            var answer = Object(AnswerFields, 3);
            var text = Object(Fields, 3, answer);
            var json = Encoding.UTF8.GetBytes(text);
            if (JsonSurrogates.Refusal(json) is not null)
            {
                continue;
            }

            var isRight = AbiJson.TryRead(json, AbiJsonContext.Default.FunctionNext, out var expected, out var wrong);
            var isRead = SyscallJson.TryRead((ushort)SyscallNumber.FunctionNext, json, out var read, out var refused);
            Assert.Equal(isRight, isRead);
            Assert.True(Equals(expected, read), $"{text}: {expected} and {read}");
            Assert.Equal(wrong, refused);
            quick += FunctionJson.TryRead(json, out _) ? 1 : 0;

            string Object(string[] names, int most, string? inner = null) => "{" + string.Join(
                ',',
                Enumerable.Range(0, random.Next(most)).Select(_ => names[random.Next(names.Length)]).Select(name =>
                    $"\"{name}\":{(name == "answer" ? inner : Values[random.Next(plain)])}")) + "}";
        }

        Assert.InRange(quick, Cases / 20, Cases);
    }

    [Fact]
    public void Answers_are_written_as_the_serializer_writes_them()
    {
        Random random = new(31);
        AssertWritten(new FunctionNextReply());
        for (var i = 0; i < Cases / 10; i++)
        {
            AssertWritten(new FunctionNextReply
            {
                RequestId = "0d5ad3e4-7a2c-8f0e-9d0b-4b8c1d2e3f40",
                DeadlineMs = Some(1764150060000L),
                FunctionArn = Text(),
                TraceId = Text(),
                ClientContext = Text(),
                Event = random.Next(4) == 0 ? null : new MailBody("{\"a\":[1,\"é\"]}"u8.ToArray()),
            });
        }

        string? Text() => random.Next(3) switch { 0 => "é<\"'+", 1 => "arn:aws:lambda:f", _ => null };

        T? Some<T>(T value)
            where T : struct => random.Next(2) == 0 ? value : null;
    }

    private static void AssertWritten(FunctionNextReply reply)
    {
        PooledBytes written = new();
        SyscallJson.Write(reply, written);
        Assert.Equal(
            JsonSerializer.Serialize(reply, AbiJsonContext.Default.FunctionNextReply),
            Encoding.UTF8.GetString(written.Written));
        written.Return();
    }
}
