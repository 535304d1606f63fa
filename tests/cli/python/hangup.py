"""Runs a program on a new terminal, and closes the terminal when the program prints `ready`.

Standard input: {"command": [...], "environment": {...}}.
Standard output: {"exit_code": ...}, negative for a signal.
"""

import json
import os
import pty
import signal
import sys


def main():
    request = json.load(sys.stdin)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(request["command"][0], request["command"], request["environment"])
    output = b""
    while b"ready" not in output:
        output += os.read(terminal, 1024)
    os.close(terminal)
    # Limits the wait for a program that does not exit after the terminal is closed.
    signal.alarm(60)
    _, status = os.waitpid(pid, 0)
    json.dump({"exit_code": os.waitstatus_to_exitcode(status)}, sys.stdout)


main()
