"""Clients with their defaults for the public cloud, run by `greeting-local run`: nothing tells them
where the local authority is."""

import base64
import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile

from checks import CODE, DAEMON, ENVIRONMENT, GREETING, LOCAL, PATIENCE, ROOT, check, expect
from go_clients import IDENTITY as azidentity
from go_clients import built
from java_clients import azure_identity as azure_identity_java
from java_clients import java
from node_client import NODE, PROGRAM, azure_identity, msal_node

PERSON = ("--auto-approve", "alice@greeting.test")
TENANT = "6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93"
CLIENT = "c41d7e95-06fb-4a38-8d2e-b7390f5a6e22"
# The gate, with the token that stdin has: what it answers.
CALL = """
import os, sys, requests
answer = requests.get(os.environ["GREETING_URL"], headers={"Authorization": "Bearer " + sys.stdin.read().strip()})
print(answer.status_code, answer.text)
"""
GREETED = f"200 {GREETING}"
APP_ONLY = "403 Missing required scope."


@contextlib.contextmanager
def run(*command, flags: tuple = PERSON):
    """Starts `greeting-local run -- COMMAND` with the app of this checkout."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        environment = ENVIRONMENT | {"HOME": name}
        for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
            environment.pop(variable, None)
        line = [LOCAL, "run", "--state-dir", folder / "state", "--app-root", ROOT, *flags, "--", *command]
        process = subprocess.Popen(
            line, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        process.state = folder / "state"
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE)


def printed(*command, flags: tuple = PERSON) -> list[str]:
    """The lines of a command that ends by itself, and had an answer."""
    with run(*command, flags=flags) as process:
        out, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, f"{process.returncode}: {out} {said}"
        assert "did not use the proxy" not in said, said
        expect((process.state / "running.json").exists(), False)
        return out.strip().splitlines()


def called(program: str, *arguments) -> str:
    """A command whose output is a token; the gate's answer to that."""
    shell = f'token=$({program}) || exit 1; printf %s "$token" | "$CALLER" -c "$CALL"'
    variables = [f"CALLER={sys.executable}", f"CALL={CALL}", *arguments]
    return printed("env", *variables, "sh", "-c", shell)[-1]


@check("Azure CLI", "run -- az login --use-device-code, approve; get-access-token: public cloud's defaults", "azure-cli")
def az_login_at_microsofts_host():
    shell = (
        "az login --use-device-code -o none && az account show --query tenantId -o tsv"
        ' && az account get-access-token --scope "$GREETING_SCOPE" --query accessToken -o tsv > "$HOME/token"'
        ' && "$CALLER" -c "$CALL" < "$HOME/token" && az account get-access-token --query accessToken -o tsv | wc -c'
    )
    command = ["env", f"CALLER={sys.executable}", f"CALL={CALL}", "sh", "-c", shell]
    with run(*command, flags=()) as process:
        said = ""
        # az says the code on stderr, and waits.
        while not (code := CODE.search(said.split("code", 1)[-1])):
            line = process.stderr.readline()
            assert line, f"az ended: {said}"
            said += line
        assert "https://localhost:" in said, said
        approve = [LOCAL, "approve", code.group(), "--state-dir", process.state]
        subprocess.run(approve, check=True, capture_output=True)
        out, more = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, said + more
        tenant, answer, length = out.strip().splitlines()
        expect((tenant, answer), (TENANT, GREETED))
        assert int(length) > 500, length


@check("Azure CLI", "run -- az login --service-principal: public cloud's defaults", "azure-cli")
def az_service_principal_at_microsofts_host():
    line = (
        f'az login --service-principal --username {DAEMON} --certificate "$GREETING_LOCAL_STATE/daemon.pem"'
        f" --tenant {TENANT} -o none && az account get-access-token --scope"
        ' "${GREETING_SCOPE%/*}/.default" --query accessToken -o tsv'
    )
    answer = printed(
        "env", f"CALLER={sys.executable}", f"CALL={CALL}", "sh", "-c",
        f'token=$({line}) || exit 1; printf %s "$token" | "$CALLER" -c "$CALL"',
        flags=("--allow-client", DAEMON),
    )[-1]
    expect(answer, APP_ONLY)


@check("MSAL Python", "run -- device code, client credentials: public cloud's defaults", "msal")
def msal_python_at_microsofts_host():
    program = f"""
import os, msal
scope = os.environ["GREETING_SCOPE"]
app = msal.PublicClientApplication("{CLIENT}")
flow = app.initiate_device_flow([scope])
got = app.acquire_token_by_device_flow(flow)
assert got["id_token_claims"]["iss"].startswith("https://login.microsoftonline.com/"), got
account = app.get_accounts()[0]
silent = app.acquire_token_silent([scope], account)
assert silent["access_token"] == got["access_token"], silent
secret = open(os.environ["GREETING_LOCAL_STATE"] + "/daemon-secret").read().strip()
daemon = msal.ConfidentialClientApplication(
    "{DAEMON}", secret, authority="https://login.microsoftonline.com/{TENANT}")
app_only = daemon.acquire_token_for_client([scope.rsplit("/", 1)[0] + "/.default"])
assert "access_token" in app_only, app_only
print(got["access_token"])
"""
    expect(called('"$CALLER" -c "$PROGRAM"', f"PROGRAM={program}"), GREETED)


@check("azure-identity", "run -- device code, client secret, managed identity: public cloud's defaults", "azure-identity")
def azure_identity_at_microsofts_host():
    program = f"""
import os, azure.identity as identity
scope = os.environ["GREETING_SCOPE"]
api = scope.rsplit("/", 1)[0] + "/.default"
secret = open(os.environ["GREETING_LOCAL_STATE"] + "/daemon-secret").read().strip()
assert identity.ClientSecretCredential("{TENANT}", "{DAEMON}", secret).get_token(api).token
assert identity.ManagedIdentityCredential().get_token(api).token
print(identity.DeviceCodeCredential("{CLIENT}", prompt_callback=lambda *_: None).get_token(scope).token)
"""
    expect(called('"$CALLER" -c "$PROGRAM"', f"PROGRAM={program}"), GREETED)


def of_node(program: str) -> str:
    """Beside its packages: that is where Node.js looks for them."""
    path = NODE / "unchanged.mjs"
    path.write_text(program)
    return called(f"{PROGRAM} {path}")


@check("msal-node", "run -- device code: public cloud's defaults, no knownAuthorities", msal_node)
def msal_node_at_microsofts_host():
    program = f"""
import {{ PublicClientApplication }} from "@azure/msal-node";
const app = new PublicClientApplication({{ auth: {{ clientId: "{CLIENT}" }} }});
const scopes = [process.env.GREETING_SCOPE];
const got = await app.acquireTokenByDeviceCode({{ scopes, deviceCodeCallback: () => {{}} }});
const silent = await app.acquireTokenSilent({{ account: got.account, scopes }});
if (!silent.fromCache) throw new Error("not from the cache");
console.log(got.accessToken);
"""
    expect(of_node(program), GREETED)


@check("@azure/identity", "run -- device code: public cloud's defaults", azure_identity)
def azure_identity_node_at_microsofts_host():
    program = f"""
import {{ DeviceCodeCredential }} from "@azure/identity";
const credential = new DeviceCodeCredential({{ clientId: "{CLIENT}", userPromptCallback: () => {{}} }});
console.log((await credential.getToken(process.env.GREETING_SCOPE)).token);
"""
    expect(of_node(program), GREETED)


# The gate, with each of the tokens that stdin has by name: those, and what it answers.
EACH = """
import json, os, sys, requests
seen = {}
for name, token in json.load(sys.stdin).items():
    answer = requests.get(os.environ["GREETING_URL"], headers={"Authorization": "Bearer " + token})
    seen[name] = [token, f"{answer.status_code} {answer.text}"]
print(json.dumps(seen))
"""
V2_ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"


def claims(token: str) -> dict:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def answers(command: list) -> dict:
    """A command that prints {"name": "token"}; what the gate answers to each. All have Microsoft's
    issuer."""
    shell = (
        'export DAEMON_SECRET="$(cat "$GREETING_LOCAL_STATE/daemon-secret")" GREETING_API="${GREETING_SCOPE%/*}";'
        ' tokens=$("$@") || exit 1; printf %s "$tokens" | "$CALLER" -c "$EACH"'
    )
    variables = {"CALLER": sys.executable, "EACH": EACH, "TENANT": TENANT, "CLIENT": CLIENT, "DAEMON": DAEMON}
    given = [f"{name}={value}" for name, value in variables.items()]
    flags = (*PERSON, "--allow-client", DAEMON)
    seen = json.loads(printed("env", *given, "sh", "-c", shell, "sh", *command, flags=flags)[-1])
    expect({name: claims(token)["iss"] for name, (token, _) in seen.items()}, dict.fromkeys(seen, V2_ISSUER))
    return {name: answer for name, (_, answer) in seen.items()}


@check("azidentity (Go)", "run -- device code, client secret: public cloud's defaults", azidentity)
def azidentity_go_at_microsofts_host():
    expect(answers([built("unchanged")]), {"secret": APP_ONLY, "person": GREETED})


JAVA = r"""
import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.identity.*;

class Unchanged {
    public static void main(String... arguments) {
        String secret = token(new ClientSecretCredentialBuilder().tenantId(of("TENANT")).clientId(of("DAEMON"))
            .clientSecret(of("DAEMON_SECRET")).build(), of("GREETING_API") + "/.default");
        String person = token(new DeviceCodeCredentialBuilder().clientId(of("CLIENT")).challengeConsumer(code -> {})
            .build(), of("GREETING_SCOPE"));
        System.out.printf("{\"secret\": \"%s\", \"person\": \"%s\"}%n", secret, person);
        System.exit(0);
    }
    static String of(String name) { return System.getenv(name); }
    static String token(TokenCredential credential, String scope) {
        return credential.getTokenSync(new TokenRequestContext().addScopes(scope)).getToken();
    }
}
"""


@check("azure-identity (Java)", "run -- device code, client secret: public cloud's defaults", azure_identity_java)
def azure_identity_java_at_microsofts_host():
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / "Unchanged.java"
        path.write_text(JAVA)
        expect(answers(java("clients", str(path))), {"secret": APP_ONLY, "person": GREETED})
