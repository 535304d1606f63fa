"""Asks the verifiers of the vendors about the tokens of every preset.

Each has to take the good token and to refuse every fixture, unless the preset says that it is known
to let that defect through. Then it has to do so: an excuse that is out of date is wrong, too.

Usage: suite.py JETON [--verbose], the program under test; verbose, every refusal's words are shown.
"""

import re
import sys
import tempfile
from pathlib import Path

from world import World

VERIFIERS = Path(__file__).parent / "verifiers"


def script(verifier):
    """The script that is called like the verifier's package, or nothing."""
    name = re.sub(r"[@/]+", "-", verifier).strip("-").lower()
    return next(VERIFIERS.glob(f"{name}.*"), None)


class Verdict:
    """What a verifier said of a preset's tokens."""

    def __init__(self, preset, verifier, manifest, answers):
        self.who, self.answers = (preset["name"], verifier), answers
        self.excuses = preset["verifiers"][verifier]
        self.known = [i["name"] for i in manifest["fixtures"] if verifier in i["accepted_by"]]
        self.good = answers["good"]
        self.accepted = [n for n, answer in answers.items() if answer is None and n != "good"]
        self.refused = {n: answer for n, answer in answers.items() if answer and n != "good"}

    def row(self):
        good = "REFUSED" if self.good else "accepted"
        return (*self.who, good, f"{len(self.refused)} refused", ", ".join(self.accepted) or "-")

    def wrong(self):
        if self.good:
            yield f"refuses the good token: {self.good}"
        yield from (f"accepts {name}" for name in self.accepted if name not in self.known)
        for name in self.known:
            if name in self.refused:
                yield f"is said to accept {name}, and refuses it: {self.refused[name]}"
        for name in self.excuses:
            if name not in self.answers:
                yield f"is said to accept {name}, which is no fixture of the preset"

    def crashes(self):
        crashed = {n: words for n, words in self.refused.items() if words.startswith("crashed")}
        yield from (f"{name}: {words}" for name, words in crashed.items())

    def lines(self, sentences):
        return [f"{', '.join(self.who)}: {words}" for words in sentences]


def verdicts(world):
    for preset in world.presets():
        if not preset["verifiers"]:
            sys.exit(f"{preset['name']}: no verifier vouches for it")
        manifest, asked = world.fixtures(preset)
        for verifier in preset["verifiers"]:
            if not script(verifier):
                sys.exit(f"{verifier}: there is no script for it")
            answers = world.ask(script(verifier), asked)
            yield Verdict(preset, verifier, manifest, answers)


def main(jeton, verbose=""):
    with tempfile.TemporaryDirectory() as home:
        all_verdicts = list(verdicts(World(jeton, home)))
    rows = [("PRESET", "VERIFIER", "GOOD", "FIXTURES", "LETS THROUGH")]
    rows += [verdict.row() for verdict in all_verdicts]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("  ".join(word.ljust(width) for word, width in zip(row, widths)).rstrip())
    wrong = []
    for verdict in all_verdicts:
        wrong += verdict.lines(verdict.wrong())
        refusals = (f"{name}: {words}" for name, words in verdict.refused.items())
        for line in verdict.lines(refusals if verbose else verdict.crashes()):
            print(f"refused: {line}")
    for line in wrong:
        print(f"wrong: {line}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


main(*sys.argv[1:])
