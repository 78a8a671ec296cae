// node jsonata-reference.cjs MODULES < cases: for each line, an object with an expression and an input, the outcome by the
// reference implementation: {"value": …}, {} for nothing, {"code": …}, or {"fault": …} for an error without a code.
const jsonata = require(process.argv[2] + "/jsonata");
const lines = require("readline").createInterface({ input: process.stdin, terminal: false });

const isFunction = (value) =>
    typeof value === "function" || (value && (value._jsonata_lambda || value._jsonata_function));

async function outcome({ expr, input }) {
    try {
        const value = await jsonata(expr, { stack: 400, timeout: 1000, sequence: 100000 }).evaluate(input);
        return value === undefined ? {} : { value };
    } catch (wrong) {
        return wrong.code ? { code: wrong.code } : { fault: String(wrong) };
    }
}

(async () => {
    for await (const line of lines) {
        let written;
        try {
            written = JSON.stringify(await outcome(JSON.parse(line)), (key, value) => isFunction(value) ? "" : value);
        } catch (wrong) {
            written = JSON.stringify({ fault: String(wrong) });
        }
        console.log(written);
    }
})();
