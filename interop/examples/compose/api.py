"""An API that verifies its callers' tokens itself: issuer, signature, audience, time and scope."""

import functools
import http.server
import json
import os
import ssl
import urllib.request

import jwt

ISSUER = f"{os.environ['AZURE_AUTHORITY_HOST']}/{os.environ['AZURE_TENANT_ID']}/v2.0"
AUDIENCE = os.environ["API_CLIENT_ID"]
SCOPE = "Greeting.Read"


@functools.cache
def keys() -> jwt.PyJWKClient:
    with urllib.request.urlopen(f"{ISSUER}/.well-known/openid-configuration") as answer:
        document = json.load(answer)
    # Whoever answers there says that it is this issuer.
    if document["issuer"] != ISSUER:
        raise ValueError(f"{ISSUER} says that it is {document['issuer']}")
    return jwt.PyJWKClient(document["jwks_uri"], ssl_context=ssl.create_default_context())


def caller(authorization: str) -> tuple[int, str]:
    """The status, and who calls or why not."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return 401, "no token"
    try:
        key = keys().get_signing_key_from_jwt(token).key
        claims = jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER)
    except jwt.PyJWTError as error:
        return 401, type(error).__name__
    if SCOPE not in claims.get("scp", "").split():
        return 403, f"no scope {SCOPE}"
    return 200, claims["preferred_username"]


class Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, text = caller(self.headers.get("Authorization", ""))
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", "Bearer")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("", 8000), Api).serve_forever()
