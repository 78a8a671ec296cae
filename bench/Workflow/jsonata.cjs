// node jsonata.cjs MODULES CASES MILLIS: evaluates each case of a file over and over with the reference implementation,
// for so many milliseconds, and prints for each its number and the microseconds that one evaluation takes.
const fs = require("fs");
const jsonata = require(process.argv[2] + "/jsonata");
const cases = JSON.parse(fs.readFileSync(process.argv[3], "utf8"));
const millis = Number(process.argv[4]);

async function time(expression, data, budget) {
    const begun = process.hrtime.bigint();
    const end = begun + BigInt(Math.round(budget * 1e6));
    let rounds = 0;
    let now;
    do {
        for (let i = 0; i < 8; i++) {
            await expression.evaluate(data);
        }
        rounds += 8;
        now = process.hrtime.bigint();
    } while (now < end);
    return Number(now - begun) / rounds / 1000;
}

(async () => {
    const compiled = cases.map((each) => jsonata(each.expr));
    // Once over all, so that the code is warm before anything is measured.
    for (let i = 0; i < cases.length; i++) {
        await time(compiled[i], cases[i].data, millis / 2);
    }
    for (let i = 0; i < cases.length; i++) {
        console.log(i + " " + (await time(compiled[i], cases[i].data, millis)));
    }
})();
