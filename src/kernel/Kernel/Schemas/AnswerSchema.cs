using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Analemma.Kernel.Schemas;

// THE SUBSET
//
// Of JSON Schema, draft 2020-12 (https://json-schema.org/draft/2020-12):
//
//   any value     type enum const nullable, anyOf oneOf allOf not, if then else, $defs definitions,
//                 $ref into the same schema
//   objects       properties required additionalProperties patternProperties propertyNames minProperties maxProperties
//                 dependentRequired
//   arrays        items prefixItems contains minContains maxContains minItems maxItems uniqueItems
//   numbers       minimum maximum exclusiveMinimum exclusiveMaximum multipleOf
//   strings       minLength maxLength pattern (linear time: no look-around, no back-references) and
//                 format date-time date time duration email uri uuid ipv4 ipv6 hostname; other formats are not checked
//
// Refused, because to skip them would let wrong answers through: $dynamicRef $dynamicAnchor $anchor dependentSchemas
// unevaluatedProperties unevaluatedItems, and references out of the schema. Words that constrain nothing are skipped;
// so are unknown ones, unless one looks like a known word mistyped.

/// <summary>Makes a checker of a JSON Schema.</summary>
public static class AnswerSchema
{
    /// <summary>False when it is no schema, or needs what is not supported: then all that is wrong with it.</summary>
    public static bool TryCompile(
        JsonElement schema,
        [NotNullWhen(true)] out IAnswerSchema? compiled,
        out IReadOnlyList<SchemaViolation> problems)
    {
        var compiler = new SchemaCompiler(schema);
        var root = compiler.Compile();
        problems = compiler.Problems;
        compiled = problems.Count == 0 ? new Compiled(root) : null;
        return compiled is not null;
    }

    private sealed class Compiled(SchemaNode root) : IAnswerSchema
    {
        public IReadOnlyList<SchemaViolation> Check(JsonElement value)
        {
            var check = new SchemaCheck();
            root.Check(value, check);
            return check.Violations;
        }
    }
}
