// Runs a handler in one environment: takes events from the kernel one after another, over its socket.
// The framing is docs/abi.md's; errors are told as AWS Lambda tells them.
"use strict";
const net = require("net");
const path = require("path");
const Module = require("module");

const MAGIC = 0x324c4e41, NEXT = 0x182, FRAME_MAX = 1 << 20, MORE = 1, HEADER = 24;
// After so many events it takes more than one at a time; so many calls are then under way, and one by which the kernel
// asks for what has not been begun.
const AHEAD_AFTER = 16, CALLS = 8, RECALL = 100;
// Deeper JSON is told as text: a request is not as deep as a result may be.
const PARTS_MAX = 24;
const source = JSON.parse(%SOURCE%);
const [socketPath, handlerName] = process.argv.slice(2);
const root = process.env.LAMBDA_TASK_ROOT || "/work";
const env = process.env;
const fixed = {
  functionName: env.AWS_LAMBDA_FUNCTION_NAME,
  functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
  memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
  logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
};

let link;
let handler;
let current = null;
let currentCall = 1;
// What the kernel has not taken yet: by call, the event that it answered.
const answered = new Map();
// Events that came and are not begun: of each its call and itself.
const waiting = [];
let events = 0;
let ahead = "";
let leaving = false;
const pieces = new Map();
let held = [];
let heldBytes = 0;

// A stream whose lines stand between marks of the invocation that wrote them, when it wrote any.
const logs = [process.stdout, process.stderr].map((stream) => {
  const plain = stream.write.bind(stream);
  const log = { begun: false, plain };
  stream.write = (...words) => {
    if (current && !log.begun) {
      log.begun = true;
      plain(`START RequestId: ${current} Version: $LATEST\n`);
    }
    return plain(...words);
  };
  return log;
});

function ended(request) {
  for (const log of logs) {
    if (log.begun) log.plain(`END RequestId: ${request}\n`);
    log.begun = false;
  }
}

function frame(call, flags, body) {
  const made = Buffer.allocUnsafe(HEADER + body.length);
  made.writeUInt32LE(MAGIC, 0);
  made[4] = 1;
  made[5] = flags;
  made.writeUInt16LE(NEXT, 6);
  made.writeUInt32LE(call, 8);
  made.writeUInt32LE(0, 12);
  made.writeUInt32LE(0, 16);
  made.writeUInt32LE(body.length, 20);
  body.copy(made, HEADER);
  return made;
}

function ask(call, asked, done) {
  const length = Buffer.byteLength(asked);
  if (length <= FRAME_MAX) {
    const made = Buffer.allocUnsafe(HEADER + length);
    made.writeUInt32LE(MAGIC, 0);
    made.writeUInt32LE(1 | (NEXT << 16), 4);
    made.writeUInt32LE(call, 8);
    made.writeUInt32LE(0, 12);
    made.writeUInt32LE(0, 16);
    made.writeUInt32LE(length, 20);
    made.write(asked, HEADER);
    link.write(made, done);
    return;
  }
  const body = Buffer.from(asked);
  for (let at = 0; at < body.length; at += FRAME_MAX) {
    const last = at + FRAME_MAX >= body.length;
    link.write(frame(call, last ? 0 : MORE, body.subarray(at, at + FRAME_MAX)), last ? done : undefined);
  }
}

function failure(request, wrong, type) {
  const isError = wrong && typeof wrong === "object";
  const errorType = type || (isError && wrong.name) || "Error";
  const told = {
    errorType,
    errorMessage: isError && wrong.message !== undefined ? String(wrong.message) : String(wrong),
    trace: isError && wrong.stack ? String(wrong.stack).split("\n") : [],
  };
  return JSON.stringify({ request_id: request, error_type: errorType, error: JSON.stringify(told) });
}

function reach(exported, words) {
  return words.split(".").reduce((found, word) => (found ? found[word] : undefined), exported);
}

async function load() {
  const at = handlerName.indexOf(".", handlerName.lastIndexOf("/") + 1);
  if (at < 0) throw Object.assign(new Error("Bad handler"), { name: "Runtime.MalformedHandlerName" });
  const [file, words] = [handlerName.slice(0, at), handlerName.slice(at + 1)];
  let exported;
  try {
    if (source === null) {
      const full = path.join(root, file);
      const found = [".js", ".mjs", ".cjs", ""].map((end) => full + end).find((each) => require("fs").existsSync(each));
      exported = !found || found.endsWith(".mjs") ? await import(found || full + ".mjs") : require(found);
    } else {
      const made = new Module("/var/task/index.js");
      made.filename = "/var/task/index.js";
      made.paths = Module._nodeModulePaths("/work");
      made._compile(source, "/var/task/index.js");
      exported = made.exports;
    }
  } catch (wrong) {
    if (wrong instanceof SyntaxError) wrong.name = "Runtime.UserCodeSyntaxError";
    else if (wrong && /MODULE_NOT_FOUND$/.test(wrong.code)) wrong.name = "Runtime.ImportModuleError";
    throw wrong;
  }
  const found = reach(exported, words) || reach(exported.default, words);
  if (typeof found !== "function") {
    throw Object.assign(
      new Error(`${handlerName} is undefined or not exported`), { name: "Runtime.HandlerNotFound" });
  }
  return found;
}

function result(request, value) {
  let text;
  try {
    text = JSON.stringify(value === undefined ? null : value);
    if (text === undefined) text = "null";
  } catch (wrong) {
    return failure(request, wrong, "Runtime.MarshalError");
  }
  return isPlain(text)
    ? `{"request_id":"${request}","value":${text}}`
    : JSON.stringify({ request_id: request, result: text });
}

function isPlain(text) {
  let parts = 0;
  for (const sign of "{[") {
    for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) {
      if (++parts > PARTS_MAX) return false;
    }
  }
  return !text.includes("\\ud");
}

function answer(request, told) {
  if (current !== request) return;
  ended(request);
  current = null;
  answered.set(currentCall, request);
  ask(currentCall, `{"answer":${told}${ahead}}`);
  begin();
}

// The next event that is here, when nobody has one.
function begin() {
  if (current === null && !leaving && waiting.length > 0) {
    const [call, given] = waiting.shift();
    currentCall = call;
    invoke(given);
  }
}

function beginAhead() {
  ahead = ',"ahead":true';
  ask(RECALL, '{"recall":true}');
  for (let call = 2; call <= CALLS; call++) ask(call, '{"ahead":true}');
}

// The kernel wants back what is not begun: it goes before what waits there already, the last one first.
function giveBack() {
  while (waiting.length > 0) {
    const [call, given] = waiting.pop();
    ask(call, `{"answer":{"request_id":"${given.request_id}","returned":true},"ahead":true}`);
  }
  ask(RECALL, '{"recall":true}');
}

function invoke(given) {
  const request = given.request_id;
  current = request;
  const context = {
    ...fixed,
    awsRequestId: request,
    invokedFunctionArn: given.function_arn,
    clientContext: given.client_context ? JSON.parse(given.client_context) : undefined,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, given.deadline_ms - Date.now()),
    succeed: (value) => answer(request, result(request, value)),
    fail: (wrong) => answer(request, failure(request, wrong)),
    done: (wrong, value) => (wrong ? context.fail(wrong) : context.succeed(value)),
  };
  let returned;
  try {
    returned = handler(given.event, context, context.done);
  } catch (wrong) {
    context.fail(wrong);
    return;
  }
  if (returned && typeof returned.then === "function") {
    returned.then(context.succeed, context.fail);
  } else if (handler.length < 3) {
    context.succeed(returned);
  }
}

// Ends when the kernel has heard why: what is only written may be lost with the socket.
function leave(told) {
  leaving = true;
  ask(currentCall, `{"answer":${told},"wait":false}`);
  setTimeout(() => process.exit(1), 5000);
}

function take(call, status, body) {
  if (leaving) {
    if (call === currentCall) process.exit(1);
    return;
  }
  if (status === 0 && call === RECALL) {
    giveBack();
    return;
  }
  const given = JSON.parse(body.toString("utf8"));
  if (status === 0) {
    answered.delete(call);
    if (++events === AHEAD_AFTER) beginAhead();
    waiting.push([call, given]);
    begin();
  } else if (answered.has(call)) {
    // It is told why, and the caller hears that instead of the result.
    const request = answered.get(call);
    answered.delete(call);
    const told = failure(request, new Error(given.message), "Function.ResponseRefused");
    ask(call, `{"answer":${told}${ahead}}`);
  } else {
    logs[0].plain(`the kernel refuses: ${given.message}\n`, () => process.exit(1));
  }
}

function arrived(chunk) {
  held.push(chunk);
  heldBytes += chunk.length;
  while (heldBytes >= HEADER) {
    const all = held.length === 1 ? held[0] : Buffer.concat(held, heldBytes);
    held = [all];
    const length = all.readUInt32LE(20);
    if (heldBytes < HEADER + length) return;
    const [flags, call, status] = [all[5], all.readUInt32LE(8), all.readUInt32LE(16)];
    const piece = all.subarray(HEADER, HEADER + length);
    heldBytes -= HEADER + length;
    held = heldBytes > 0 ? [all.subarray(HEADER + length)] : [];
    const before = pieces.get(call);
    if (flags & MORE) {
      pieces.set(call, before ? [...before, piece] : [piece]);
    } else {
      pieces.delete(call);
      take(call, status, before ? Buffer.concat([...before, piece]) : piece);
    }
  }
}

// As at the service, the runtime does not outlive what nobody has caught.
function crash(type) {
  return (wrong) => {
    const request = current;
    current = null;
    logs[1].plain(`${wrong && wrong.stack ? wrong.stack : wrong}\n`);
    ended(request);
    if (!link || !request) process.exit(1);
    leave(failure(request, wrong, type));
  };
}

process.on("uncaughtException", crash(undefined));
process.on("unhandledRejection", crash("Runtime.UnhandledPromiseRejection"));

link = net.createConnection(socketPath, async () => {
  try {
    handler = await load();
  } catch (wrong) {
    leave(failure(undefined, wrong));
    return;
  }
  ask(1, "{}");
});
link.on("data", arrived);
// The kernel is gone; the next one starts other environments.
link.on("close", () => process.exit(0));
link.on("error", () => process.exit(0));
