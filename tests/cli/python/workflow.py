"""Parses a workflow of GitHub Actions.

Standard input: the text of the workflow, as a JSON string.
Standard output: the workflow, as JSON.
"""

import json
import sys

import yaml

json.dump(yaml.safe_load(json.load(sys.stdin)), sys.stdout)
