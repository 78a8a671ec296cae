// node restate.cjs MODULES FOLDER STEPS ROUNDS...: a Restate server in FOLDER, on loopback alone, and a service of its
// SDK with a handler of STEPS `run` steps, each of which is durable. Each ROUNDS is AT_ONCExEXECUTIONS; prints one line a
// round: steps a second.
"use strict";
const [modules, folder, steps, ...rounds] = process.argv.slice(2);
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new this((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
};
const { spawn } = require("child_process");
const { createRequire } = require("module");
const http = require("http");
const http2 = require("http2");
const net = require("net");
const path = require("path");
const load = createRequire(path.join(modules, "x.js"));
const restate = load("@restatedev/restate-sdk");

const bench = restate.service({
  name: "bench",
  handlers: {
    execute: async (ctx, input) => {
      let n = input.n;
      for (let i = 0; i < input.steps; i++) {
        n = (await ctx.run("step", () => ({ n: n + 1 }))).n;
      }
      return { n };
    },
  },
});

const freePort = () => new Promise((done) => {
  const server = net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});

const agent = new http.Agent({ keepAlive: true, maxSockets: 1000 });
const ask = (port, where, body) => new Promise((done, fail) => {
  const text = JSON.stringify(body);
  const request = http.request(
    { host: "127.0.0.1", port, path: where, method: "POST", agent,
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(text) } },
    (answer) => {
      const pieces = [];
      answer.on("data", (piece) => pieces.push(piece));
      answer.on("end", () => {
        const said = Buffer.concat(pieces).toString();
        answer.statusCode < 300 ? done(said) : fail(new Error(`${answer.statusCode}: ${said}`));
      });
    });
  request.on("error", fail);
  request.end(text);
});

const retry = async (what, times = 300) => {
  for (;;) {
    try {
      return await what();
    } catch (wrong) {
      if (--times === 0) throw wrong;
      await new Promise((done) => setTimeout(done, 100));
    }
  }
};

(async () => {
  const [node, admin, ingress] = [await freePort(), await freePort(), await freePort()];
  const endpoint = http2.createServer(restate.createEndpointHandler({ services: [bench], logger: () => {} }));
  await new Promise((done) => endpoint.listen(0, "127.0.0.1", done));
  const server = spawn(
    path.join(modules, `@restatedev/restate-server-linux-${process.arch}/bin/restate-server`), ["--no-logo"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "ignore"],
      env: {
        PATH: process.env.PATH, HOME: folder, RESTATE_BASE_DIR: path.join(folder, "restate-data"),
        RESTATE_DISABLE_TELEMETRY: "true", RESTATE_LISTEN_MODE: "tcp", RESTATE_LOG_FILTER: "error",
        RESTATE_NODE_NAME: "bench", RESTATE_BIND_IP: "127.0.0.1", RESTATE_ADVERTISED_HOST: "127.0.0.1",
        RESTATE_BIND_PORT: `${node}`, RESTATE_ADMIN__BIND_PORT: `${admin}`, RESTATE_INGRESS__BIND_PORT: `${ingress}`,
        RESTATE_AUTO_PROVISION: "true",
      },
    });
  process.on("exit", () => server.kill("SIGKILL"));
  await retry(() => ask(admin, "/deployments", { uri: `http://127.0.0.1:${endpoint.address().port}` }));
  const execute = async () => {
    const said = JSON.parse(await ask(ingress, "/bench/execute", { n: 0, steps: Number(steps) }));
    if (said.n !== Number(steps)) throw new Error(`an execution came to ${said.n}`);
  };
  await retry(execute);
  for (const round of rounds) {
    const [atOnce, executions] = round.split("x").map(Number);
    const began = process.hrtime.bigint();
    let left = executions;
    await Promise.all(Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await execute();
    }));
    console.log(executions * Number(steps) / (Number(process.hrtime.bigint() - began) / 1e9));
  }
  process.exit(0);
})().catch((wrong) => {
  console.error(wrong);
  process.exit(1);
});
