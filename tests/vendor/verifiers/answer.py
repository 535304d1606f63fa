"""What the verifiers have in common: the question comes in, the answers go out."""

import json
import sys


def answer(verifier):
    """Asks about each token of the question, in order: null where it is accepted, else why not.

    The verifier is made of the question, and raises an exception at a token that it refuses.
    """
    question = json.load(sys.stdin)
    verify = verifier(question)
    answers = {}
    for name, token in question["tokens"].items():
        try:
            verify(token)
            answers[name] = None
        except Exception as refusal:
            answers[name] = f"{type(refusal).__name__}: {refusal}"
    json.dump(answers, sys.stdout)
