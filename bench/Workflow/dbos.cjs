// node dbos.cjs MODULES URL STEPS ROUNDS...: workflows of DBOS over the PostgreSQL at URL, each of STEPS steps. Each
// ROUNDS is AT_ONCExEXECUTIONS; prints one line a round: steps a second.
"use strict";
const [modules, url, steps, ...rounds] = process.argv.slice(2);
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new this((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
};
const { createRequire } = require("module");
const path = require("path");
const { DBOS } = createRequire(path.join(modules, "x.js"))("@dbos-inc/dbos-sdk");

const execute = DBOS.registerWorkflow(async (count) => {
  let n = 0;
  for (let i = 0; i < count; i++) {
    n = (await DBOS.runStep(async () => ({ n: n + 1 }), { name: "step" })).n;
  }
  return { n };
}, { name: "execute" });

(async () => {
  DBOS.setConfig({
    name: "bench", systemDatabaseUrl: url, systemDatabasePoolSize: 20, runAdminServer: false, logLevel: "error",
    enableOTLP: false,
  });
  await DBOS.launch();
  const one = async () => {
    const said = await execute(Number(steps));
    if (said.n !== Number(steps)) throw new Error(`an execution came to ${said.n}`);
  };
  await one();
  for (const round of rounds) {
    const [atOnce, executions] = round.split("x").map(Number);
    const began = process.hrtime.bigint();
    let left = executions;
    await Promise.all(Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await one();
    }));
    console.log(executions * Number(steps) / (Number(process.hrtime.bigint() - began) / 1e9));
  }
  process.exit(0);
})().catch((wrong) => {
  console.error(wrong);
  process.exit(1);
});
