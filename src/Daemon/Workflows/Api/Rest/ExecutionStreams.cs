using System.Globalization;
using System.Text;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Workflow.Json;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Workflows.Api.Rest;

// EVENTS AS THEY HAPPEN
//
//   commit ─► watch: "there is more" ─► this reads from the store what came since ─► the client, as fast as it reads
//
// The store is the buffer: an execution never waits for a reader, nothing is kept for one, and one that is slow, or
// comes back later with the id of the last event that it has, gets all that came since.
/// <summary>The history of an execution as server-sent events (https://html.spec.whatwg.org, 9.2).</summary>
internal sealed class ExecutionStreams(WorkflowEngine engine)
{
    private const string Cursor = "Last-Event-ID";

    /// <summary>Bytes that are put together before they are sent.</summary>
    private const int BatchBytes = 64 * 1024;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Sends events until the execution has ended or the client is gone; or says why it cannot.</summary>
    public async Task<RestError?> ServeAsync(HttpContext http, JsonObject request)
    {
        var arn = request["executionArn"].AsString();
        if (engine.Store.Find(arn) is not { } stored)
        {
            return RestError.Of(ApiAnswer.Refused(
                "ExecutionDoesNotExist", ApiRefusedException.NoExecution(arn).Message));
        }

        if (ReadCursor(http.Request, request, out var after) is { } wrong)
        {
            return wrong;
        }

        using var watch = engine.Watchers.Watch(stored.Key);
        var withData = request["includeExecutionData"] is not { IsBoolean: true, IsTrue: false };
        Sending sending = new(http, engine, stored.Key, after, withData);
        var isOver = await sending.AllAsync();
        if (sending.LastThere is { } last && last < after)
        {
            // Else all that comes until then would be passed over, as if it had been sent.
            return RestError.Invalid(
                $"event {after} is not there: the last one is {last}", "the id of an event that was sent");
        }

        if (isOver && sending.Sent == 0 && after > 0)
        {
            // There will be no more: it tells an EventSource not to come again.
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return null;
        }

        await sending.FlushAsync();
        while (!isOver)
        {
            if (!await watch.WaitAsync(Heartbeat, engine.Time, http.RequestAborted))
            {
                sending.Beat();
            }

            isOver = await sending.AllAsync();
            await sending.FlushAsync();
        }

        return null;
    }

    // A client that comes back says by the header what it has; the query is for the first time.
    private static RestError? ReadCursor(HttpRequest http, JsonObject request, out long after)
    {
        after = 0;
        var given = http.Headers[Cursor].ToString();
        if (given.Length > 0)
        {
            return long.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out after)
                ? null
                : RestError.Invalid($"{Cursor} cannot be '{given}'", "the id of an event that was sent");
        }

        request["after"].TryGetInt64(out after);
        return null;
    }

    /// <summary>What goes to one client.</summary>
    private sealed class Sending(HttpContext http, WorkflowEngine engine, long key, long after, bool withData)
    {
        private readonly HistoryCursor _cursor = new(engine.Store, key);
        private readonly StringBuilder _text = new("retry: 1000\n\n");
        private long _last = after;

        /// <summary>The last event that there is; null for none, or when the execution is gone.</summary>
        public long? LastThere { get; private set; }

        /// <summary>Events so far.</summary>
        public int Sent { get; private set; }

        public void Beat() => _text.Append(": \n\n");

        /// <summary>Writes all that there is; true when there will be no more.</summary>
        public async Task<bool> AllAsync()
        {
            // First how it stands, then what happened: what is read after an end is all of it.
            var stored = engine.Store.Find(key);
            foreach (var happened in _cursor.Read())
            {
                LastThere = happened.Id;
                if (happened.Id <= _last)
                {
                    continue;
                }

                if (happened.Id > _last + 1)
                {
                    Append("gap", null, JsonObject.Of(("from", _last + 1), ("to", happened.Id - 1)));
                }

                Append("history", happened.Id, RestForms.Answer(happened.ToService(withData)));
                _last = happened.Id;
                Sent++;
                if (_text.Length > BatchBytes)
                {
                    await FlushAsync();
                }
            }

            if (stored is null)
            {
                Append("gone", null, JsonObject.Of(("after", _last)));
                return true;
            }

            var found = FoundExecution.Of(stored);
            if (found.End is null)
            {
                return false;
            }

            Append("end", null, JsonObject.Of(("status", ExecutionNames.Of(found.Status))));
            return true;
        }

        public async Task FlushAsync()
        {
            if (!http.Response.HasStarted)
            {
                http.Response.ContentType = "text/event-stream";
            }

            var bytes = Encoding.UTF8.GetBytes(_text.ToString());
            _text.Clear();
            await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }

        private void Append(string name, long? id, JsonValue data)
        {
            if (id is { } number)
            {
                _text.Append(CultureInfo.InvariantCulture, $"id: {number}\n");
            }

            // JSON as it is written here has no line breaks.
            _text.Append("event: ").Append(name).Append("\ndata: ").Append(data.ToString()).Append("\n\n");
        }
    }
}
