"""Runs jeton as `python -m jeton_cli`."""

from jeton_cli import main

main()
