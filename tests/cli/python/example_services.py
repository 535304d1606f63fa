"""Runs a service of `example_services/` on the loopback interface and sends requests to the service.

Standard input: {"service": "001", "secret": ..., "requests": [request, ...]}, each request
[method, path, token or null, body].
Standard output: [{"status": ..., "body": {...} or null}, ...] in the same order.
"""

import importlib.util
import json
import logging
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path

from werkzeug.serving import make_server


def create_service(task):
    path = Path(__file__).with_name("example_services") / f"service_{task['service']}.py"
    spec = importlib.util.spec_from_file_location("sample_service", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.create_app(task["secret"])


def send(port, method, path, token, body):
    connection = HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request(method, path, json.dumps(body), headers)
    except BrokenPipeError:
        pass  # The server refused the request before reading all of it.
    response = connection.getresponse()
    text = response.read()
    is_json = response.headers.get_content_type() == "application/json"
    return {"status": response.status, "body": json.loads(text) if is_json else None}


def main():
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    task = json.load(sys.stdin)
    server = make_server("127.0.0.1", 0, create_service(task))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    json.dump([send(server.port, *request) for request in task["requests"]], sys.stdout)


main()
