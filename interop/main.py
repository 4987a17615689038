"""Runs every check of real clients, or those whose names have one of the words that are given, and
prints a table: client, version, flow, result. Those of clients that take minutes to build run with --all.
--record writes what came of them into results.json; without it they are compared with it."""

import sys

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
import conform
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
import unchanged
import record
import record_check
from checks import ALL, ALWAYS, CHECKS
from run_check import run



def main() -> int:
    options = {"--all", "--record"} & set(sys.argv[1:])
    # Each is a part of a row's name.
    wanted = [word for word in sys.argv[1:] if word not in options]
    when = {ALWAYS, ALL} if "--all" in options else {ALWAYS}
    last = {record.key(row): row["date"] for row in record.read()}
    rows, ran, failures = [], [], []
    for check in CHECKS:
        name = f"{check.client} {check.flow}"
        if wanted and not any(word in name for word in wanted):
            continue
        if check.when not in when:
            date = last.get((check.client, check.flow), "never")
            rows.append((check.client, "", check.flow, f"skipped: runs {check.when}; recorded: {date}"))
            continue
        print(f"… {check.client}: {check.flow}", flush=True)
        row, trace = run(check)
        ran.append(row)
        rows.append((check.client, row["version"], check.flow, row["result"]))
        if trace:
            failures.append((check, trace))
    widths = [max(len(row[column]) for row in rows + [("client", "version", "flow", "result")]) for column in range(4)]
    print()
    for row in [("client", "version", "flow", "result"), *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    for check, trace in failures:
        print(f"\n{check.client}: {check.flow}\n{trace}", file=sys.stderr)
    skipped = sum(row[3].startswith("skipped") for row in rows)
    print(f"\n{len(rows) - len(failures) - skipped} passed, {len(failures)} failed, {skipped} skipped")
    agrees = recorded(ran) if "--record" in options else compared(ran)
    return 0 if agrees and rows and not failures else 1


def recorded(ran: list[dict]) -> bool:
    """Writes the record, of what has run."""
    checks = {(check.client, check.flow) for check in CHECKS}
    record.RECORD.write_text(record.written(record.merged(record.read(), ran, checks)))
    print("recorded in interop/results.json; the pages: BLESS=1 cargo test -p greeting-local --test witnesses")
    return True


def compared(ran: list[dict]) -> bool:
    """Whether the record says the same of what has run."""
    wrong, told = record.differences(record.read(), ran)
    for line in told:
        print(f"told only: {line}")
    for line in wrong:
        print(f"interop/results.json differs: {line}", file=sys.stderr)
    if wrong:
        print("If that is as it should be: interop/run --record PART-OF-A-ROW'S-NAME", file=sys.stderr)
    return not wrong


if __name__ == "__main__":
    # Imported for what they register.
    assert browser_apps and ci_helpers and rust_client and azd and azd_hooks and azure_cli and azure_deploy and bicep and bodies and browser and control_room and package
    assert java_clients and quarkus and spring
    assert custom_handlers and grpc_app and paths and todo_api and unchanged
    assert compose and conform and image and releases and deployment and docs and double_app and double_arm and double_graph and mcp_servers and node_client and python_clients and readers and real_tenant and seed
    assert go_clients and kubelogin and oauth2_proxy and record_check and system_roots
    sys.exit(main())
