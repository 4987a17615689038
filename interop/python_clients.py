"""MSAL Python, azure-identity and PyJWT, each as its own documentation uses it."""

import os
import ssl
import subprocess
import sys
from unittest import mock

import azure.core.exceptions
import azure.identity
import jwt
import msal

from checks import DAEMON, GREETING, MANAGED_IDENTITY, PATIENCE, by_device_code, check, expect, up


def authority(stack) -> str:
    return f"{stack.authority}/{stack.tenant}"


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


@check("MSAL Python", "device code: the program that `env --for msal-python` prints", "msal")
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


@check("MSAL Python", "a declined sign-in, an unknown scope", "msal")
def msal_refused():
    with up() as stack, trusted(stack):
        app = msal.PublicClientApplication(stack.client, authority=authority(stack), instance_discovery=False)
        flow = app.initiate_device_flow([stack.scope])
        stack.local("approve", flow["user_code"], "--deny")
        declined = app.acquire_token_by_device_flow(flow)
        expect(declined["error"], "authorization_declined")
        unknown = app.initiate_device_flow([stack.scope.replace("Greeting.Read", "Nope")])
        expect((unknown["error"], unknown["error_codes"]), ("invalid_client", [650053]))


@check("MSAL Python", "client credentials, secret and certificate", "msal")
def msal_daemon():
    with up("--allow-client", DAEMON) as stack, trusted(stack):
        for proof in [stack.secret(), certificate(stack)]:
            app = msal.ConfidentialClientApplication(
                DAEMON, client_credential=proof, authority=authority(stack), instance_discovery=False
            )
            api = stack.scope.rsplit("/", 1)[0]
            app_only(stack, app.acquire_token_for_client([f"{api}/.default"])["access_token"])


@check("azure-identity", "DeviceCodeCredential: the program that `env --for` prints", "azure-identity")
def identity_program():
    with up() as stack:
        program = [sys.executable, "-c", stack.program("azure-identity")]
        printed = by_device_code(stack, program, stack.environment("azure-identity"))
        expect(printed.splitlines()[-1], GREETING)


@check("azure-identity", "ClientSecretCredential, CertificateCredential", "azure-identity")
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


@check("azure-identity", "ManagedIdentityCredential: the program that `env --for managed-identity` prints", "azure-identity")
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


@check("PyJWT", "PyJWKClient: a resource server's view, across a key rotation", "PyJWT")
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
