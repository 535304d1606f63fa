"""Serves a directory as the page of releases, on a loopback address: releases.py DIR [CERTIFICATE]

`/releases` redirects `latest` to the version in the file DIR/latest. `/short` sends half of each file, `/slow`
sends half and then waits for minutes, `/insecure` redirects to http on another host, `/private` requires the user
`ci` with the password `pw`. With a certificate, the server uses https. The output is the port. DIR/requests lists
the requests.
"""

import base64
import http.server
import pathlib
import ssl
import sys
import time

ROOT = pathlib.Path(sys.argv[1])
SCHEME = "https" if len(sys.argv) > 2 else "http"
CREDENTIALS = "Basic " + base64.b64encode(b"ci:pw").decode()


class Handler(http.server.BaseHTTPRequestHandler):
    def redirect(self, location):
        self.send_response(302)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        site, _, path = self.path.lstrip("/").partition("/")
        if site == "insecure":
            return self.redirect("http://releases.invalid/" + path)
        if site == "private" and self.headers["Authorization"] != CREDENTIALS:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="releases"')
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if path == "latest":
            version = (ROOT / "latest").read_text().strip()
            return self.redirect(f"{SCHEME}://{self.headers['Host']}/releases/tag/v{version}")
        file = ROOT / path
        if not file.is_file():
            return self.send_error(404)
        body = file.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[: len(body) // 2] if site in ("short", "slow") else body)
            if site == "slow":
                time.sleep(600)

    def log_message(self, *arguments):
        with open(ROOT / "requests", "a") as log:
            log.write(f"{self.command} {self.path}\n")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if SCHEME == "https":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
