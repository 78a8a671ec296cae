using System.Text;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Policy;

namespace Analemma.Unit.Tests.Abi;

/// <summary>Messages are read and written by hand: as the serializer would, whatever comes.</summary>
public sealed class MailJsonTests
{
    private const int Cases = 20_000;

    private static readonly string[] Fields =
    [
        "to", "to_id", "in_reply_to", "body", "encoding", "topic", "correlation", "priority", "ttl_ms", "timeout_ms",
        "reply_timeout_ms", "key", "handles", "mailbox", "max", "from", "visibility_ms", "reply", "bodies", "bodies",
        "unknown", "To", "",
    ];

    private static readonly string[] Values =
    [
        "\"other\"", "\"base64\"", "\"high\"", "\"\"", "\"a\\u0062\"", "\"é\"", "\"\\ud800\"",
        "null", "true", "false", "0", "1",
        "-1", "17", "1.0", "1e3", "4294967295", "4294967296", "9223372036854775807",
        "9223372036854775808", "2147483648",
        "[]", "[1, 2]", "[1,\"a\\nb\",{\"c\":[]},[{}],null,-0.5e+7]", "[[1,{\"a\":{\"b\":-1}}] , true]", "[01]", "[1,]",
        "{}", "{\"a\":[1,\"x y\"]}", "{\"a\":1,}", "{\"a\" :1}", "-", "-0", "1.",
        "\"\\x\"", "\"\\u12g4\"", "\"\t\"",
        "{ \"a\": [null, {\"b\": \"\\\"\"}] }", "{\"in_reply_to\": 7}",
        "{\"in_reply_to\": 7, \"body\": \"x\"}", "{\"body\": null, \"in_reply_to\": 7}", "{\"in_reply_to\": \"7\"}",
        "{\"in_reply_to\": 7, \"topic\": \"t\"}", "nul", "\"open", "[1", "01",
    ];

    private static readonly string[] Ends = ["}", "}", "}", "} ", "", ",}", "}}", "} x", "]"];

    [Fact]
    public void Requests_are_read_as_the_serializer_reads_them()
    {
        Random random = new(20);
        var quick = 0;
        for (var i = 0; i < Cases; i++)
        {
            var fields = Enumerable.Range(0, random.Next(5)).Select(_ =>
                $"\"{Fields[random.Next(Fields.Length)]}\":{Values[random.Next(i % 2 == 0 ? 8 : Values.Length)]}");
            var (start, end) = (random.Next(40) == 0 ? "[" : "{", Ends[random.Next(i % 2 == 0 ? 3 : Ends.Length)]);
            var text = start + string.Join(',', fields) + end;
            var json = Encoding.UTF8.GetBytes(text);
            AssertSame(SyscallNumber.Send, json, StrictJson.Send, text);
            AssertSame(SyscallNumber.Recv, json, AbiJsonContext.Default.Recv, text);
            quick += MailJson.TryRead(json, out Send? _) || MailJson.TryRead(json, out Recv? _) ? 1 : 0;
        }

        Assert.InRange(quick, Cases / 50, Cases);
    }

    [Fact]
    public void A_body_nested_too_deep_is_refused_as_ever()
    {
        var deep = new string('[', AbiLimits.JsonDepthMax) + new string(']', AbiLimits.JsonDepthMax);
        Assert.False(SyscallJson.TryRead(0x20, Encoding.UTF8.GetBytes($"{{\"body\":{deep}}}"), out _, out var error));
        Assert.Equal(SysErrorCode.InvalidArgument, error.Code);
    }

    [Fact]
    public void Answers_are_written_as_the_serializer_writes_them()
    {
        Random random = new(21);
        for (var i = 0; i < Cases / 10; i++)
        {
            MailMessage[] messages = [.. Enumerable.Range(0, random.Next(3)).Select(_ => Message(random))];
            AssertWritten(new RecvReply(messages, random.Next(3)) { Draining = Some<bool>(random, true) });
            AssertWritten(new SendReply(random.NextInt64(), new ProcessId(random.Next(3)))
            {
                Duplicate = Some<bool>(random, true),
                Count = Some(random, 256),
                Reply = random.Next(2) == 0 ? null : Message(random),
            });
        }
    }

    [Fact]
    public void An_answer_with_one_large_body_is_written_around_it()
    {
        MailMessage large = new(7, new ProcessId(3), MailBody.Of(new string('x', 20_000))) { FromName = "one" };
        MailMessage small = new(8, new ProcessId(3), MailBody.Of("x"));
        foreach (var reply in new Reply[]
        {
            new RecvReply([large], 2), new SendReply(6, new ProcessId(3)) { Reply = large },
        })
        {
            Assert.True(SyscallJson.HasLargeBody(reply));
            AssertWritten(reply);
        }

        Assert.False(SyscallJson.HasLargeBody(new RecvReply([small], 0)));
        Assert.False(SyscallJson.HasLargeBody(new RecvReply([large, small], 0)));
        Assert.False(SyscallJson.HasLargeBody(new SendReply(6, new ProcessId(3))));
    }

    [Fact]
    public void A_body_that_is_too_large_is_told_the_way_for_it()
    {
        var refusal = SyscallRules.Check(new Send { To = "a", Body = MailBody.Of(new string('x', 1 << 20)) });

        Assert.Equal(
            "body has 1048578 bytes; at most 1048576, and more goes beside it, as a handle", refusal?.Message);
    }

    [Fact]
    public void What_is_plain_has_no_problem()
    {
        Random random = new(22);
        string?[] texts = [null, "a", "base64", "", "x y", "-", new string('n', 200), "tab\t"];
        MailBody[] one = [MailBody.Of("x")], large = [new MailBody(new byte[AbiLimits.PayloadBytesMax + 1])];
        MailBody[]?[] bundles =
        [
            null, one, [], [.. Enumerable.Repeat(one[0], 256)], [.. Enumerable.Repeat(one[0], 257)], large,
        ];
        long?[] numbers = [null, 0, 1, -1, 256, 257, 100, 50_000_000, long.MaxValue];
        for (var i = 0; i < Cases; i++)
        {
            Send send = new()
            {
                To = Pick(texts),
                ToId = random.Next(4) == 0 ? new ProcessId(1) : null,
                InReplyTo = random.Next(4) == 0 ? 1 : null,
                Encoding = Pick(texts),
                Topic = Pick(texts),
                Key = Pick(texts),
                Body = random.Next(8) == 0 ? MailBody.Of("x") : null,
                Bodies = Pick(bundles),
                TtlMs = Pick(numbers),
                TimeoutMs = Pick(numbers),
                ReplyTimeoutMs = Pick(numbers),
            };
            Recv recv = new()
            {
                Mailbox = Pick(texts),
                Max = Pick(numbers) is { } max and < 1_000 ? (int)max : null,
                TimeoutMs = Pick(numbers),
                Correlation = Pick(texts),
                VisibilityMs = Pick(numbers),
                Reply = random.Next(3) > 0
                    ? null : new MailReply { InReplyTo = random.Next(2), Encoding = Pick(texts), Topic = Pick(texts) },
            };
            Assert.Equal(MailRules.IsPlain(send), !MailRules.Problems(send).Any());
            Assert.Equal(MailRules.IsPlain(recv), !MailRules.Problems(recv).Any());
        }

        T Pick<T>(T[] from) => random.Next(2) == 0 ? from[0] : from[random.Next(from.Length)];
    }

    private static void AssertSame<T>(
        SyscallNumber number, byte[] json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, string text)
        where T : Syscall
    {
        if (JsonSurrogates.Refusal(json) is { } half)
        {
            Assert.False(SyscallJson.TryRead((ushort)number, json, out _, out var why));
            Assert.Equal(half, why);
            return;
        }

        var expected = AbiJson.TryRead(json, type, out var value, out var error);
        Assert.Equal(expected, SyscallJson.TryRead((ushort)number, json, out var read, out var refused));
        if (value is Send { Bodies: { } bodies } send && read is Send { Bodies: { } readBodies } sent)
        {
            Assert.Equal(bodies, readBodies);
            (value, read) = ((T)(Syscall)(send with { Bodies = null }), sent with { Bodies = null });
        }

        Assert.True(Equals(value, read), $"{text}: {value} and {read}");
        Assert.Equal(error, refused);
    }

    private static void AssertWritten(Reply reply)
    {
        var type = AbiJsonContext.Default.GetTypeInfo(reply.GetType())!;
        PooledBytes written = new();
        SyscallJson.Write(reply, written);
        var json = JsonSerializer.Serialize(reply, type);
        Assert.Equal(json, Encoding.UTF8.GetString(written.Written));
        written.Return();
        if (SyscallJson.HasLargeBody(reply))
        {
            "head"u8.CopyTo(written.GetSpan(4));
            written.Advance(4);
            var gap = SyscallJson.WriteAround(reply, written, out var body);
            byte[] whole = [.. written.Written[..gap], .. body.Span, .. written.Written[gap..]];
            Assert.Equal($"head{json}", Encoding.UTF8.GetString(whole));
            written.Return();
        }
    }

    private static MailMessage Message(Random random) => new(
        random.NextInt64(), new ProcessId(random.Next(5)), Body(random))
    {
        FromName = Text(random),
        To = Text(random),
        Encoding = Text(random),
        Topic = Text(random),
        Correlation = Text(random),
        Priority = Some(random, (MailPriority)random.Next(3)),
        AgeMs = random.Next(100),
        WantsReply = Some(random, true),
        Receipt = Some(random, random.NextInt64()),
        Delivery = Some(random, 3),
        HandleBytes = Some(random, 5L),
    };

    private static MailBody? Body(Random random) => random.Next(4) switch
    {
        0 => null,
        1 => MailBody.Of("é<\"'&\u0001"),
        2 => new MailBody("{\"a\":[1,null]}"u8.ToArray()),
        _ => new MailBody("17"u8.ToArray()),
    };

    private static string? Text(Random random) => random.Next(3) switch
    {
        0 => "é<\"'+",
        1 => "plain",
        _ => null,
    };

    private static T? Some<T>(Random random, T value)
        where T : struct => random.Next(2) == 0 ? value : null;
}
