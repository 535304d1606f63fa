"""Reads a workflow of GitHub Actions.

Standard input: its text, as a JSON string.
Standard output: what it says, as JSON.
"""

import json
import sys

import yaml

json.dump(yaml.safe_load(json.load(sys.stdin)), sys.stdout)
