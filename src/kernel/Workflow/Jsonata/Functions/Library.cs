using System.Collections.Frozen;
using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Pictures;

namespace Analemma.Workflow.Jsonata.Functions;

/// <summary>
/// All functions by name. The numbers are how many parameters each has in the reference implementation.
/// </summary>
internal static class Library
{
    private static readonly FrozenDictionary<string, JsonValue> Common = Table(
    [
        new NativeFunction("sum", 1, Takes("<a<n>:n>"), Numbers.Sum),
        new NativeFunction("count", 1, Takes("<a:n>"), Numbers.Count),
        new NativeFunction("max", 1, Takes("<a<n>:n>"), Numbers.Max),
        new NativeFunction("min", 1, Takes("<a<n>:n>"), Numbers.Min),
        new NativeFunction("average", 1, Takes("<a<n>:n>"), Numbers.Average),
        new NativeFunction("string", 1, Takes("<x-b?:s>"), Texts.String),
        new NativeFunction("substring", 3, Takes("<s-nn?:s>"), Texts.Substring),
        new NativeFunction("substringBefore", 2, Takes("<s-s:s>"), Texts.SubstringBefore),
        new NativeFunction("substringAfter", 2, Takes("<s-s:s>"), Texts.SubstringAfter),
        new NativeFunction("lowercase", 1, Takes("<s-:s>"), Texts.Lowercase),
        new NativeFunction("uppercase", 1, Takes("<s-:s>"), Texts.Uppercase),
        new NativeFunction("length", 1, Takes("<s-:n>"), Texts.Length),
        new NativeFunction("trim", 1, Takes("<s-:s>"), Texts.Trim),
        new NativeFunction("pad", 3, Takes("<s-ns?:s>"), Texts.Pad),
        new NativeFunction("match", 3, Takes("<s-f<s:o>n?:a<o>>"), Matching.Match),
        new NativeFunction("contains", 2, Takes("<s-(sf):b>"), Matching.Contains),
        new NativeFunction("replace", 4, Takes("<s-(sf)(sf)n?:s>"), Matching.Replace),
        new NativeFunction("split", 3, Takes("<s-(sf)n?:a<s>>"), Matching.Split),
        new NativeFunction("join", 2, Takes("<a<s>s?:s>"), Texts.Join),
        new NativeFunction("formatNumber", 3, Takes("<n-so?:s>"), NumberPicture.FormatNumber),
        new NativeFunction("formatBase", 2, Takes("<n-n?:s>"), Numbers.FormatBase),
        new NativeFunction("formatInteger", 2, Takes("<n-s:s>"), IntegerPicture.FormatInteger),
        new NativeFunction("parseInteger", 2, Takes("<s-s:n>"), IntegerParser.ParseInteger),
        new NativeFunction("number", 1, Takes("<(nsb)-:n>"), Numbers.Number),
        new NativeFunction("floor", 1, Takes("<n-:n>"), Numbers.Floor),
        new NativeFunction("ceil", 1, Takes("<n-:n>"), Numbers.Ceil),
        new NativeFunction("round", 2, Takes("<n-n?:n>"), Numbers.Round),
        new NativeFunction("abs", 1, Takes("<n-:n>"), Numbers.Abs),
        new NativeFunction("sqrt", 1, Takes("<n-:n>"), Numbers.Sqrt),
        new NativeFunction("power", 2, Takes("<n-n:n>"), Numbers.Power),
        new NativeFunction("boolean", 1, Takes("<x-:b>"), Objects.Boolean),
        new NativeFunction("not", 1, Takes("<x-:b>"), Objects.Not),
        new NativeFunction("map", 2, Takes("<af>"), Arrays.Map),
        new NativeFunction("zip", 0, Takes("<a+>"), Arrays.Zip),
        new NativeFunction("filter", 2, Takes("<af>"), Arrays.Filter),
        new NativeFunction("single", 2, Takes("<af?>"), Arrays.Single),
        new NativeFunction("reduce", 3, Takes("<afj?:j>"), Arrays.Reduce),
        new NativeFunction("sift", 2, Takes("<o-f?:o>"), Objects.Sift),
        new NativeFunction("keys", 1, Takes("<x-:a<s>>"), Objects.Keys),
        new NativeFunction("lookup", 2, Takes("<x-s:x>"), Objects.Lookup),
        new NativeFunction("append", 2, Takes("<xx:a>"), Arrays.Append),
        new NativeFunction("exists", 1, Takes("<x:b>"), Objects.Exists),
        new NativeFunction("spread", 1, Takes("<x-:a<o>>"), Objects.Spread),
        new NativeFunction("merge", 1, Takes("<a<o>:o>"), Objects.Merge),
        new NativeFunction("reverse", 1, Takes("<a:a>"), Arrays.Reverse),
        new NativeFunction("each", 2, Takes("<o-f:a>"), Objects.Each),
        new NativeFunction("error", 1, Takes("<s?:x>"), Objects.Error),
        new NativeFunction("assert", 2, Takes("<bs?:x>"), Objects.Assert),
        new NativeFunction("type", 1, Takes("<x:s>"), Objects.Type),
        new NativeFunction("sort", 2, Takes("<af?:a>"), Arrays.Sort),
        new NativeFunction("shuffle", 1, Takes("<a:a>"), Arrays.Shuffle),
        new NativeFunction("distinct", 1, Takes("<x:x>"), Arrays.Distinct),
        new NativeFunction("base64encode", 1, Takes("<s-:s>"), Encodings.Base64Encode),
        new NativeFunction("base64decode", 1, Takes("<s-:s>"), Encodings.Base64Decode),
        new NativeFunction("encodeUrlComponent", 1, Takes("<s-:s>"), Encodings.EncodeUrlComponent),
        new NativeFunction("encodeUrl", 1, Takes("<s-:s>"), Encodings.EncodeUrl),
        new NativeFunction("decodeUrlComponent", 1, Takes("<s-:s>"), Encodings.DecodeUrlComponent),
        new NativeFunction("decodeUrl", 1, Takes("<s-:s>"), Encodings.DecodeUrl),
        new NativeFunction("toMillis", 2, Takes("<s-s?:n>"), DateTimeFunctions.ToMillis),
        new NativeFunction("fromMillis", 3, Takes("<n-s?s?:s>"), DateTimeFunctions.FromMillis),
        new NativeFunction("now", 2, Takes("<s?s?:s>"), DateTimeFunctions.Now),
        new NativeFunction("millis", 0, Takes("<:n>"), DateTimeFunctions.Millis),
        new NativeFunction("clone", 1, Takes("<(oa)-:o>"), Objects.CloneOf),
    ]);

    private static readonly FrozenDictionary<string, JsonValue> Reference = Table(
    [
        new NativeFunction("random", 0, Takes("<:n>"), Numbers.Random),
        new NativeFunction("eval", 2, Takes("<sx?:x>"), Evaluating.Eval),
    ]);

    private static readonly FrozenDictionary<string, JsonValue> Service = Table(
    [
        new NativeFunction("random", 1, Takes("<n?:n>"), ServiceFunctions.Random),
        new NativeFunction("partition", 2, Takes("<a-n:a>"), ServiceFunctions.Partition),
        new NativeFunction("range", 3, Takes("<nnn:a>"), ServiceFunctions.Range),
        new NativeFunction("hash", 2, Takes("<s-s:s>"), ServiceFunctions.Hash),
        new NativeFunction("uuid", 0, Takes("<:s>"), ServiceFunctions.Uuid),
        new NativeFunction("parse", 1, Takes("<s-:x>"), ServiceFunctions.Parse),
    ]);

    /// <summary>The function, or undefined.</summary>
    public static JsonValue Find(string name, JsonataProfile profile)
    {
        if (Common.TryGetValue(name, out var function))
        {
            return function;
        }

        var others = profile is JsonataProfile.StepFunctions ? Service : Reference;
        return others.GetValueOrDefault(name);
    }

    private static Signature Takes(string signature) => Signature.Parse(signature);

    private static FrozenDictionary<string, JsonValue> Table(NativeFunction[] functions) =>
        functions.ToFrozenDictionary(
            function => function.Name, function => JsonValue.From(function), StringComparer.Ordinal);
}
