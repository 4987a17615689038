"""MSAL Python, azure-identity and PyJWT, each as its own documentation uses it."""

import contextlib
import json
import os
import pathlib
import secrets
import ssl
import subprocess
import sys
import tempfile
from unittest import mock

import azure.core.exceptions
import azure.identity
import jwt
import msal

from checks import DAEMON, GREETING, MANAGED_IDENTITY, PATIENCE, ROOT, by_device_code, check, expect, up


def authority(stack) -> str:
    return f"{stack.authority}/{stack.tenant}"


def read(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def greeted(stack, token: str):
    answer = stack.call(token)
    expect((answer.status_code, answer.text), (200, GREETING))


def app_only(stack, token: str):
    answer = stack.call(token)
    expect((answer.status_code, answer.text), (403, "Missing required scope."))


def certificate(stack) -> dict:
    """For MSAL: the key, and the certificate that it computes the thumbprint of."""
    pem = (stack.folder / "state" / "daemon.pem").read_text()
    return {"private_key": pem, "public_certificate": pem[pem.index("-----BEGIN CERTIFICATE") :]}


def trusted(stack):
    """In this process; restored afterwards."""
    return mock.patch.dict(os.environ, {"REQUESTS_CA_BUNDLE": stack.ca})


@check(
    "MSAL Python", "device code: the program that `env --for msal-python` prints", "msal",
    shows=("authority/device-code",),
)
def msal_program():
    with up() as stack:
        program = [sys.executable, "-c", stack.program("msal-python")]
        printed = by_device_code(stack, program, stack.environment("msal-python"))
        expect(printed.splitlines()[-1], GREETING)


@check("MSAL Python", "device code, silent, refresh, accounts, sign-out", "msal")
def msal_device_code():
    with up("--auto-approve", "alice@greeting.test") as stack, trusted(stack):
        app = msal.PublicClientApplication(stack.client, authority=authority(stack), instance_discovery=False)
        first = app.acquire_token_by_device_flow(app.initiate_device_flow([stack.scope]))
        greeted(stack, first["access_token"])
        expect(first["id_token_claims"]["preferred_username"], "alice@greeting.test")
        [account] = app.get_accounts()
        expect(account["username"], "alice@greeting.test")
        silent = app.acquire_token_silent([stack.scope], account)
        expect(silent["access_token"], first["access_token"])
        refreshed = app.acquire_token_silent([stack.scope], account, force_refresh=True)
        assert refreshed["access_token"] != first["access_token"]
        greeted(stack, refreshed["access_token"])
        app.remove_account(account)
        expect(app.get_accounts(), [])


@check(
    "MSAL Python", "a declined sign-in, an unknown scope", "msal",
    shows=("authority/device-code", "authority/errors"),
)
def msal_refused():
    with up() as stack, trusted(stack):
        app = msal.PublicClientApplication(stack.client, authority=authority(stack), instance_discovery=False)
        flow = app.initiate_device_flow([stack.scope])
        stack.local("approve", flow["user_code"], "--deny")
        declined = app.acquire_token_by_device_flow(flow)
        expect(declined["error"], "authorization_declined")
        unknown = app.initiate_device_flow([stack.scope.replace("Greeting.Read", "Nope")])
        expect((unknown["error"], unknown["error_codes"]), ("invalid_client", [650053]))


@check("MSAL Python", "client credentials, secret and certificate", "msal", shows=("authority/client-credentials",))
def msal_daemon():
    with up("--allow-client", DAEMON) as stack, trusted(stack):
        for proof, how in [(certificate(stack), "2"), (stack.secret(), "1")]:
            app = msal.ConfidentialClientApplication(
                DAEMON, client_credential=proof, authority=authority(stack), instance_discovery=False
            )
            api = stack.scope.rsplit("/", 1)[0]
            token = app.acquire_token_for_client([f"{api}/.default"])["access_token"]
            app_only(stack, token)
            claims = read(token)
            expect((claims["azp"], claims["azpacr"], claims["oid"]), (DAEMON, how, claims["sub"]))
        # In two hours, with a new token in place of the one that MSAL keeps. (The certificate's
        # assertion has the client's time, and would be too old.)
        stack.local("policy", "--time-shift", "7200")
        app.remove_tokens_for_client()
        later = read(app.acquire_token_for_client([f"{api}/.default"])["access_token"])
        assert later["iat"] - claims["iat"] >= 7200, (later["iat"], claims["iat"])


@check(
    "MSAL Python", "no scope of an API: a token of Microsoft Graph's", "msal",
    shows=("authority/no-resource-is-graph",),
)
def msal_graph():
    with up("--auto-approve", "alice@greeting.test") as stack, trusted(stack):
        app = msal.PublicClientApplication(stack.client, authority=authority(stack), instance_discovery=False)
        token = app.acquire_token_by_device_flow(app.initiate_device_flow([]))["access_token"]
        expect(read(token)["aud"], "00000003-0000-0000-c000-000000000000")
        expect(stack.call(token).status_code, 401)


@check(
    "MSAL Python", "an API that asks for no version, and one that asks for 2: v1 and v2 tokens", "msal",
    shows=("authority/token-versions",),
)
def msal_versions():
    registration = json.loads((ROOT / "deploy" / "app-registration.json").read_text())
    for version, said in [(None, "1.0"), (2, "2.0")]:
        registration["api"]["requestedAccessTokenVersion"] = version
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "app-registration.json"
            file.write_text(json.dumps(registration))
            with up("--registration", str(file), "--auto-approve", "alice@greeting.test") as stack, trusted(stack):
                app = msal.PublicClientApplication(stack.client, authority=authority(stack), instance_discovery=False)
                token = app.acquire_token_by_device_flow(app.initiate_device_flow([stack.scope]))["access_token"]
                issuer, audience = {
                    "1.0": (f"{authority(stack)}/", f"api://{stack.api}"),
                    "2.0": (f"{authority(stack)}/v2.0", stack.api),
                }[said]
                claims = read(token)
                expect((claims["ver"], claims["iss"], claims["aud"]), (said, issuer, audience))
                expect("appid" in claims, said == "1.0")


ORDERS, ORDERS_READ = "0b9d7a52-6f0c-4f7e-8d43-1c2e3a4b5c01", "a5b6c7d8-0000-4000-8000-000000000001"


@contextlib.contextmanager
def up_with_orders(*arguments: str):
    """With a second API, which may call the first one as its user; and the secret that it has."""
    secret = secrets.token_urlsafe(24)
    greeting = json.loads((ROOT / "deploy" / "app-registration.json").read_text())
    [read] = [scope for scope in greeting["api"]["oauth2PermissionScopes"] if scope["value"] == "Greeting.Read"]
    scope = {"id": ORDERS_READ, "value": "Orders.Read", "type": "User", "isEnabled": True}
    client = {"appId": "<cli-client-id>", "delegatedPermissionIds": [ORDERS_READ]}
    access = {"resourceAppId": "<client-id>", "resourceAccess": [{"id": read["id"], "type": "Scope"}]}
    orders = {
        "appId": ORDERS,
        "displayName": "orders",
        "identifierUris": ["api://orders"],
        "api": {"oauth2PermissionScopes": [scope], "preAuthorizedApplications": [client]},
        "passwordCredentials": [{"secretText": secret}],
        "requiredResourceAccess": [access],
    }
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "orders.json"
        file.write_text(json.dumps(orders))
        with up("--registration", str(file), "--allow-client", ORDERS, *arguments) as stack:
            yield stack, secret


@check(
    "MSAL Python", "on behalf of: an API calls the next one as its user", "msal",
    shows=("authority/on-behalf-of", "authority/on-behalf-of-refusals", "authority/many-apps", "authority/consent", "authority/errors"),
)
def msal_on_behalf_of():
    with up_with_orders("--auto-approve", "alice@greeting.test") as (stack, secret), trusted(stack):
        user = msal.PublicClientApplication(stack.client, authority=authority(stack), instance_discovery=False)
        of_user = user.acquire_token_by_device_flow(user.initiate_device_flow(["api://orders/Orders.Read"]))
        api = msal.ConfidentialClientApplication(
            ORDERS, client_credential=secret, authority=authority(stack), instance_discovery=False
        )
        first = api.acquire_token_on_behalf_of(of_user["access_token"], [stack.scope])
        greeted(stack, first["access_token"])
        expect(first["id_token_claims"]["preferred_username"], "alice@greeting.test")
        claims = jwt.decode(first["access_token"], options={"verify_signature": False})
        expect((claims["azp"], claims["name"]), (ORDERS, "Alice Example"))
        [account] = api.get_accounts()
        silent = api.acquire_token_silent([stack.scope], account)
        expect(silent["access_token"], first["access_token"])
        refreshed = api.acquire_token_silent([stack.scope], account, force_refresh=True)
        assert refreshed["access_token"] != first["access_token"]
        greeted(stack, refreshed["access_token"])
        # The next API's own token is no assertion for this one.
        refused = api.acquire_token_on_behalf_of(first["access_token"], [stack.scope])
        expect((refused["error"], refused["error_codes"]), ("invalid_grant", [500131]))
        stack.local("policy", "--consent", "off")
        unconsented = api.acquire_token_on_behalf_of(of_user["access_token"], [f"api://{stack.api}/.default"])
        expect((unconsented["error_codes"], unconsented["suberror"]), ([65001], "consent_required"))


@check(
    "azure-identity", "OnBehalfOfCredential: an API calls the next one as its user", "azure-identity",
    shows=("authority/on-behalf-of",),
)
def identity_on_behalf_of():
    with up_with_orders("--auto-approve", "alice@greeting.test") as (stack, secret), trusted(stack):
        options = {"authority": stack.authority, "disable_instance_discovery": True}
        user = azure.identity.DeviceCodeCredential(
            stack.client, tenant_id=stack.tenant, prompt_callback=lambda *_: None, **options
        )
        of_user = user.get_token("api://orders/Orders.Read").token
        api = azure.identity.OnBehalfOfCredential(
            stack.tenant, ORDERS, client_secret=secret, user_assertion=of_user, **options
        )
        greeted(stack, api.get_token(stack.scope).token)


@check(
    "azure-identity", "DeviceCodeCredential: the program that `env --for` prints", "azure-identity",
    shows=("authority/device-code",),
)
def identity_program():
    with up() as stack:
        program = [sys.executable, "-c", stack.program("azure-identity")]
        printed = by_device_code(stack, program, stack.environment("azure-identity"))
        expect(printed.splitlines()[-1], GREETING)


@check(
    "azure-identity", "ClientSecretCredential, CertificateCredential", "azure-identity",
    shows=("authority/client-credentials",),
)
def identity_daemon():
    with up("--allow-client", DAEMON) as stack, trusted(stack):
        options = {"authority": stack.authority, "disable_instance_discovery": True}
        path = str(stack.folder / "state" / "daemon.pem")
        for credential in [
            azure.identity.ClientSecretCredential(stack.tenant, DAEMON, stack.secret(), **options),
            azure.identity.CertificateCredential(stack.tenant, DAEMON, path, **options),
        ]:
            api = stack.scope.rsplit("/", 1)[0]
            app_only(stack, credential.get_token(f"{api}/.default").token)


@check(
    "azure-identity", "ManagedIdentityCredential: the program that `env --for managed-identity` prints", "azure-identity",
    shows=("authority/managed-identity", "authority/managed-identity-tokens"),
)
def identity_managed():
    with up("--allow-client", MANAGED_IDENTITY) as stack:
        environment = stack.environment("managed-identity")
        program = [sys.executable, "-c", stack.program("managed-identity")]
        done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True)
        # As a daemon's: app roles, no scope.
        expect(done.stdout.strip(), "Missing required scope.")
        names = {name: environment[name] for name in ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"]}
        with mock.patch.dict(os.environ, names):
            # Both take a scope, and ask for its resource.
            for credential in [
                azure.identity.ManagedIdentityCredential(),
                azure.identity.DefaultAzureCredential(exclude_environment_credential=True),
            ]:
                token = credential.get_token(f"api://{stack.api}/.default")
                app_only(stack, token.token)
                expect(jwt.decode(token.token, options={"verify_signature": False})["azp"], MANAGED_IDENTITY)
            user_assigned = azure.identity.ManagedIdentityCredential(client_id=stack.client)
            try:
                user_assigned.get_token(f"api://{stack.api}/.default")
            except azure.core.exceptions.ClientAuthenticationError as refused:
                assert "No User Assigned or Delegated Managed Identity found" in str(refused), refused
                return
            raise AssertionError("a user-assigned identity was there")


@check("azure-identity", "AzureCliCredential by the real az", "azure-identity")
def identity_az():
    with up() as stack:
        environment = stack.environment("az")
        by_device_code(stack, ["az", "login", "--use-device-code", "--allow-no-subscriptions"], environment)
        program = (
            "import os, azure.identity as i;"
            # It hands az a resource, so it takes no other scope than this.
            "scope = os.environ['GREETING_SCOPE'].rsplit('/', 1)[0] + '/.default';"
            "print(i.AzureCliCredential().get_token(scope).token)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        greeted(stack, done.stdout.strip())


@check("PyJWT", "PyJWKClient: a resource server's view, across a key rotation", "PyJWT", shows=("authority/discovery",))
def resource_server():
    with up() as stack:
        discovery = stack.call(url=f"{authority(stack)}/v2.0/.well-known/openid-configuration").json()
        context = ssl.create_default_context(cafile=stack.ca)
        # The default of Python 3.13 and later.
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        # Its pause between two fetches is longer than this check.
        keys = jwt.PyJWKClient(discovery["jwks_uri"], ssl_context=context, cooldown_duration=0)

        def verified(token: str) -> dict:
            key = keys.get_signing_key_from_jwt(token)
            return jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=stack.api,
                issuer=discovery["issuer"],
                options={"require": ["exp", "nbf", "iat", "aud", "iss"]},
            )

        before = stack.mint()
        expect(verified(before)["scp"], "Greeting.Read")
        stack.local("rotate-keys")
        after = stack.mint()
        assert jwt.get_unverified_header(after)["kid"] != jwt.get_unverified_header(before)["kid"]
        for token in [before, after]:
            expect(verified(token)["tid"], stack.tenant)
            greeted(stack, token)
        try:
            verified(stack.mint("--bad-signature"))
        except jwt.InvalidSignatureError:
            return
        raise AssertionError("a forged token was verified")
