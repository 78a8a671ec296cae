using System.Diagnostics;
using System.Globalization;
using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata;

namespace Analemma.Bench.Workflow;

/// <summary>
/// JSONata beside its reference implementation on node: expressions as workflows have them, and every case of the
/// official suite that gives a value, where the suite is beside the repository.
/// </summary>
internal sealed class JsonataBench(BenchReport report, string repository, bool quick)
{
    private const double GoalTimes = 10;
    private const string Goal = "10 x";

    private static readonly (string Name, string Expression)[] Hot =
    [
        ("a path", "customer.address.city"),
        ("a path through records", "orders.lines.price"),
        ("a predicate", "orders.lines[price > 20].name"),
        ("a sum over a product", "$sum(orders.lines.(price * count))"),
        ("an object", "{'id': id, 'city': customer.address.city, 'total': $sum(orders.lines.price)}"),
        ("a condition on text", "status = 'open' and $contains(customer.name, 'Ada') ? 'yes' : 'no'"),
        ("text put together", "customer.name & ' <' & $lowercase(customer.mail) & '>'"),
        ("an order", "orders.lines^(>price).name"),
        ("groups", "orders.lines{name: $sum(count)}"),
        ("map and filter", "$map($filter(orders.lines, function($l) { $l.count > 1 }), function($l) { $l.price })"),
        ("a reduction", "$reduce([1..100], function($a, $b) { $a + $b })"),
        ("a loop of 100 calls", "($f := function($n, $s) { $n = 0 ? $s : $f($n - 1, $s + $n) }; $f(100, 0))"),
        ("a join", "orders@$o.$o.lines#$i.{'order': $o.number, 'line': $i, 'name': name}"),
        ("a parent", "orders.lines.{'order': %.number, 'name': name}"),
        ("a change", "$ ~> |orders.lines|{'total': price * count}, 'count'|"),
        ("a regular expression", "$replace(customer.phone, /[^0-9]+/, '')"),
        ("a time", "$fromMillis(created, '[Y0001]-[M01]-[D01]')"),
    ];

    public void Run()
    {
        List<(string? Name, string Expression, JsonValue Data)> cases =
            [.. Hot.Select(each => ((string?)each.Name, each.Expression, Order()))];
        cases.AddRange(Suite());
        var millis = quick ? 4 : 20;
        var ours = Ours(cases, millis);
        var theirs = Reference(cases, millis);
        for (var i = 0; i < Hot.Length; i++)
        {
            report.Add(Row(Hot[i].Name, ours[i], theirs?[i]));
        }

        if (theirs is null)
        {
            return;
        }

        var ratios = ours.Zip(theirs, (own, reference) => reference / own).ToArray();
        AddTimes($"{Hot.Length} expressions, geometric mean", ratios[..Hot.Length]);
        if (ratios.Length > Hot.Length)
        {
            var suite = ratios[Hot.Length..];
            AddTimes($"{suite.Length} cases of the suite, geometric mean", suite);
            Array.Sort(suite);
            report.Add(new BenchRow("jsonata", "the same, fifth of 100 from below", suite[suite.Length / 20], "x"));
        }
    }

    private static BenchRow Row(string name, double own, double? reference) =>
        new("jsonata", name, own, "us")
        {
            Reference = reference,
            Goal = reference is null ? null : "0.1",
            Met = reference is null ? null : own * GoalTimes <= reference,
        };

    private void AddTimes(string name, double[] ratios)
    {
        var mean = Math.Exp(ratios.Average(Math.Log));
        var isMet = mean >= GoalTimes;
        report.Add(new BenchRow("jsonata", name + ", times as fast", mean, "x") { Goal = Goal, Met = isMet });
    }

    private static JsonValue Order() => JsonValue.Parse(
        """
        {"id": "o-1", "status": "open", "created": 1795687200000,
         "customer": {"name": "Ada Byron", "mail": "ADA@EXAMPLE.ORG", "phone": "+44 (0)20 7946-0018",
                      "address": {"street": "St James's Square 12", "city": "London"}},
         "orders": [
           {"number": 1, "lines": [{"name": "pen", "price": 3.5, "count": 10}, {"name": "paper", "price": 21, "count": 2},
                                   {"name": "ink", "price": 7.25, "count": 1}]},
           {"number": 2, "lines": [{"name": "desk", "price": 240, "count": 1}, {"name": "pen", "price": 3.5, "count": 3}]},
           {"number": 3, "lines": [{"name": "lamp", "price": 45.9, "count": 2}, {"name": "ink", "price": 7.25, "count": 4},
                                   {"name": "chair", "price": 99, "count": 6}, {"name": "paper", "price": 21, "count": 1}]}
         ]}
        """);

    /// <summary>Cases that give a value, but for those that are about limits.</summary>
    private IEnumerable<(string? Name, string Expression, JsonValue Data)> Suite()
    {
        var folder = Path.GetFullPath(Path.Combine(repository, "../shared/jsonata-suite"));
        if (!Directory.Exists(folder))
        {
            Console.Error.WriteLine("the suite is not here (../shared/jsonata-suite); its rows are left out");
            yield break;
        }

        var datasets = JsonValue.Parse(File.ReadAllText(Path.Combine(folder, "datasets.json")), JsonLimits.Widest);
        foreach (var line in File.ReadLines(Path.Combine(folder, "cases.jsonl")))
        {
            var data = JsonValue.Parse(line, JsonLimits.Widest);
            var hasBindings = data["bindings"].TryGetObject(out var bindings) && bindings.Count > 0;
            if (data["result"].IsUndefined || data["depth"].IsDefined || hasBindings)
            {
                continue;
            }

            var input = data["dataset"].TryGetString(out var name) ? datasets[name] : data["data"];
            yield return (null, data["expr"].AsString(), input);
        }
    }

    private static double[] Ours(List<(string? Name, string Expression, JsonValue Data)> cases, int millis)
    {
        var compiled = cases.ConvertAll(each => JsonataExpression.Compile(each.Expression));
        ClockHost host = new();
        for (var i = 0; i < cases.Count; i++)
        {
            Time(compiled[i], cases[i].Data, host, millis / 2.0);
        }

        return [.. cases.Select((each, i) => Time(compiled[i], each.Data, host, millis))];
    }

    private static double Time(JsonataExpression expression, JsonValue data, ClockHost host, double millis)
    {
        var begun = Stopwatch.GetTimestamp();
        var rounds = 0;
        TimeSpan took;
        do
        {
            for (var i = 0; i < 8; i++)
            {
                expression.Evaluate(data, host);
            }

            rounds += 8;
            took = Stopwatch.GetElapsedTime(begun);
        }
        while (took.TotalMilliseconds < millis);
        return took.TotalMicroseconds / rounds;
    }

    /// <summary>Null, with the reason on the error output, where node or the package cannot be had.</summary>
    private double[]? Reference(List<(string? Name, string Expression, JsonValue Data)> cases, int millis)
    {
        if (NpmSet.TryInstall(repository, "jsonata") is not { } modules)
        {
            return null;
        }

        var file = Path.GetTempFileName();
        try
        {
            JsonArrayBuilder list = new(cases.Count);
            foreach (var (_, expression, data) in cases)
            {
                list.Add(JsonObject.Of(("expr", expression), ("data", data)));
            }

            File.WriteAllBytes(file, JsonValue.From(list.Build()).ToUtf8());
            var output = BenchProcess.Run(
                "node",
                Path.Combine(repository, "bench/Workflow/jsonata.cjs"),
                modules,
                file,
                millis.ToString(CultureInfo.InvariantCulture));
            return [.. output.Split('\n').Select(line =>
                double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture))];
        }
        finally
        {
            File.Delete(file);
        }
    }

    private sealed class ClockHost : IJsonataHost
    {
        public long NowMillis => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

        public double NextRandom() => Random.Shared.NextDouble();

        public string NextUuid() => Guid.NewGuid().ToString();
    }
}
