"""Converts the cells of a CSV list to the types that the list has in JSON.

Standard input: {"csv": "...", "items": [...]}.
Standard output: the rows, as JSON.
"""

import csv
import io
import json
import sys


def to_value(cell, expected):
    """Returns a cell as a value of the type of `expected`, without the apostrophe that escapes `=`."""
    if cell == "" and expected is None:
        return None
    if isinstance(expected, str):
        return cell[1:] if cell.startswith("'=") else cell
    return json.loads(cell)


request = json.load(sys.stdin)
rows = list(csv.DictReader(io.StringIO(request["csv"], newline=""), strict=True))
assert len(rows) == len(request["items"])
json.dump(
    [
        {name: to_value(cell, item[name]) for name, cell in row.items()}
        for row, item in zip(rows, request["items"])
    ],
    sys.stdout,
)
