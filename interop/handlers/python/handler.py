"""A custom handler in Python's standard library."""

import http.server
import json
import os
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        target = urllib.parse.urlsplit(self.path)
        if target.path != "/api/Hello":
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = {
            "language": "python",
            "method": self.command,
            "name": urllib.parse.parse_qs(target.query).get("name", [body.decode()])[0],
            "caller": self.headers.get("X-MS-CLIENT-PRINCIPAL-NAME"),
        }
        text = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = answer


port = int(os.environ["FUNCTIONS_CUSTOMHANDLER_PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
