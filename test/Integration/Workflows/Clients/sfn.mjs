// What a program with the JavaScript SDK of AWS does, unmodified: every line that holds prints ok.
import {
  CreateStateMachineCommand, DescribeExecutionCommand, paginateGetExecutionHistory, SFNClient, StartExecutionCommand,
  StartSyncExecutionCommand, StateMachineDoesNotExist, TestStateCommand,
} from "@aws-sdk/client-sfn";

const client = new SFNClient({
  endpoint: process.argv[2], region: "us-east-1", credentials: { accessKeyId: "a", secretAccessKey: "b" },
  disableHostPrefix: true, maxAttempts: 1,
});
const ok = (what, holds) => console.log((holds ? "ok " : "NOT ") + what);
const roleArn = "arn:aws:iam::000000000000:role/r";
const pass = JSON.stringify({ StartAt: "A", States: { A: { Type: "Pass", Result: 7, End: true } } });

const { stateMachineArn } = await client.send(
  new CreateStateMachineCommand({ name: "js", definition: pass, roleArn }));
const { executionArn, startDate } = await client.send(new StartExecutionCommand({ stateMachineArn, input: "{}" }));
ok("start", startDate instanceof Date && Math.abs(startDate - Date.now()) < 60_000);
let end;
do end = await client.send(new DescribeExecutionCommand({ executionArn })); while (end.status === "RUNNING");
ok("end", end.status === "SUCCEEDED" && end.output === "7");
const types = [];
for await (const page of paginateGetExecutionHistory({ client, pageSize: 1 }, { executionArn })) {
  types.push(...page.events.map((event) => event.type));
}
ok("history", types.join() === "ExecutionStarted,PassStateEntered,PassStateExited,ExecutionSucceeded");
const express = await client.send(
  new CreateStateMachineCommand({ name: "fast", type: "EXPRESS", definition: pass, roleArn }));
const sync = await client.send(new StartSyncExecutionCommand({ stateMachineArn: express.stateMachineArn }));
ok("sync", sync.status === "SUCCEEDED" && sync.output === "7");
const tested = await client.send(
  new TestStateCommand({ definition: JSON.stringify({ Type: "Pass", End: true }), roleArn, input: "[1]" }));
ok("test a state", tested.status === "SUCCEEDED" && tested.output === "[1]");
await client.send(new StartExecutionCommand({ stateMachineArn: stateMachineArn + "x" })).then(
  () => ok("refused", false), (wrong) => ok("refused", wrong instanceof StateMachineDoesNotExist));
