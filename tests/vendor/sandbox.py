"""A home directory with a store, and a loopback server that publishes the store's keys."""

import json
import os
import re
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def run_program(command, **options):
    """Returns the standard output of a program, which must succeed."""
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode:
        sys.exit(f"{command}: exit {result.returncode}\n{result.stderr}")
    return result.stdout


class Site(SimpleHTTPRequestHandler):
    """Serves the files of `jeton keys export --site` at the paths of every vendor."""

    def translate_path(self, path):
        path = re.sub(r".*(/\.well-known/)", r"\1", path)
        path = re.sub(r".*/(keys|certs)$", "/.well-known/jwks.json", path)
        return super().translate_path(path)

    def log_message(self, *_):
        pass


class Sandbox:
    def __init__(self, jeton, home):
        self.jeton, self.home = Path(jeton).resolve(), Path(home)
        self.environment = {"PATH": os.environ["PATH"], "HOME": home, "CI": "true"}
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, directory=self.home / "site"))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.origin = f"http://127.0.0.1:{server.server_port}"
        self.run("init", "ada")

    def run(self, *arguments):
        return run_program([self.jeton, *arguments], env=self.environment, cwd=self.home)

    def show_presets(self):
        """Yields the output of `jeton token presets show` for each preset."""
        items = json.loads(self.run("token", "presets", "-o", "json"))["items"]
        for item in items:
            yield json.loads(self.run("token", "presets", "show", item["name"], "-o", "json"))

    def create_fixtures(self, preset):
        """Creates fixtures of a preset. Returns the manifest and the task for a verifier."""
        name, parameters = preset["name"], preset["parameters"]
        # If the preset has an http server, the server of this suite replaces that server.
        has_http_server = str(parameters.get("server")).startswith("http:")
        server_option = ["--set", f"server={self.origin}"] if has_http_server else []
        self.run("token", "fixtures", "--preset", name, *server_option, "--out", name)
        directory = self.home / name
        manifest = json.loads((directory / "manifest.json").read_text())
        items = manifest["fixtures"]
        task = {
            "preset": name,
            "parameters": parameters,
            "issuer": manifest["iss"],
            "audience": manifest["aud"],
            "revoked": [item["jti"] for item in items if item["name"] == "revoked"],
            "tokens": {i["name"]: (directory / i["file"]).read_text().strip() for i in items},
        }
        if manifest["secret_file"]:
            task["secret"] = (directory / manifest["secret_file"]).read_text()
        else:
            task |= self.publish_keys(manifest["iss"])
        return manifest, task

    def publish_keys(self, issuer):
        """Exports the keys for an issuer. Returns the URLs of the keys and the JWK Set."""
        # `--yes` replaces the files of the previous issuer.
        site = ["--site", "site", "--issuer", issuer, "--purpose", "test", "--yes"]
        self.run("keys", "export", *site)
        directory = self.home / "site/.well-known"
        document = directory / "openid-configuration"
        jwks_uri = f"{self.origin}/.well-known/jwks.json"
        # This server serves the keys instead of the issuer. Some verifiers require endpoints in the
        # document, but do not send requests to the endpoints.
        changes = {"jwks_uri": jwks_uri}
        changes |= {f"{name}_endpoint": f"{issuer}/{name}" for name in ("authorization", "token")}
        document.write_text(json.dumps(json.loads(document.read_text()) | changes))
        return {
            "site": self.origin,
            "configuration": f"{self.origin}/.well-known/openid-configuration",
            "jwks_uri": jwks_uri,
            "jwks": json.loads((directory / "jwks.json").read_text()),
        }

    def run_verifier(self, script, task):
        """Returns the results of a verifier's script: null for each accepted token."""
        program = [sys.executable, "-B"] if script.suffix == ".py" else ["node"]
        text = json.dumps(task)
        return json.loads(run_program([*program, script], input=text, env=self.environment))
