"""Verifies the tokens of every preset with the verifiers of the vendors.

Each verifier must accept the good token and refuse every other fixture, except fixtures that the
preset lists as accepted by the verifier. An excused fixture must be accepted: outdated excuses are
errors, too.

Usage: suite.py JETON [--verbose], with the program under test; --verbose prints every refusal.
"""

import re
import sys
import tempfile
from pathlib import Path

from sandbox import Sandbox

VERIFIERS = Path(__file__).parent / "verifiers"


def script(verifier):
    """Returns the script named after the verifier's package, or None."""
    name = re.sub(r"[@/]+", "-", verifier).strip("-").lower()
    return next(VERIFIERS.glob(f"{name}.*"), None)


class Verdict:
    """Answers of a verifier to a preset's tokens."""

    def __init__(self, preset, verifier, manifest, answers):
        self.names, self.answers = (preset["name"], verifier), answers
        self.excuses = preset["verifiers"][verifier]
        self.excused = [i["name"] for i in manifest["fixtures"] if verifier in i["accepted_by"]]
        self.good = answers["good"]
        self.accepted = [n for n, answer in answers.items() if answer is None and n != "good"]
        self.refused = {n: answer for n, answer in answers.items() if answer and n != "good"}

    def row(self):
        good = "REFUSED" if self.good else "accepted"
        return (*self.names, good, f"{len(self.refused)} refused", ", ".join(self.accepted) or "-")

    def errors(self):
        if self.good:
            yield f"refuses the good token: {self.good}"
        yield from (f"accepts {name}" for name in self.accepted if name not in self.excused)
        for name in self.excused:
            if name in self.refused:
                yield f"outdated excuse: {name} is refused: {self.refused[name]}"
        for name in self.excuses:
            if name not in self.answers:
                yield f"unknown fixture in the excuses: {name}"

    def crashes(self):
        for name, message in self.refused.items():
            if message.startswith("crashed"):
                yield f"{name}: {message}"

    def lines(self, messages):
        return [f"{', '.join(self.names)}: {message}" for message in messages]


def verdicts(sandbox):
    for preset in sandbox.presets():
        if not preset["verifiers"]:
            sys.exit(f"{preset['name']}: no verifier")
        manifest, question = sandbox.fixtures(preset)
        for verifier in preset["verifiers"]:
            if not script(verifier):
                sys.exit(f"{verifier}: missing script")
            answers = sandbox.ask(script(verifier), question)
            yield Verdict(preset, verifier, manifest, answers)


def main(jeton, verbose=""):
    with tempfile.TemporaryDirectory() as home:
        all_verdicts = list(verdicts(Sandbox(jeton, home)))
    rows = [("PRESET", "VERIFIER", "GOOD TOKEN", "FIXTURES", "ACCEPTED")]
    rows += [verdict.row() for verdict in all_verdicts]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("  ".join(word.ljust(width) for word, width in zip(row, widths)).rstrip())
    errors = []
    for verdict in all_verdicts:
        errors += verdict.lines(verdict.errors())
        refusals = (f"{name}: {message}" for name, message in verdict.refused.items())
        for line in verdict.lines(refusals if verbose else verdict.crashes()):
            print(f"refused: {line}")
    for line in errors:
        print(f"error: {line}", file=sys.stderr)
    sys.exit(1 if errors else 0)


main(*sys.argv[1:])
