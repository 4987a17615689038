"""The seed's Python function, in the same few lines: it reads the bearer token and looks for one
scope, and leaves everything else to Easy Auth. Behind the local gate it behaves as on Azure."""

import contextlib
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import jwt

from checks import GREETING, check, expect, up


def greeting(environ, start_response):
    """GET /api/greeting. The token's signature is not checked here: Easy Auth has done that."""

    def answer(status: str, text: str):
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [text.encode()]

    if (environ["REQUEST_METHOD"], environ["PATH_INFO"].rstrip("/")) != ("GET", "/api/greeting"):
        return answer("404 Not Found", "")
    try:
        token = environ["HTTP_AUTHORIZATION"].split(" ")[1]
        scopes = jwt.decode(token, options={"verify_signature": False})["scp"].split(" ")
    except (KeyError, IndexError, jwt.InvalidTokenError):
        return answer("403 Forbidden", "Bearer token not valid.")
    if "Greeting.Read" not in scopes:
        return answer("403 Forbidden", "Missing required scope.")
    return answer("200 OK", GREETING)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(application=greeting):
    """A WSGI application on a free port; its origin."""
    with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@check("seed's Python function", "behind --upstream: 200, 401, 403", "PyJWT")
def behind_the_gate():
    with served() as origin, up("--upstream", origin) as stack:
        url = f"{stack.url}api/greeting"
        outcomes = [
            ((), 200, GREETING),
            (("--expired",), 401, ""),
            (("--audience", "https://graph.microsoft.com"), 401, ""),
            (("--bad-signature",), 401, ""),
            (("--alg", "none"), 401, ""),
            (("--scope", "Other"), 403, "Missing required scope."),
            (("--app-only", "--role", "Greeting.Read"), 403, "Bearer token not valid."),
        ]
        for defects, status, text in outcomes:
            answer = stack.call(stack.mint(*defects), url)
            expect((answer.status_code, answer.text), (status, text))
        refused = stack.call(None, url)
        expect(refused.status_code, 401)
        assert 'resource_id="' in refused.headers["WWW-Authenticate"]


@check("seed's Python function", "AllowAnonymous: it believes a token that nobody signed; ours does not", "PyJWT")
def an_unsigned_token_where_anonymous_callers_are_let_in():
    anonymous = {"globalValidation": {"unauthenticatedClientAction": "AllowAnonymous"}}
    with served() as origin, up("--upstream", origin, settings=anonymous) as stack:
        answer = stack.call(stack.mint("--alg", "none"), f"{stack.url}api/greeting")
        expect((answer.status_code, answer.text), (200, GREETING))
    with up(settings=anonymous) as stack:
        expect(stack.call(stack.mint("--alg", "none")).status_code, 401)
