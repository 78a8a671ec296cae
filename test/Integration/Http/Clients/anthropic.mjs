// The official client of Anthropic, as a program uses it that has never heard of the kernel.
import Anthropic from "@anthropic-ai/sdk";
import { check, equal, rejects } from "./check.mjs";

const client = new Anthropic();
const tools = [{
  name: "get_weather",
  description: "The weather of a city.",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
}];
const ask = (content, more) => client.messages.create({
  model: "m", max_tokens: 400, messages: [{ role: "user", content }], ...more,
});

await check("message", async () => {
  const answer = await ask("Hello?", { system: [{ type: "text", text: "Be brief." }] });
  equal([answer.type, answer.role, answer.stop_reason], ["message", "assistant", "end_turn"]);
  equal(answer.content[0].text.includes("simulated"), true);
  equal(answer.usage.input_tokens > 0 && answer.usage.output_tokens > 0, true);
});

await check("stream", async () => {
  const whole = await ask("Tell me of the sea. ✓ 海");
  const stream = client.messages.stream({
    model: "m", max_tokens: 400, messages: [{ role: "user", content: "Tell me of the sea. ✓ 海" }],
  });
  let text = "", pieces = 0;
  stream.on("text", (piece) => { text += piece; pieces++; });
  const final = await stream.finalMessage();
  equal([text, final.content[0].text], [whole.content[0].text, whole.content[0].text]);
  equal(pieces > 3, true);
  equal([final.stop_reason, final.usage.output_tokens], ["end_turn", whole.usage.output_tokens]);
  equal(final.usage.input_tokens, whole.usage.input_tokens);
});

await check("tools", async () => {
  const asked = await ask("Use get_weather.", { tools });
  const use = asked.content.find((block) => block.type === "tool_use");
  equal([asked.stop_reason, use.name, typeof use.input.city], ["tool_use", "get_weather", "string"]);
  const told = await client.messages.create({
    model: "m", max_tokens: 400, tools,
    messages: [
      { role: "user", content: "Use get_weather." },
      { role: "assistant", content: asked.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: use.id, content: [{ type: "text", text: "Rain." }] }] },
    ],
  });
  equal(told.content[0].text.includes("Rain."), true);
  equal((await ask("Anything.", { tools, tool_choice: { type: "any" } })).stop_reason, "tool_use");
  equal((await ask("get_weather", { tools, tool_choice: { type: "none" } })).stop_reason, "end_turn");
});

await check("streamed tools", async () => {
  const final = await client.messages.stream({
    model: "m", max_tokens: 400, tools, messages: [{ role: "user", content: "get_weather" }],
  }).finalMessage();
  equal([final.content[0].name, typeof final.content[0].input.city], ["get_weather", "string"]);
});

await check("images", async () => {
  const data = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
  const image = { type: "image", source: { type: "base64", media_type: "image/png", data } };
  equal((await ask([image, { type: "text", text: "What is it?" }])).stop_reason, "end_turn");
  const error = await rejects(() => ask([{ type: "image", source: { type: "url", url: "https://example.com" } }]));
  equal([error.status, error.error.error.field], [400, "messages[0].content[0].source.type"]);
});

await check("stop and length", async () => {
  equal((await ask("Hello?", { stop_sequences: [" answer"] })).content[0].text, "This is a simulated");
  equal((await ask("Hello?", { max_tokens: 3 })).stop_reason, "max_tokens");
});

await check("cancel", async () => {
  const stream = client.messages.stream({
    model: "m", max_tokens: 100, messages: [{ role: "user", content: "[[sim:stall after=2]]" }],
  });
  stream.on("text", () => stream.abort());
  await rejects(() => stream.finalMessage());
  equal(stream.aborted, true);
});

await check("tokens and models", async () => {
  const counted = await client.messages.countTokens({ model: "m", messages: [{ role: "user", content: "Hello?" }] });
  equal(counted.input_tokens > 0, true);
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  equal(names.includes("sim"), true);
});

await check("errors", async () => {
  const missing = await rejects(() => client.messages.create({ model: "m", messages: [] }));
  equal([missing.status, missing.error.error.type], [400, "invalid_request_error"]);
  equal((await rejects(() => ask("Hi", { top_k: 3 }))).error.error.field, "top_k");
  const cut = await rejects(() => client.messages.stream({
    model: "m", max_tokens: 100, messages: [{ role: "user", content: "[[sim:cut after=2]]" }],
  }).finalMessage());
  equal([cut.message.includes("model_failed"), cut.message.includes("the stream broke")], [true, true]);
  const failed = await rejects(() => ask("[[sim:500]]"));
  equal([failed.status, failed.error.error.type, failed.error.error.code], [502, "api_error", "model_failed"]);
});
