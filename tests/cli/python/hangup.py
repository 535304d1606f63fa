"""Runs a program on a terminal of its own, and closes that when the program has said `ready`.

Standard input: {"words": [...], "environment": {...}}.
Standard output: {"exit_code": ...}, negative for a signal.
"""

import json
import os
import pty
import signal
import sys


def main():
    asked = json.load(sys.stdin)
    program, terminal = pty.fork()
    if program == 0:
        os.execve(asked["words"][0], asked["words"], asked["environment"])
    shown = b""
    while b"ready" not in shown:
        shown += os.read(terminal, 1024)
    os.close(terminal)
    # A program that goes on without its terminal is not waited for.
    signal.alarm(60)
    _, status = os.waitpid(program, 0)
    json.dump({"exit_code": os.waitstatus_to_exitcode(status)}, sys.stdout)


main()
