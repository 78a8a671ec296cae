// The official client of OpenAI, as a program uses it that has never heard of the kernel.
import OpenAI from "openai";
import { check, equal, rejects } from "./check.mjs";

const client = new OpenAI();
const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather of a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
const schema = {
  type: "object",
  properties: { city: { type: "string" }, people: { type: "integer" } },
  required: ["city", "people"],
  additionalProperties: false,
};
const user = (content) => [{ role: "user", content }];

await check("chat", async () => {
  const answer = await client.chat.completions.create({ model: "m", messages: user("Hello?") });
  equal(answer.object, "chat.completion");
  equal(answer.choices[0].finish_reason, "stop");
  equal(answer.choices[0].message.content.includes("simulated"), true);
  equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
});

await check("stream", async () => {
  const request = { model: "m", messages: user("Tell me of the sea. ✓ 海") };
  const whole = await client.chat.completions.create(request);
  const stream = await client.chat.completions.create({
    ...request, stream: true, stream_options: { include_usage: true },
  });
  let text = "", pieces = 0, usage, finish;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? "";
    pieces += chunk.choices[0]?.delta?.content ? 1 : 0;
    finish = chunk.choices[0]?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  equal(text, whole.choices[0].message.content);
  equal(pieces > 3, true);
  equal(finish, "stop");
  equal(usage, whole.usage);
});

await check("tools", async () => {
  const messages = user("Use get_weather, please.");
  const asked = await client.chat.completions.create({ model: "m", messages, tools: [weather] });
  const call = asked.choices[0].message.tool_calls[0];
  equal(asked.choices[0].finish_reason, "tool_calls");
  equal(call.function.name, "get_weather");
  equal(typeof JSON.parse(call.function.arguments).city, "string");
  const told = await client.chat.completions.create({
    model: "m", tools: [weather],
    messages: [...messages, asked.choices[0].message, { role: "tool", tool_call_id: call.id, content: "Rain." }],
  });
  equal(told.choices[0].message.content.includes("Rain."), true);
});

await check("tool choice", async () => {
  const ask = (tool_choice) => client.chat.completions.create({
    model: "m", messages: user("Anything."), tools: [weather], tool_choice,
  });
  equal((await ask("required")).choices[0].message.tool_calls.length, 1);
  equal((await ask({ type: "function", function: { name: "get_weather" } })).choices[0].message.tool_calls.length, 1);
  equal((await ask("none")).choices[0].message.tool_calls, undefined);
});

await check("streamed tools", async () => {
  const runner = client.chat.completions.stream({ model: "m", messages: user("get_weather"), tools: [weather] });
  const message = await runner.finalMessage();
  equal(message.tool_calls[0].function.name, "get_weather");
});

await check("json", async () => {
  const ask = async (response_format) => JSON.parse((await client.chat.completions.create({
    model: "m", messages: user("Which city?"), response_format,
  })).choices[0].message.content);
  equal(typeof (await ask({ type: "json_object" })), "object");
  const fitted = await ask({ type: "json_schema", json_schema: { name: "answer", schema, strict: true } });
  equal([typeof fitted.city, Number.isInteger(fitted.people)], ["string", true]);
});

await check("images", async () => {
  const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
  const image = (url) => [{ type: "text", text: "What is it?" }, { type: "image_url", image_url: { url } }];
  const seen = await client.chat.completions.create({
    model: "m", messages: user(image(`data:image/png;base64,${dot}`)),
  });
  equal(seen.choices[0].finish_reason, "stop");
  const error = await rejects(() => client.chat.completions.create({
    model: "m", messages: user(image("https://example.com/a.png")),
  }));
  equal([error.status, error.param], [400, "messages[0].content[1].image_url.url"]);
});

await check("stop and length", async () => {
  const ask = async (more) => (await client.chat.completions.create({
    model: "m", messages: user("Hello?"), ...more,
  })).choices[0];
  equal((await ask({ stop: [" answer"] })).message.content, "This is a simulated");
  equal((await ask({ max_completion_tokens: 3 })).finish_reason, "length");
});

await check("cancel", async () => {
  const stop = new AbortController();
  const stream = await client.chat.completions.create(
    { model: "m", messages: user("[[sim:stall after=2]]"), stream: true }, { signal: stop.signal });
  for await (const chunk of stream) {
    if (chunk.choices[0].delta.content) stop.abort();
  }
  equal(stop.signal.aborted, true);
});

await check("responses", async () => {
  const answer = await client.responses.create({ model: "m", input: "Hello?", instructions: "Be brief." });
  equal(answer.status, "completed");
  equal(answer.output_text.includes("simulated"), true);
  equal(answer.instructions, "Be brief.");
  const fitted = await client.responses.create({
    model: "m", input: [{ role: "user", content: [{ type: "input_text", text: "Which city?" }] }],
    text: { format: { type: "json_schema", name: "answer", schema, strict: true } },
  });
  equal(typeof JSON.parse(fitted.output_text).city, "string");
});

await check("streamed responses", async () => {
  const whole = await client.responses.create({ model: "m", input: "Tell me of the sea." });
  const stream = client.responses.stream({ model: "m", input: "Tell me of the sea." });
  let text = "", last = -1;
  for await (const event of stream) {
    text += event.type === "response.output_text.delta" ? event.delta : "";
    equal(event.sequence_number, last + 1);
    last = event.sequence_number;
  }
  const final = await stream.finalResponse();
  equal([text, final.output_text, final.status], [whole.output_text, whole.output_text, "completed"]);
  equal(final.usage, whole.usage);
});

await check("responses' tools", async () => {
  const tools = [{ type: "function", ...weather.function, strict: false }];
  const input = [{ role: "user", content: "Use get_weather." }];
  const asked = await client.responses.create({ model: "m", input, tools });
  const call = asked.output.find((item) => item.type === "function_call");
  const told = await client.responses.create({
    model: "m", tools,
    input: [...input, ...asked.output, { type: "function_call_output", call_id: call.call_id, output: "Rain." }],
  });
  equal(told.output_text.includes("Rain."), true);
  const streamed = await client.responses.stream({ model: "m", input, tools }).finalResponse();
  equal(streamed.output[0].name, "get_weather");
});

await check("responses' errors", async () => {
  const ask = (more) => rejects(() => client.responses.create({ model: "m", input: "Hi", ...more }));
  equal((await ask({ previous_response_id: "resp_1" })).param, "previous_response_id");
  equal((await ask({ background: true })).param, "background");
  equal((await ask({ tools: [{ type: "web_search" }] })).param, "tools[0].type");
});

await check("models", async () => {
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  equal(names.includes("sim"), true);
  equal((await client.models.retrieve("sim")).owned_by, "sim");
  equal((await rejects(() => client.models.retrieve("none"))).code, "no_such_model");
});

await check("embeddings", async () => {
  const texts = ["a cat on a mat", "a cat on the mat", "stock prices fell"];
  const made = await client.embeddings.create({ model: "m", input: texts, dimensions: 64 });
  equal([made.data.length, made.data[0].embedding.length, made.usage.prompt_tokens > 0], [3, 64, true]);
  const [a, b, c] = made.data.map((each) => each.embedding);
  const near = (one, other) => one.reduce((sum, number, i) => sum + number * other[i], 0);
  equal(near(a, b) > near(a, c) + 0.2, true);
  const plain = await client.embeddings.create({ model: "m", input: texts[0], dimensions: 64, encoding_format: "float" });
  equal(plain.data[0].embedding.every((number, i) => Math.abs(number - a[i]) < 1e-6), true);
  const tokens = await rejects(() => client.embeddings.create({ model: "m", input: [[1, 2]] }));
  equal([tokens.status, tokens.param], [400, "input[0]"]);
});

await check("errors", async () => {
  const ask = (more) => rejects(() => client.chat.completions.create({ model: "m", messages: user("Hi"), ...more }));
  const unknown = await ask({ wishes: 3 });
  equal([unknown.status, unknown.param, unknown.code], [400, "wishes", "invalid_argument"]);
  equal((await ask({ messages: [] })).param, "messages");
  equal((await ask({ messages: [{ role: "user", content: 7 }] })).param, "messages[0].content");
  equal((await ask({ n: 2 })).param, "n");
  equal((await ask({ temperature: 9 })).code, "invalid_argument");
  equal((await ask({ tools: [{ type: "web_search" }] })).param, "tools[0].type");
  equal((await ask({ max_tokens: 1e9 })).code, "invalid_argument");
  const cut = await rejects(async () => {
    const stream = await client.chat.completions.create({
      model: "m", messages: user("[[sim:cut after=2]]"), stream: true,
    });
    for await (const _ of stream) { /* to its end */ }
  });
  equal([cut.code, cut.message.includes("the stream broke")], ["model_failed", true]);
  const failed = await ask({ messages: user("[[sim:500]]") });
  equal([failed.status, failed.code], [502, "model_failed"]);
});
