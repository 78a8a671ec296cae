// LangChain's three models, as a program uses them that has never heard of the kernel.
import { ChatAnthropic } from "@langchain/anthropic";
import { ChatGoogleGenerativeAI } from "@langchain/google-genai";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { check, equal, rejects } from "./check.mjs";

const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather of a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
const schema = {
  title: "answer",
  type: "object",
  properties: { city: { type: "string" }, people: { type: "integer" } },
  required: ["city", "people"],
};

// Google's takes its address by an option alone.
const models = {
  openai: new ChatOpenAI({ model: "m", maxRetries: 0 }),
  responses: new ChatOpenAI({ model: "m", maxRetries: 0, useResponsesApi: true }),
  anthropic: new ChatAnthropic({ model: "m", maxRetries: 0 }),
  google: new ChatGoogleGenerativeAI({
    model: "m", maxRetries: 0, apiKey: process.env.GEMINI_API_KEY, baseUrl: process.env.GOOGLE_GEMINI_BASE_URL,
  }),
};

for (const [name, model] of Object.entries(models)) {
  await check(`${name} invoke`, async () => {
    const answer = await model.invoke([new SystemMessage("Be brief."), new HumanMessage("Hello?")]);
    equal(answer.text.includes("simulated"), true);
    equal(answer.usage_metadata.output_tokens > 0, true);
  });

  await check(`${name} stream`, async () => {
    let text = "", pieces = 0;
    for await (const chunk of await model.stream("Tell me of the sea.")) {
      text += chunk.text;
      pieces++;
    }
    equal(text, (await model.invoke("Tell me of the sea.")).text);
    equal(pieces > 3, true);
  });

  await check(`${name} tools`, async () => {
    const able = model.bindTools([weather]);
    const question = new HumanMessage("Use get_weather.");
    const asked = await able.invoke([question]);
    const call = asked.tool_calls[0];
    equal([call.name, typeof call.args.city], ["get_weather", "string"]);
    const result = new ToolMessage({ tool_call_id: call.id, name: call.name, content: "Rain." });
    equal((await able.invoke([question, asked, result])).text.includes("Rain."), true);
  });

  await check(`${name} structured`, async () => {
    const fitted = await model.withStructuredOutput(schema, { name: "answer" }).invoke("Which city?");
    equal([typeof fitted.city, Number.isInteger(fitted.people)], ["string", true]);
  });
}

await check("openai embeddings", async () => {
  const embeddings = new OpenAIEmbeddings({ model: "m", maxRetries: 0 });
  const made = await embeddings.embedDocuments(["a cat on a mat", "stock prices fell"]);
  equal([made.length, made[0].length, (await embeddings.embedQuery("a cat on a mat"))[0] === made[0][0]], [2, 256, true]);
});

// Last, because the kernel leaves a model alone for a while that fails again and again.
for (const [name, model] of Object.entries(models)) {
  await check(`${name} errors`, async () => {
    await rejects(() => model.invoke("[[sim:500]]"));
  });
}
