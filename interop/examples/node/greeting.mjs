// A local Entra ID and Easy Auth for node:test, on free ports.
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Starts it. What runs: function_url, authority_host, scope, ca_cert, …; mint(...arguments); stop(). */
export function start(...more) {
  const state = ["--state-dir", mkdtempSync(join(tmpdir(), "greeting-"))];
  const run = (...args) =>
    execFileSync("greeting-local", [...args, ...state], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  // For your own app: start("--upstream", "http://localhost:8000", "--settings", "auth.json")
  run("up", "--detach", "--port", "0", "--authority-port", "0", ...more);
  return {
    ...JSON.parse(run("status", "--output", "json")),
    mint: (...args) => run("mint", ...args).trim(),
    stop: () => run("stop"),
  };
}
