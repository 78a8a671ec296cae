// Google's own client of Gemini, as a program uses it that has never heard of the kernel.
import { GoogleGenAI, Type, FunctionCallingConfigMode } from "@google/genai";
import { check, equal, rejects } from "./check.mjs";

const client = new GoogleGenAI({});
const functionDeclarations = [{
  name: "get_weather",
  description: "The weather of a city.",
  parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ["city"] },
}];
const tools = [{ functionDeclarations }];
const ask = (contents, config) => client.models.generateContent({ model: "m", contents, config });

await check("content", async () => {
  const answer = await ask("Hello?", { systemInstruction: "Be brief.", temperature: 0.5 });
  equal(answer.text.includes("simulated"), true);
  equal(answer.candidates[0].finishReason, "STOP");
  const usage = answer.usageMetadata;
  equal(usage.totalTokenCount, usage.promptTokenCount + usage.candidatesTokenCount);
});

await check("stream", async () => {
  const whole = await ask("Tell me of the sea. ✓ 海");
  const stream = await client.models.generateContentStream({ model: "m", contents: "Tell me of the sea. ✓ 海" });
  let text = "", pieces = 0, last;
  for await (const chunk of stream) {
    text += chunk.text ?? "";
    pieces++;
    last = chunk;
  }
  equal(text, whole.text);
  equal(pieces > 3, true);
  equal([last.candidates[0].finishReason, last.usageMetadata], ["STOP", whole.usageMetadata]);
});

await check("functions", async () => {
  const asked = await ask("Use get_weather.", { tools });
  const call = asked.functionCalls[0];
  equal([call.name, typeof call.args.city], ["get_weather", "string"]);
  const told = await ask([
    { role: "user", parts: [{ text: "Use get_weather." }] },
    asked.candidates[0].content,
    { role: "user", parts: [{ functionResponse: { id: call.id, name: call.name, response: { output: "Rain." } } }] },
  ], { tools });
  equal(told.text.includes("Rain."), true);
  const toolConfig = (mode) => ({ functionCallingConfig: { mode } });
  const must = await ask("Anything.", { tools, toolConfig: toolConfig(FunctionCallingConfigMode.ANY) });
  equal(must.functionCalls.length, 1);
  const none = await ask("get_weather", { tools, toolConfig: toolConfig(FunctionCallingConfigMode.NONE) });
  equal(none.functionCalls, undefined);
});

await check("json", async () => {
  const responseMimeType = "application/json";
  const responseSchema = {
    type: Type.OBJECT,
    properties: { city: { type: Type.STRING }, people: { type: Type.INTEGER, nullable: false } },
    required: ["city", "people"],
  };
  const fitted = JSON.parse((await ask("Which city?", { responseMimeType, responseSchema })).text);
  equal([typeof fitted.city, Number.isInteger(fitted.people)], ["string", true]);
  equal(typeof JSON.parse((await ask("Which city?", { responseMimeType })).text), "object");
});

await check("images", async () => {
  const data = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
  const seen = await ask([{ inlineData: { mimeType: "image/png", data } }, { text: "What is it?" }]);
  equal(seen.candidates[0].finishReason, "STOP");
});

await check("stop and length", async () => {
  equal((await ask("Hello?", { stopSequences: [" answer"] })).text, "This is a simulated");
  equal((await ask("Hello?", { maxOutputTokens: 3 })).candidates[0].finishReason, "MAX_TOKENS");
});

await check("cancel", async () => {
  const stop = new AbortController();
  await rejects(async () => {
    const stream = await client.models.generateContentStream({
      model: "m", contents: "[[sim:stall after=2]]", config: { abortSignal: stop.signal },
    });
    for await (const chunk of stream) if (chunk.text) stop.abort();
  });
});

await check("tokens and models", async () => {
  equal((await client.models.countTokens({ model: "m", contents: "Hello?" })).totalTokens > 0, true);
  const names = [];
  for await (const model of await client.models.list()) names.push(model.name);
  equal(names.includes("models/sim"), true);
});

await check("embeddings", async () => {
  const contents = ["a cat on a mat", "stock prices fell"];
  const made = await client.models.embedContent({ model: "m", contents, config: { outputDimensionality: 32 } });
  equal(made.embeddings.map((each) => each.values.length), [32, 32]);
  const kind = await rejects(() => client.models.embedContent({ model: "m", contents, config: { taskType: "CLUSTERING" } }));
  equal(kind.message.includes("of one kind"), true);
});

await check("errors", async () => {
  const several = await rejects(() => ask("Hi", { candidateCount: 2 }));
  equal([several.status, several.message.includes("generationConfig.candidateCount")], [400, true]);
  const search = await rejects(() => ask("Hi", { tools: [{ googleSearch: {} }] }));
  equal(search.message.includes("tools[0].googleSearch"), true);
  let text = "";
  const cut = await rejects(async () => {
    const stream = await client.models.generateContentStream({ model: "m", contents: "[[sim:cut after=2]]" });
    for await (const chunk of stream) text += chunk.text;
  });
  equal([text, cut.message.includes("the stream broke")], ["This is", true]);
  const failed = await rejects(() => ask("[[sim:500]]"));
  equal([failed.status, failed.message.includes("model_failed")], [502, true]);
});
