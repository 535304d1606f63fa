"""The program jeton, installed from a Python wheel."""

import os
import sys
import sysconfig


def find_jeton():
    """Returns the path of the program: in the environment of this package, or in its own directory."""
    candidates = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", f"{os.name}_user")]
    # `pip install --target DIR` installs programs in DIR/bin.
    candidates.append(os.path.join(os.path.dirname(os.path.dirname(__file__)), "bin"))
    for directory in candidates:
        path = os.path.join(directory, "jeton")
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(
        f"program jeton not found: expected in {', '.join(candidates)}; install jeton-cli again"
    )


def main():
    """Replaces this process by the program, with the same arguments."""
    path = find_jeton()
    os.execv(path, [path, *sys.argv[1:]])
