"""Serves one of the services in `seeds/` on the loopback and asks it.

Standard input: {"seed": "001", "secret": ..., "requests": [[method, path, token or null, body], ...]}.
Standard output: [{"status": ..., "answer": {...} or null}, ...] in the same order.
"""

import importlib.util
import json
import logging
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path

from werkzeug.serving import make_server


def service(asked):
    path = Path(__file__).with_name("seeds") / f"seed_{asked['seed']}.py"
    spec = importlib.util.spec_from_file_location("seed", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.create_app(asked["secret"])


def ask(port, method, path, token, body):
    connection = HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request(method, path, json.dumps(body), headers)
    except BrokenPipeError:
        pass  # It refused before it had read everything.
    response = connection.getresponse()
    text = response.read()
    is_json = response.headers.get_content_type() == "application/json"
    return {"status": response.status, "answer": json.loads(text) if is_json else None}


def main():
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    asked = json.load(sys.stdin)
    server = make_server("127.0.0.1", 0, service(asked))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    json.dump([ask(server.port, *request) for request in asked["requests"]], sys.stdout)


main()
