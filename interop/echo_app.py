"""The app that `greeting-cli conform --echo` asks for: it answers every request with what it saw.

    python3 interop/echo_app.py [PORT]

It listens on loopback, or where the Functions host says (FUNCTIONS_CUSTOMHANDLER_PORT). Every answer
has the header X-Greeting-Echo: 1. The values of Authorization, Cookie and of the gate's own token
headers are left out. It answers with claims of whoever calls: deploy it for the time of a capture,
to an app of its own. It needs Python's standard library alone.
"""

import http.server
import json
import os
import sys

WITHHELD = ("authorization", "cookie", "x-zumo-auth")


def shown(name: str, value: str) -> str:
    """A forged token header's value is told from the gate's by the probes' word."""
    letters = "".join(letter for letter in name.lower() if letter.isalnum())
    token = letters.startswith("xmstoken") and value != "greeting-conform-forged"
    return "" if token or name.lower() in WITHHELD else value


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def echo(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = [[name, shown(name, value)] for name, value in self.headers.items()]
        body = json.dumps({"method": self.command, "target": self.path, "headers": headers}).encode()
        self.send_response(200)
        self.send_header("X-Greeting-Echo", "1")
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_OPTIONS = do_PUT = do_PATCH = do_DELETE = echo

    def log_message(self, *_) -> None:
        """Nothing of a request is written down."""


def main() -> None:
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("FUNCTIONS_CUSTOMHANDLER_PORT", "0")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(given)), Echo)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
