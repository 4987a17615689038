// Who is let in, and who is not.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "./greeting.mjs";

let greeting;
before(() => {
  greeting = start();
});
after(() => greeting?.stop());

async function status(token) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  return (await fetch(greeting.function_url, { headers })).status;
}

test("a token with the scope is let in", async () => assert.equal(await status(greeting.mint()), 200));
test("nobody else is", async () => assert.equal(await status(), 401));
for (const [defect, expected] of [["--expired", 401], ["--bad-signature", 401], ["--no-scope", 403]]) {
  test(`${defect} is ${expected}`, async () => assert.equal(await status(greeting.mint(defect)), expected));
}
