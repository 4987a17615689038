"""Runs every check of real clients, or those whose names have one of the words that are given, and
prints a table: client, version, flow, result. Those of clients that take minutes to build run with --all."""

import datetime
import json
import sys
import traceback

import azd
import azd_hooks
import azure_cli
import azure_deploy
import bicep
import bodies
import browser
import browser_apps
import ci_helpers
import compose
import control_room
import custom_handlers
import deployment
import docs
import double_app
import double_arm
import double_graph
import go_clients
import grpc_app
import image
import java_clients
import kubelogin
import mcp_servers
import node_client
import oauth2_proxy
import package
import paths
import python_clients
import quarkus
import real_tenant
import readers
import releases
import rust_client
import seed
import spring
import system_roots
import todo_api
from checks import ALL, ALWAYS, CHECKS, CLIENTS, Skipped

# Of each row: the version, the date, and what came of it, on this machine.
LAST_RUNS = CLIENTS / "last-runs.json"


def main() -> int:
    # Each is a part of a row's name.
    wanted = [word for word in sys.argv[1:] if word != "--all"]
    when = {ALWAYS, ALL} if "--all" in sys.argv[1:] else {ALWAYS}
    last_runs = json.loads(LAST_RUNS.read_text()) if LAST_RUNS.exists() else {}
    rows, failures = [], []
    for check in CHECKS:
        name = f"{check.client} {check.flow}"
        if wanted and not any(word in name for word in wanted):
            continue
        if check.when not in when:
            last = last_runs.get(name, ["", "never"])
            rows.append((check.client, last[0], check.flow, f"skipped: runs {check.when}; last run: {last[1]}"))
            continue
        print(f"… {check.client}: {check.flow}", flush=True)
        try:
            check.run()
            result = "ok"
        except Skipped as why:
            result = f"skipped: {why}"
        except Exception:
            result = "FAILED"
            failures.append((check, traceback.format_exc()))
        rows.append((check.client, check.version(), check.flow, result))
        last_runs[name] = [check.version(), f"{datetime.date.today()}, {result}"]
    LAST_RUNS.write_text(json.dumps(last_runs))
    widths = [max(len(row[column]) for row in rows + [("client", "version", "flow", "result")]) for column in range(4)]
    print()
    for row in [("client", "version", "flow", "result"), *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    for check, trace in failures:
        print(f"\n{check.client}: {check.flow}\n{trace}", file=sys.stderr)
    skipped = sum(row[3].startswith("skipped") for row in rows)
    print(f"\n{len(rows) - len(failures) - skipped} passed, {len(failures)} failed, {skipped} skipped")
    return 1 if failures or not rows else 0


if __name__ == "__main__":
    # Imported for what they register.
    assert browser_apps and ci_helpers and rust_client and azd and azd_hooks and azure_cli and azure_deploy and bicep and bodies and browser and control_room and package
    assert java_clients and quarkus and spring
    assert custom_handlers and grpc_app and paths and todo_api
    assert compose and image and releases and deployment and docs and double_app and double_arm and double_graph and mcp_servers and node_client and python_clients and readers and real_tenant and seed
    assert go_clients and kubelogin and oauth2_proxy and system_roots
    sys.exit(main())
