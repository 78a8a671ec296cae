using System.Text.RegularExpressions;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Happenings;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Kernel.Happenings;

public sealed class EventPropertyTests
{
    [Fact]
    public void A_pattern_takes_what_the_regular_expression_does() => Check.QuickThrowOnFailure(
        Prop.ForAll(Text("ab/*", 8).ToArbitrary(), Text("ab/", 12).ToArbitrary(), (pattern, type) =>
        {
            var expression = $"^{string.Join(".*", pattern.Split('*').Select(Regex.Escape))}$";
            return TypePattern.Matches(pattern, type) == Regex.IsMatch(type, expression);
        }));

    [Fact]
    public void A_place_is_read_as_it_is_written_and_orders_as_its_numbers() => Check.QuickThrowOnFailure(
        Prop.ForAll(Places().ToArbitrary(), Places().ToArbitrary(), (one, other) =>
            Place.TryParse(one.ToString(), out var read) && read == one
            && Math.Sign(one.CompareTo(other)) == Math.Sign(
                (one.Durable, one.Volatile).CompareTo((other.Durable, other.Volatile)))));

    /// <summary>However it is read, and whatever is not kept: each event comes once, in order, or is counted.</summary>
    [Fact]
    public void Whoever_reads_on_gets_each_event_once_or_is_told_that_it_is_missing() => Check.QuickThrowOnFailure(
        Prop.ForAll(Gen.Choose(0, 3).ListOf(60).ToArbitrary(), Gen.Choose(1, 7).ToArbitrary(), (steps, max) =>
        {
            KernelBench kernel = new(new KernelOptions { EventsKept = 3 });
            List<string> all = ["1"];
            List<string> got = [];
            var (cursor, missed) = ("1", 0L);
            foreach (var step in steps)
            {
                if (step == 3)
                {
                    Read();
                    continue;
                }

                kernel.Call(new Emit { Type = "note", Durable = step == 0 ? true : null });
                kernel.Settle();
                all.Add(((EmitReply)kernel.One<Answer>().Reply).Cursor);
            }

            while (cursor != all[^1])
            {
                Read();
            }

            return got.SequenceEqual(got.Distinct()) && got.All(all.Contains)
                && got.SequenceEqual(all.Where(got.Contains)) && got.Count + missed == all.Count - 1;

            void Read()
            {
                kernel.Call(new PollEvents { From = cursor, Max = max });
                var reply = (PollEventsReply)kernel.One<Answer>().Reply;
                Assert.True(reply.Events.Count <= max + 1);
                missed += reply.Events.Sum(view => view.Type == EventTypes.Missed ? view.Count!.Value : 0);
                got.AddRange(reply.Events.Select(view => view.Cursor).OfType<string>());
                cursor = reply.Cursor;
            }
        }));

    private static Gen<string> Text(string letters, int lengthMax) =>
        Gen.Choose(0, lengthMax).SelectMany(length => Gen.Elements(letters.ToCharArray()).ArrayOf(length))
            .Select(characters => new string(characters));

    private static Gen<Place> Places() =>
        Gen.Choose(0, 4).SelectMany(durable => Gen.Choose(0, 4).Select(other => new Place(durable, other)));
}
