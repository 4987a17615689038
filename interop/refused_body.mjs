// Posts without a token, then with one, then 20 MB to an app that refuses early. Prints what came.
const [origin, token] = process.argv.slice(2);
const seen = {};

async function post(path, length, token) {
  let what;
  try {
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    const answer = await fetch(origin + path, { method: "POST", headers, body: new Uint8Array(length) });
    await answer.arrayBuffer();
    what = `${path} ${answer.status}`;
  } catch (error) {
    what = `${error} ${error.cause ?? ""}`;
  }
  seen[what] = (seen[what] ?? 0) + 1;
}

for (let round = 0; round < 10; round++) {
  for (const length of [3, 1000, 100_000, 1_000_000]) {
    await post("/read", length);
    await post("/read", length, token);
  }
}
for (let round = 0; round < 30; round++) await post("/early", 20_000_000, token);
console.log(JSON.stringify(seen));
