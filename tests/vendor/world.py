"""A home of its own with a store, and a site on the loopback where the verifiers find its keys."""

import json
import os
import re
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def ran(command, **more):
    """What a program says, which has to end well."""
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{command}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


class Site(SimpleHTTPRequestHandler):
    """What `jeton keys export --site` wrote, at every path where a vendor has it."""

    def translate_path(self, path):
        path = re.sub(r".*(/\.well-known/)", r"\1", path)
        path = re.sub(r".*/(keys|certs)$", "/.well-known/jwks.json", path)
        return super().translate_path(path)

    def log_message(self, *_):
        pass


class World:
    def __init__(self, jeton, home):
        self.jeton, self.home = Path(jeton).resolve(), Path(home)
        self.environment = {"PATH": os.environ["PATH"], "HOME": home, "CI": "true"}
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, directory=self.home / "site"))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.origin = f"http://127.0.0.1:{server.server_port}"
        self.run("init", "ada")

    def run(self, *words):
        return ran([self.jeton, *words], env=self.environment, cwd=self.home)

    def presets(self):
        """All presets, each as `jeton token presets show` has it."""
        items = json.loads(self.run("token", "presets", "-o", "json"))["items"]
        for item in items:
            yield json.loads(self.run("token", "presets", "show", item["name"], "-o", "json"))

    def fixtures(self, preset):
        """The manifest of the preset's fixtures, and all that a verifier is told."""
        name, parameters = preset["name"], preset["parameters"]
        # Where the vendor's server runs anywhere, by http, it is the suite's own.
        is_anywhere = str(parameters.get("server")).startswith("http:")
        where = ["--set", f"server={self.origin}"] if is_anywhere else []
        self.run("token", "fixtures", "--preset", name, *where, "--out", name)
        folder = self.home / name
        manifest = json.loads((folder / "manifest.json").read_text())
        items = manifest["fixtures"]
        asked = {
            "preset": name,
            "parameters": parameters,
            "issuer": manifest["issuer"],
            "audience": manifest["audience"],
            "revoked": [item["jti"] for item in items if item["name"] == "revoked"],
            "tokens": {item["name"]: (folder / item["file"]).read_text().strip() for item in items},
        }
        if manifest["secret"]:
            asked["secret"] = (folder / manifest["secret"]).read_text()
        else:
            asked |= self.published(manifest["issuer"])
        return manifest, asked

    def published(self, issuer):
        """Where the keys are, after they were exported for that issuer."""
        # The files of the issuer before it are replaced.
        site = ["--site", "site", "--issuer", issuer, "--purpose", "test", "--yes"]
        self.run("keys", "export", *site)
        folder = self.home / "site/.well-known"
        document = folder / "openid-configuration"
        jwks_uri = f"{self.origin}/.well-known/jwks.json"
        # The issuer's host is another one, and some ask for endpoints that they never call.
        moved = {"jwks_uri": jwks_uri}
        moved |= {f"{name}_endpoint": f"{issuer}/{name}" for name in ("authorization", "token")}
        document.write_text(json.dumps(json.loads(document.read_text()) | moved))
        return {
            "site": self.origin,
            "configuration": f"{self.origin}/.well-known/openid-configuration",
            "jwks_uri": jwks_uri,
            "jwks": json.loads((folder / "jwks.json").read_text()),
        }

    def ask(self, script, asked):
        """The answers of a verifier's script: null for each token that it takes."""
        program = [sys.executable, "-B"] if script.suffix == ".py" else ["node"]
        return json.loads(ran([*program, script], input=json.dumps(asked), env=self.environment))
