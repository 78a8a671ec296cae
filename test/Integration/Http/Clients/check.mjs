// Runs one check after the other, and says of each how it went: the test reads it.
import assert from "node:assert/strict";

export const equal = (actual, expected) => assert.deepEqual(actual, expected);

export async function check(name, run) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`failed ${name}: ${error.stack}`);
    process.exitCode = 1;
  }
}

/** What a call fails with; that it does is part of the check. */
export async function rejects(run) {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: "it did not fail" });
}
