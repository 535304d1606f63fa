"""Validates outputs against JSON Schemas, and checks that the schemas reject changed outputs.

Standard input: [{"schema": {...}, "part": "item" or null, "output": ...}].
Standard output: the errors of all cases.
"""

import copy
import json
import sys

from jsonschema import Draft202012Validator

# Objects whose members may have any name.
FREE_FORM = {"claims", "details"}


def forbid_unknown_members(schema):
    """Forbids members that the schema does not define, so that the tests detect these members."""
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for value in schema.values():
            forbid_unknown_members(value)
    elif isinstance(schema, list):
        for value in schema:
            forbid_unknown_members(value)


def shape(value):
    """Returns the names and types of all members, as text."""
    if isinstance(value, dict):
        return repr({name: shape(member) for name, member in value.items()})
    if isinstance(value, list):
        return repr([shape(item) for item in value])
    return type(value).__name__


def changed_outputs(output):
    """Yields (change, output): each member with another name, and each member with a wrong value."""
    pending = [()]
    while pending:
        path = pending.pop()
        value = output
        for key in path:
            value = value[key]
        if isinstance(value, list):
            pending.extend((*path, index) for index in range(len(value)))
        if not isinstance(value, dict):
            continue
        for name in value:
            renamed, replaced = copy.deepcopy(output), copy.deepcopy(output)
            parent = renamed
            for key in path:
                parent = parent[key]
            parent[name + "_"] = parent.pop(name)
            yield f"{path} {name} renamed", renamed
            parent = replaced
            for key in path:
                parent = parent[key]
            parent[name] = [[]]
            yield f"{path} {name} replaced", replaced
            if name not in FREE_FORM:
                pending.append((*path, name))


def case_errors(case):
    schema = case["schema"]
    Draft202012Validator.check_schema(schema)
    forbid_unknown_members(schema)
    if case["part"]:
        schema = {"$ref": f"#/$defs/{case['part']}", "$defs": schema["$defs"]}
    validator = Draft202012Validator(schema)
    for error in validator.iter_errors(case["output"]):
        yield f"{error.json_path}: {error.message}"
    output = case["output"]
    if "items" in output:
        output["items"] = list({shape(item): item for item in output["items"]}.values())
    for change, output in changed_outputs(output):
        if validator.is_valid(output):
            yield f"accepted: {change}"


json.dump([error for case in json.load(sys.stdin) for error in case_errors(case)], sys.stdout)
