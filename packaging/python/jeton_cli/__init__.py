"""The program jeton, installed from a Python wheel."""

import importlib.metadata
import os
import sys
import sysconfig


def find_jeton():
    """Returns the path of the program that this package installed."""
    files = importlib.metadata.files("jeton-cli") or []
    candidates = [str(file.locate()) for file in files if file.name == "jeton"]
    candidates.append(os.path.join(sysconfig.get_path("scripts"), "jeton"))
    for path in candidates:
        if os.path.isfile(path):
            return os.path.realpath(path)
    raise FileNotFoundError(f"program not found: expected {' or '.join(candidates)}; install jeton-cli again")


def main():
    """Replaces this process by the program, with the same arguments."""
    try:
        path = find_jeton()
    except FileNotFoundError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(127)
    os.execv(path, [path, *sys.argv[1:]])
