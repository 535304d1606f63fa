"""Common code of the verifiers: reads the question and writes the answers."""

import json
import sys


def answer(verifier):
    """Verifies each token of the question, in order.

    Answers are null for accepted tokens, else the reason of the refusal. `verifier` returns a
    function for the question, which raises an exception to refuse a token.
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
