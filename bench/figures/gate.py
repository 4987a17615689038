"""Gate, Functions host and handler, to HAProxy that checks the same with an app behind it."""

import pathlib
import re
import statistics
import subprocess

from figures import table
from figures.machine import BARE, PEERS, SHORT, cpu, free_port, in_turn, load, server
from figures.stack import Stack, secret, stack
from figures.table import at_least, at_most

# For a gate that is given another token with each request.
DISTINCT = 50 if SHORT else 10_000


def haproxy_config(folder: pathlib.Path, running: Stack, port: int, app: int) -> pathlib.Path:
    keys = running.authority("GET", "discovery/v2.0/keys")["keys"]
    certificate = "\n".join(["-----BEGIN CERTIFICATE-----", keys[0]["x5c"][0], "-----END CERTIFICATE-----"])
    command = ["openssl", "x509", "-noout", "-pubkey"]
    key = subprocess.run(command, input=certificate, capture_output=True, text=True, check=True).stdout
    (folder / "key.pem").write_text(key)
    values = {
        "PORT": port, "APP": app, "KEY": folder / "key.pem", "AUDIENCE": running.ready["api_client_id"],
        "ISSUER": f"{running.ready['authority_host']}/{running.ready['tenant_id']}/v2.0",
    }
    config = (PEERS / "haproxy.cfg").read_text()
    for name, value in values.items():
        config = config.replace(f"@{name}@", str(value))
    (folder / "haproxy.cfg").write_text(config)
    return folder / "haproxy.cfg"


def verify_seconds() -> float:
    """One check of an RS256 signature, by OpenSSL."""
    command = ["openssl", "speed", "-seconds", "1", "-mr", "rsa2048"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # +F2:number:bits:signatures a second:checks a second, of processor time
    return 1 / float(re.search(r"^\+F2:\d+:2048:[^:]+:([\d.]+)", said, re.M)[1])


def measure(folder: pathlib.Path) -> None:
    app, port = free_port(), free_port()
    with stack(folder / "gate", "--log", "off") as running:
        tokens = running.tokens(DISTINCT)
        one, many = secret(folder / "one", tokens[0]), secret(folder / "many", "\n".join(tokens))
        config = haproxy_config(folder, running, port, app)
        peer = f"http://127.0.0.1:{port}/api/greeting"
        with server(BARE, port=app), server("haproxy", "-db", "-f", config, port=port) as haproxy:
            spent: dict[str, list[float]] = {"ours": [], "theirs": []}

            def costs(whose: str, process: int, url: str, tokens: pathlib.Path) -> float:
                before = cpu(process)
                done = load(url, tokens=tokens)
                spent[whose].append((cpu(process) - before) / done.requests)
                return done.a_second

            found = in_turn({
                "one": lambda: load(running.url, tokens=one).a_second,
                "their one": lambda: load(peer, tokens=one).a_second,
                "many": lambda: costs("ours", running.process.pid, running.url, many),
                "their many": lambda: costs("theirs", haproxy.pid, peer, many),
                "none": lambda: load(running.url, 401).a_second,
                "their none": lambda: load(peer, 401).a_second,
            })
    behind = "HAProxy `jwt_verify`, bare hyper behind it"
    table.ratio("gate, host and handler, one token", at_least(2), found["one"], found["their one"], behind)
    table.ratio(f"the same, {DISTINCT:,} tokens in turn", at_least(1.2), found["many"], found["their many"], behind)
    # HAProxy checks every signature; the gate checks a token's once, in the first round.
    check = verify_seconds()
    theirs = [max(seconds - check, 1e-9) for seconds in spent["theirs"]]
    micro = lambda values: [1e6 * value for value in values]
    table.ratio(
        f"CPU a request without HAProxy's {1e6 * check:.0f} µs for the signature", at_most(1.5), micro(spent["ours"]), micro(theirs),
        f"HAProxy's, of {1e6 * statistics.median(spent['theirs']):.0f} µs in all", unit="µs",
    )
    table.ratio("the gate's own 401, no token", at_least(1), found["none"], found["their none"], "HAProxy's 401")
