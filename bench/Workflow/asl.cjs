// node asl.cjs MODULES DEFINITION ROUNDS...: the state machine in the file DEFINITION, run by aws-local-stepfunctions,
// which keeps nothing. Each ROUNDS is AT_ONCExEXECUTIONS; prints one line a round: states a second.
"use strict";
const [modules, definition, ...rounds] = process.argv.slice(2);
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new this((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
};
const { createRequire } = require("module");
const path = require("path");
const { StateMachine } = createRequire(path.join(modules, "x.js"))("aws-local-stepfunctions");
const parsed = JSON.parse(require("fs").readFileSync(definition, "utf8"));
const states = Object.keys(parsed.States).length;
const machine = new StateMachine(parsed, { validationOptions: { noValidate: true } });

(async () => {
  const one = () => machine.run({}).result;
  await one();
  for (const round of rounds) {
    const [atOnce, executions] = round.split("x").map(Number);
    const began = process.hrtime.bigint();
    let left = executions;
    await Promise.all(Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await one();
    }));
    console.log(executions * states / (Number(process.hrtime.bigint() - began) / 1e9));
  }
})().catch((wrong) => {
  console.error(wrong);
  process.exit(1);
});
