// The client of the protocol as its authors publish it, which knows nothing of the kernel but an address.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const client = new Client({ name: "unmodified", version: "1.0" });
await client.connect(new StreamableHTTPClientTransport(new URL("http://127.0.0.1/mcp")));
console.log("server", client.getServerVersion().name);
const { tools } = await client.listTools();
console.log("tools", tools.map((tool) => tool.name).sort().join(" "));
const sum = await client.callTool({ name: "t__add", arguments: { a: 2, b: 3 } });
console.log("sum", sum.structuredContent.sum, sum.isError);
const wrong = await client.callTool({ name: "t__add", arguments: { a: "x" } });
console.log("wrong", wrong.isError, wrong.content[0].text.split("; LISTTOOLS")[0]);
const picture = await client.callTool({ name: "t__picture", arguments: {} });
console.log("picture", picture.content.map((part) => part.type).join(" "));
const steps = [];
const done = await client.callTool({ name: "t__progress", arguments: {} }, undefined, {
  onprogress: (step) => steps.push(`${step.progress}/${step.total} ${step.message}`),
});
console.log("progress", steps.join(", "), done.content[0].text);
try {
  await client.callTool({ name: "t__die", arguments: {} });
} catch (refused) {
  console.log("refused", refused.code, refused.message.includes("no tool t__die"));
}
await client.close();
