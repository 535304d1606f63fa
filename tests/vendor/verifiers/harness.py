"""Common code of the verifiers: reads the task from standard input and writes the results."""

import json
import sys


def verify_tokens(create_verifier):
    """Verifies each token of the task, in order.

    The result of a token is null if the token is accepted, else the reason of the refusal.
    `create_verifier` returns the function that verifies a token of the task, and raises an
    exception to refuse the token.
    """
    task = json.load(sys.stdin)
    verify = create_verifier(task)
    results = {}
    for name, token in task["tokens"].items():
        try:
            verify(token)
            results[name] = None
        except Exception as error:
            results[name] = f"{type(error).__name__}: {error}"
    json.dump(results, sys.stdout)
