using Analemma.Daemon.Http.Models.Anthropic;
using Analemma.Daemon.Http.Models.Gemini;
using Analemma.Daemon.Http.Models.OpenAi;
using Analemma.Daemon.Http.Models.Responses;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http.Models;

/// <summary>Which API a request is for, by its target alone, and the model that its path names.</summary>
internal static class ModelRoutes
{
    private static readonly ChatApi Chat = new();
    private static readonly ResponsesApi Response = new();
    private static readonly MessagesApi Messages = new();
    private static readonly GenerateApi Generate = new(GenerateFraming.Whole);
    private static readonly GenerateApi GenerateEvents = new(GenerateFraming.Events);
    private static readonly GenerateApi GenerateList = new(GenerateFraming.List);

    /// <summary>Null when it is none of theirs.</summary>
    public static (IModelApi Api, string Target)? Find(HttpRequest request) => request.Path.Value switch
    {
        "/v1/chat/completions" => (Chat, ""),
        "/v1/responses" => (Response, ""),
        "/v1/messages" => (Messages, ""),
        { } path when path.StartsWith("/v1", StringComparison.Ordinal) => FindGemini(path, request),
        _ => null,
    };

    // /v1beta/models/MODEL:generateContent, and the same of /v1.
    private static (IModelApi Api, string Target)? FindGemini(string path, HttpRequest request)
    {
        var (start, end) = (path.IndexOf("/models/", StringComparison.Ordinal), path.LastIndexOf(':'));
        if (path[..Math.Max(0, start)] is not ("/v1beta" or "/v1" or "/v1alpha") || end < start)
        {
            return null;
        }

        var model = path[(start + "/models/".Length)..end];
        return path[(end + 1)..] switch
        {
            "generateContent" => (Generate, model),
            "streamGenerateContent" => (request.Query["alt"] == "sse" ? GenerateEvents : GenerateList, model),
            _ => null,
        };
    }
}
