"""Microsoft Entra ID, as much of it as lets az and azd in: it issues tokens that say who and for what.

It checks nobody: signing in is tested against greeting-local. Tokens are unsigned in effect, and only
this double reads them.
"""

import base64
import json
import urllib.parse

from .routing import Request, Router
from .world import CLIENT, OTHER_TENANT, PRINCIPAL, TENANT, Answer, Refused, World

HOST = "https://login.microsoftonline.com"
router = Router()


def serve(world: World, request: Request) -> Answer:
    found = router.find(request)
    if found is None:
        return Answer(404, {"error": "invalid_request", "error_description": f"{request.method} {request.path}"})
    function, arguments = found
    return Answer(200, function(world, request, **arguments))


@router.route("GET", "/common/discovery/instance")
def instance(*_, **__) -> dict:
    """MSAL asks which hosts are one cloud."""
    return {
        "tenant_discovery_endpoint": f"{HOST}/common/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [
            {
                "preferred_network": "login.microsoftonline.com",
                "preferred_cache": "login.windows.net",
                "aliases": ["login.microsoftonline.com", "login.windows.net"],
            }
        ],
    }


@router.route("GET", "/{tenant}/v2.0/.well-known/openid-configuration")
def configuration(_world, _request, tenant: str) -> dict:
    if tenant not in (TENANT, OTHER_TENANT, "organizations", "common"):
        raise Refused(400, {"error": "invalid_tenant", "error_description": f"AADSTS90002: Tenant '{tenant}' not found."})
    return {
        "issuer": f"{HOST}/{{tenantid}}/v2.0" if tenant in ("organizations", "common") else f"{HOST}/{tenant}/v2.0",
        "authorization_endpoint": f"{HOST}/{tenant}/oauth2/v2.0/authorize",
        "token_endpoint": f"{HOST}/{tenant}/oauth2/v2.0/token",
        "device_authorization_endpoint": f"{HOST}/{tenant}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{HOST}/{tenant}/discovery/v2.0/keys",
        "response_types_supported": ["code", "id_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


@router.route("POST", "/{tenant}/oauth2/v2.0/token")
def token(world: World, request: Request, tenant: str) -> dict:
    form = dict(urllib.parse.parse_qsl(request.body.decode()))
    if tenant in ("organizations", "common"):
        tenant = TENANT
    scopes = [scope for scope in form.get("scope", "").split() if "://" in scope]
    resource = "/".join(scopes[0].split("/")[:3]) if scopes else "https://management.core.windows.net"
    claims = {
        "iss": f"https://sts.windows.net/{tenant}/",
        "aud": resource,
        "tid": tenant,
        "appid": form.get("client_id", CLIENT),
        "oid": PRINCIPAL,
        "sub": PRINCIPAL,
        "iat": int(world.now()),
        "exp": int(world.now()) + 86400,
        "ver": "1.0",
    }
    return {
        "token_type": "Bearer",
        "expires_in": 86400,
        "ext_expires_in": 86400,
        "access_token": unsigned(claims),
    }


def unsigned(claims: dict) -> str:
    parts = [json.dumps(part).encode() for part in ({"typ": "JWT", "alg": "RS256", "kid": "double"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in [*parts, b"double"])


def read(request: Request, audiences: tuple[str, ...], refuse) -> str:
    """The tenant of the token that came with a request; `refuse` makes the service's own 401."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    parts = token.split(".")
    if kind.lower() != "bearer" or len(parts) != 3:
        raise refuse("no token")
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    if claims["aud"].rstrip("/") not in audiences:
        raise refuse(f"a token for {claims['aud']}")
    return claims["tid"]
