"""What a client needs in its environment to meet the double instead of Azure."""

import contextlib
import os
import pathlib
import shlex
import subprocess
import sys
import time

from .world import CLIENT, OTHER_TENANT, SUBSCRIPTION, TENANT

quoted = shlex.quote
PACKAGE = pathlib.Path(__file__).resolve().parent
# The double's clock goes on by as much as a script sleeps; nobody waits.
SLEEP = """#!/bin/sh
curl --silent --noproxy '*' --output /dev/null --data "${1%s}" "$DOUBLE/clock"
"""
AZ = """#!/bin/sh
exec {python} -S -E {client} "$@"
"""
BICEP = """#!/bin/sh
PYTHONPATH={interop} exec {python} -m azure_double.bicep_compiler "$@"
"""


@contextlib.contextmanager
def az_kept_loaded(socket: pathlib.Path):
    """A process that az_client.py finds at this socket: az_server.py says what for."""
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "AZURE_CORE_COLLECT_TELEMETRY": "no"}
    command = [sys.executable, "-m", "azure_double.az_server", str(socket)]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE)
    try:
        while not socket.exists():
            assert process.poll() is None, "the loaded az has ended"
            time.sleep(0.05)
        yield socket
    finally:
        process.stdin.close()
        process.wait()


def program(path: pathlib.Path, text: str):
    path.write_text(text)
    path.chmod(0o755)


def write(server, az: pathlib.Path | None = None) -> dict:
    """The programs that come first on the PATH, and the variables. `az` is the socket of a loaded one."""
    folder = server.folder
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    texts = {"sleep": SLEEP, "bicep": BICEP.format(interop=quoted(str(PACKAGE.parent)), python=quoted(sys.executable))}
    for name, text in texts.items():
        program(programs / name, text)
    if az:
        client = quoted(str(PACKAGE / "az_client.py"))
        program(programs / "az", AZ.format(python=quoted(sys.executable), client=client))
    config = folder / "azure"
    config.mkdir(exist_ok=True)
    (config / "config").write_text(
        "[core]\ncollect_telemetry = no\nno_color = yes\nlogin_experience_v2 = off\ndisable_confirm_prompt = no\n"
        "[bicep]\nuse_binary_from_path = true\ncheck_version = false\n"
        "[logging]\nenable_log_file = no\n[auto-upgrade]\nenable = no\n"
    )
    ca = str(folder / "ca.pem")
    return {
        "DOUBLE_AZ": str(az or ""),
        "PATH": f"{programs}{os.pathsep}{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DOUBLE": server.url,
        "DOUBLE_TENANT_ID": TENANT,
        "DOUBLE_OTHER_TENANT_ID": OTHER_TENANT,
        "DOUBLE_SUBSCRIPTION_ID": SUBSCRIPTION,
        "DOUBLE_CLIENT_ID": CLIENT,
        "HTTPS_PROXY": server.url,
        "https_proxy": server.url,
        "NO_PROXY": "",
        "REQUESTS_CA_BUNDLE": ca,
        "SSL_CERT_FILE": ca,
        "CURL_CA_BUNDLE": ca,
        "AZURE_CONFIG_DIR": str(config),
        "AZURE_BICEP_USE_BINARY_FROM_PATH": "true",
        "AZURE_BICEP_CHECK_VERSION": "false",
        "AZD_BICEP_TOOL_PATH": str(programs / "bicep"),
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
        "AZURE_CORE_LOGIN_EXPERIENCE_V2": "off",
    }
