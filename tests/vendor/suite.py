"""Verifies the tokens of every preset with the verifiers of the vendors.

Each verifier must accept the good token and refuse every other fixture, except fixtures that the
preset lists as accepted by the verifier. The verifier must accept every listed fixture: outdated
entries of the preset are errors, too.

Usage: suite.py JETON [--verbose]. JETON is the path of the program under test; --verbose prints every
refusal.
"""

import re
import sys
import tempfile
from pathlib import Path

from sandbox import Sandbox

VERIFIERS = Path(__file__).parent / "verifiers"


def find_script(verifier):
    """Returns the script named after the verifier's package, or None."""
    name = re.sub(r"[@/]+", "-", verifier).strip("-").lower()
    return next(VERIFIERS.glob(f"{name}.*"), None)


class VerifierResult:
    """Results of a verifier for the tokens of a preset."""

    def __init__(self, preset, verifier, manifest, results):
        self.names, self.results = (preset["name"], verifier), results
        self.listed_in_preset = preset["verifiers"][verifier]
        self.listed_in_manifest = [i["name"] for i in manifest["fixtures"] if verifier in i["accepted_by"]]
        self.good_refusal = results["good"]
        self.accepted = [n for n, result in results.items() if result is None and n != "good"]
        self.refused = {n: result for n, result in results.items() if result and n != "good"}

    def table_row(self):
        good = "REFUSED" if self.good_refusal else "accepted"
        return (*self.names, good, f"{len(self.refused)} refused", ", ".join(self.accepted) or "-")

    def find_errors(self):
        if self.good_refusal:
            yield f"refuses the good token: {self.good_refusal}"
        yield from (f"accepts {name}" for name in self.accepted if name not in self.listed_in_manifest)
        for name in self.listed_in_manifest:
            if name in self.refused:
                yield f"refuses {name}, which the preset lists as accepted: {self.refused[name]}"
        for name in self.listed_in_preset:
            if name not in self.results:
                yield f"the preset lists an unknown fixture as accepted: {name}"

    def find_crashes(self):
        for name, message in self.refused.items():
            if message.startswith("crashed"):
                yield f"{name}: {message}"

    def prefix_lines(self, messages):
        return [f"{', '.join(self.names)}: {message}" for message in messages]


def run_verifiers(sandbox):
    for preset in sandbox.show_presets():
        if not preset["verifiers"]:
            sys.exit(f"{preset['name']}: no verifier")
        manifest, task = sandbox.create_fixtures(preset)
        for verifier in preset["verifiers"]:
            if not find_script(verifier):
                sys.exit(f"{verifier}: missing script")
            results = sandbox.run_verifier(find_script(verifier), task)
            yield VerifierResult(preset, verifier, manifest, results)


def main(jeton, verbose=""):
    with tempfile.TemporaryDirectory() as home:
        verifier_results = list(run_verifiers(Sandbox(jeton, home)))
    rows = [("PRESET", "VERIFIER", "GOOD TOKEN", "FIXTURES", "ACCEPTED")]
    rows += [verifier_result.table_row() for verifier_result in verifier_results]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("  ".join(word.ljust(width) for word, width in zip(row, widths)).rstrip())
    errors = []
    for verifier_result in verifier_results:
        errors += verifier_result.prefix_lines(verifier_result.find_errors())
        refusals = (f"{name}: {message}" for name, message in verifier_result.refused.items())
        for line in verifier_result.prefix_lines(refusals if verbose else verifier_result.find_crashes()):
            print(f"refused: {line}")
    for line in errors:
        print(f"error: {line}", file=sys.stderr)
    sys.exit(1 if errors else 0)


main(*sys.argv[1:])
