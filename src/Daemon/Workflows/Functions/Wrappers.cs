using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Functions;

/// <summary>
/// What stands around a handler: it reads the event from the arguments, calls, and prints the result behind the mark.
/// Errors are told as AWS Lambda tells them (https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html).
/// </summary>
internal static class Wrappers
{
    private const string PythonText = """
        import base64, json, os, sys, time, traceback, types
        _started = time.monotonic()
        _mark, _name, _handler, _request, _region = sys.argv[2:7]
        _source = json.loads(%SOURCE%)

        class _Context:
            function_name = _name
            function_version = "$LATEST"
            aws_request_id = _request
            invoked_function_arn = "arn:aws:lambda:%s:000000000000:function:%s" % (_region, _name)
            memory_limit_in_mb = "256"
            log_group_name = "/aws/lambda/" + _name
            log_stream_name = _request

            @staticmethod
            def get_remaining_time_in_millis():
                return max(0, int(_timeout - (time.monotonic() - _started) * 1000))

        _timeout = 60000

        def _tell(ok, value):
            sys.stdout.flush()
            sys.stdout.write("\n" + _mark + " " + json.dumps({"ok": ok, "value": value}) + "\n")
            sys.stdout.flush()

        def _main():
            try:
                event = json.loads(base64.b64decode("".join(sys.argv[7:])))
                module = types.ModuleType(_handler.rsplit(".", 1)[0])
                file = "/var/task/" + module.__name__ + ".py"
                module.__file__ = file
                sys.modules[module.__name__] = module
                exec(compile(_source, file, "exec"), module.__dict__)
                result = getattr(module, _handler.rsplit(".", 1)[-1])(event, _Context)
                if isinstance(result, (bytes, bytearray)):
                    result = json.loads(bytes(result))
                json.dumps(result)
            except BaseException as wrong:
                lines = _source.split("\n")
                trace = []
                for frame in traceback.extract_tb(wrong.__traceback__):
                    if frame.filename.startswith("/var/task/"):
                        line = lines[frame.lineno - 1].strip() if frame.lineno <= len(lines) else ""
                        trace.append('  File "%s", line %d, in %s\n    %s\n' % (
                            frame.filename, frame.lineno, frame.name, line))
                _tell(False, {"errorMessage": str(wrong), "errorType": type(wrong).__name__,
                              "requestId": _request, "stackTrace": trace})
                return
            _tell(True, result)

        _main()

        """;

    private const string NodeText = """
        const Module = require("module");
        const [socket, mark, name, handler, request, region, ...pieces] = process.argv.slice(2);
        const source = JSON.parse(%SOURCE%);
        const started = Date.now();
        const context = {
          functionName: name, functionVersion: "$LATEST", awsRequestId: request, memoryLimitInMB: "256",
          invokedFunctionArn: `arn:aws:lambda:${region}:000000000000:function:${name}`,
          logGroupName: `/aws/lambda/${name}`, logStreamName: request,
          getRemainingTimeInMillis: () => Math.max(0, 60000 - (Date.now() - started)),
        };
        const tell = (ok, value) => process.stdout.write(
          `\n${mark} ${JSON.stringify({ ok, value: value === undefined ? null : value })}\n`, () => process.exit(0));
        const fail = (wrong) => tell(false, {
          errorType: (wrong && wrong.name) || "Error",
          errorMessage: wrong && wrong.message !== undefined ? String(wrong.message) : String(wrong),
          trace: wrong && wrong.stack ? String(wrong.stack).split("\n") : [],
        });
        (async () => {
          try {
            const event = JSON.parse(Buffer.from(pieces.join(""), "base64").toString("utf8"));
            const made = new Module("/var/task/index.js");
            made.filename = "/var/task/index.js";
            made.paths = Module._nodeModulePaths("/work");
            made._compile(source, "/var/task/index.js");
            const call = made.exports[handler.split(".").pop()];
            tell(true, await new Promise((resolve, reject) => {
              const result = call(event, context, (wrong, value) => (wrong ? reject(wrong) : resolve(value)));
              if (call.length < 3 || (result && typeof result.then === "function")) resolve(result);
            }));
          } catch (wrong) {
            fail(wrong);
          }
        })();

        """;

    public static string Python(string source) => Around(PythonText, source);

    public static string Node(string source) => Around(NodeText, source);

    private static string Around(string wrapper, string source) =>
        wrapper.Replace("%SOURCE%", Literal(source), StringComparison.Ordinal);

    // JSON within a JSON string: an ASCII literal in both languages.
    private static string Literal(string source)
    {
        var json = Ascii(JsonValue.From(source).ToString());
        return Ascii(JsonValue.From(json).ToString());
    }

    private static string Ascii(string text)
    {
        System.Text.StringBuilder made = new(text.Length);
        foreach (var each in text)
        {
            if (each < 0x7f)
            {
                made.Append(each);
            }
            else
            {
                made.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{(int)each:x4}");
            }
        }

        return made.ToString();
    }
}
