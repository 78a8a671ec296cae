using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Analemma.Fuzz;
using Analemma.Workflow.Json;

namespace Analemma.Integration.Tests.Workflow;

/// <summary>
/// Random expressions, evaluated here and by the reference implementation from npm: the same value, or an error with
/// the same code. The long run is slow and explicit:
/// <c>--explicit only --filter-class '*JsonataDifferentialTests'</c>.
/// </summary>
public sealed class JsonataDifferentialTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Random_expressions_give_what_the_reference_gives() => await CompareAsync(1, 3_000);

    [Fact(Explicit = true)]
    public async Task Very_many_random_expressions_give_what_the_reference_gives() => await CompareAsync(2, 100_000);

    private static string Script([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "jsonata-reference.cjs");

    private async Task CompareAsync(ulong seed, int count)
    {
        var modules = NpmPackages.Modules("jsonata");
        ExpressionMaker maker = new(seed) { OnlyWhole = true };
        List<(string Text, JsonValue Input)> cases = [];
        for (var number = 0UL; cases.Count < count; number++)
        {
            var made = maker.Make(number, 1);
            var end = Array.IndexOf(made, (byte)0);
            cases.Add((Encoding.UTF8.GetString(made, 0, end), JsonValue.Parse(made.AsSpan(end + 1))));
        }

        var reference = await ReferenceAsync(modules, cases);

        List<string> differences = [];
        var (values, errors, otherErrors, passedOver) = (0, 0, 0, 0);
        for (var i = 0; i < count; i++)
        {
            var (text, input) = cases[i];
            if (reference[i]["fault"].IsDefined || reference[i]["code"] == "D1012")
            {
                // An error of JavaScript's own, where the reference looked at nothing before.
                passedOver++;
                continue;
            }

            var ours = Ours(text, input);
            var isError = reference[i]["code"].IsString;
            (values, errors) = isError ? (values, errors + 1) : (values + 1, errors);
            if (isError && ours["code"].IsString && ours != reference[i])
            {
                // It evaluates the items of an array, and the members of an object, at once: which error is the first
                // of several is not said.
                otherErrors++;
            }
            else if (ours != reference[i])
            {
                differences.Add($"{text}\n    on {input}\n    here {ours}\n    there {reference[i]}");
            }
        }

        output.WriteLine(
            $"{values} values, {errors} errors, {otherErrors} of them another one; {passedOver} were passed over");
        Assert.True(
            differences.Count == 0,
            string.Create(CultureInfo.InvariantCulture, $"{differences.Count} differ:\n")
                + string.Join('\n', differences.Take(40)));
        Assert.True(values > count / 4 && errors > count / 50, "too few expressions say anything");
        Assert.True(otherErrors <= count / 200, $"{otherErrors} errors are others");
    }

    private static JsonValue Ours(string text, JsonValue input)
    {
        var outcome = ExpressionTarget.Outcome(text, input);
        return outcome == "nothing" ? JsonObject.Empty
            : outcome.Length == 5 && char.IsAsciiLetterUpper(outcome[0]) ? JsonObject.Of(("code", outcome))
            : JsonObject.Of(("value", JsonValue.Parse(outcome, JsonLimits.Widest)));
    }

    private static async Task<List<JsonValue>> ReferenceAsync(
        string modules, List<(string Text, JsonValue Input)> cases)
    {
        List<JsonValue> outcomes = [];
        while (outcomes.Count < cases.Count)
        {
            await ReferenceAsync(modules, cases, outcomes);
            if (outcomes.Count < cases.Count)
            {
                // An expression that takes all of node's memory ends it; the others are asked of another one.
                outcomes.Add(JsonObject.Of(("fault", "node ended")));
            }
        }

        return outcomes;
    }

    private static async Task ReferenceAsync(
        string modules, List<(string Text, JsonValue Input)> cases, List<JsonValue> outcomes)
    {
        ProcessStartInfo start = new("node", ["--max-old-space-size=512", Script(), modules])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var node = Process.Start(start)!;
        node.ErrorDataReceived += (_, _) => { };
        node.BeginErrorReadLine();
        var first = outcomes.Count;
        var writing = Task.Run(async () =>
        {
            try
            {
                foreach (var (text, input) in cases.Skip(first))
                {
                    await node.StandardInput.WriteLineAsync(
                        JsonValue.From(JsonObject.Of(("expr", text), ("input", input))).ToString());
                }

                node.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended before it had read all.
            }
        });
        while (await node.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            outcomes.Add(JsonValue.Parse(line, JsonLimits.Widest));
        }

        await writing;
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
