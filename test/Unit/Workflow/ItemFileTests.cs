using System.Text;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Files;

namespace Analemma.Unit.Tests.Workflow;

public sealed class ItemFileTests
{
    [Fact]
    public void Rows_of_a_table_become_objects_of_texts() => Assert.Equal(
        """[{"a":"1","b":"x, y"},{"a":"say \"no\"\nnow","b":""},{"a":"","b":""},{"a":"   ","b":""}]""",
        Read("a,b\r\n1,\"x, y\"\n\"say \"\"no\"\"\nnow\"\n,,,\n\n   \n", Reader("CSV")));

    // Developer Guide, ItemReader, CSV file in an Amazon S3 bucket.
    [Fact]
    public void A_backslash_escapes_what_is_special_and_is_dropped_before_all_else() => Assert.Equal(
        """[{"path":"C:\\Program Files\\a.exe","size":"6,5"},{"path":"say \"no\"","size":"nwx"}]""",
        Read(
            """
            path,size
            C:\\Program Files\\a.exe,6\,5
            "say \"no\"",n\wx
            """,
            Reader("CSV")));

    [Fact]
    public void Names_and_separators_can_be_given() => Assert.Equal(
        """[{"x":"1","y":"2"},{"x":"3","y":"4"}]""",
        Read("1|2\n3|4", new ItemReaderOptions("CSV", "GIVEN", ["x", "y"], "|")));

    [Theory]
    [InlineData("JSON", "[1,{\"a\":2},3]", "[1,{\"a\":2}]")]
    [InlineData("JSONL", "1\n\n{\"a\":2}\n3\n", "[1,{\"a\":2}]")]
    public void No_more_items_are_read_than_are_wanted(string type, string text, string expected) =>
        Assert.Equal(expected, Read(text, Reader(type), itemsMax: 2));

    [Theory]
    [InlineData("CSV", "a,b\n1,2", """[{"a":"1","b":"2"}]""")]
    [InlineData("JSON", "[1]", "[1]")]
    [InlineData("JSONL", "1", "[1]")]
    public void A_byte_order_mark_is_no_part_of_a_file(string type, string text, string expected) =>
        Assert.Equal(expected, Read($"\ufeff{text}", Reader(type)));

    [Theory]
    [InlineData("JSON", "{\"a\":1}", "Attempting to map over non-iterable node.")]
    [InlineData("JSON", "[", "The file is no JSON")]
    [InlineData("JSONL", "1\n{", "Line 2 is no JSON")]
    [InlineData("PARQUET", "", "PARQUET")]
    public void What_cannot_be_read_is_told(string type, string text, string cause) =>
        Assert.Contains(cause, Read(text, Reader(type)), StringComparison.Ordinal);

    [Fact]
    public void A_manifest_names_files_and_columns()
    {
        const string Text = """{"files":[{"key":"a.csv.gz"},{"key":"b.csv.gz"}],"fileSchema":"Bucket, Key, Size"}""";
        Assert.True(ItemManifest.TryRead(Reader(), Encoding.UTF8.GetBytes(Text), out var manifest, out _));
        Assert.Equal(["a.csv.gz", "b.csv.gz"], manifest.Files.Select(file => file.Name));
        Assert.Equal(["Bucket", "Key", "Size"], manifest.Reader.CsvHeaders);
        Assert.False(ItemManifest.TryRead(Reader(), "[]"u8, out _, out var cause));
        Assert.NotNull(cause);

        static ItemReaderDefinition Reader() => new()
        {
            Resource = TaskResource.TryParse("arn:aws:states:::s3:getObject")!,
            InputType = "MANIFEST",
        };
    }

    private static ItemReaderOptions Reader(string type) => new(type, "FIRST_ROW", [], ",");

    private static string Read(string text, ItemReaderOptions options, long? itemsMax = null)
    {
        ItemReaderDefinition reader = new()
        {
            Resource = TaskResource.TryParse("arn:aws:states:::s3:getObject")!,
            InputType = options.Type,
            CsvHeaderLocation = options.Header,
            CsvHeaders = options.Names,
            CsvDelimiter = options.Delimiter,
        };
        return ItemFile.TryRead(reader, Encoding.UTF8.GetBytes(text), itemsMax, out var items, out var cause)
            ? Analemma.Workflow.Json.JsonValue.From(items).ToString()
            : cause;
    }

    private sealed record ItemReaderOptions(string Type, string Header, IReadOnlyList<string> Names, string Delimiter);
}
