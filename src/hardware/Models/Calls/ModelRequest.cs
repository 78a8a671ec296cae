using Analemma.Models.Simulated;
using Microsoft.Extensions.AI;

namespace Analemma.Models.Calls;

/// <summary>A checked call: it names a model, has a key if it needs one, and its images are small enough.</summary>
internal sealed record ModelRequest(IReadOnlyList<ChatMessage> Messages, ChatOptions Options, string Model)
{
    private const int ModelCharsMax = 200;

    public static ModelRequest Check(
        ModelDriverOptions driver, bool needsKey, IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        if (needsKey && driver.Key is null)
        {
            throw new ProviderFault(ModelCallReason.NoKey, "no key is set");
        }

        var model = options?.ModelId ?? driver.DefaultModel ?? Only(driver.Kind)
            ?? throw new ProviderFault(ModelCallReason.UnknownModel, "no model is named and there is no default");
        if (!IsModelName(model))
        {
            throw new ProviderFault(
                ModelCallReason.UnknownModel,
                $"a model's name has at most {ModelCharsMax} letters, digits and . _ - : / @, and no \"..\"");
        }

        var list = messages.ToList();
        foreach (var image in list.SelectMany(message => message.Contents).OfType<DataContent>())
        {
            CheckSize(image, driver.ImageBytesMax);
        }

        var own = options?.Clone() ?? new ChatOptions();
        own.ModelId = model;
        return new(list, own, model);
    }

    /// <summary>The simulated model has no other name.</summary>
    private static string? Only(ModelProviderKind kind) =>
        kind == ModelProviderKind.Sim ? SimulatedChatClient.ModelId : null;

    private static void CheckSize(DataContent image, int most)
    {
        if (image.Data.Length > most)
        {
            throw new ProviderFault(
                ModelCallReason.ImageTooLarge, $"the image has {image.Data.Length} bytes, at most {most} are sent");
        }
    }

    /// <summary>It becomes a part of a URL's path, and an agent wrote it.</summary>
    private static bool IsModelName(string name) =>
        name.Length is > 0 and <= ModelCharsMax
        && !name.Contains("..", StringComparison.Ordinal)
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or ':' or '/' or '@');
}
