#!/usr/bin/env python3
"""Reads a manifest of Kubernetes from standard input and says which of its members the API does not have, or has with another type, by the
tables of the official client. Status 1 when there are any, 2 when it cannot be read."""
import re
import sys

import yaml
from kubernetes import client

PLAIN = {"str": str, "int": int, "float": (int, float), "bool": bool, "object": object}


def members(kind):
    model = getattr(client, kind)
    return {model.attribute_map[name]: of for name, of in model.openapi_types.items()}


def judge(value, kind, path):
    """Yields what is wrong in a value that has to be of a type as the tables write them."""
    listed = re.fullmatch(r"list\[(.*)\]", kind)
    mapped = re.fullmatch(r"dict\(str, (.*)\)", kind)
    if listed:
        if not isinstance(value, list):
            yield f"{path}: wanted a list, came {value!r}"
        for i, one in enumerate(value if isinstance(value, list) else []):
            yield from judge(one, listed[1], f"{path}[{i}]")
    elif mapped:
        if not isinstance(value, dict):
            yield f"{path}: wanted a map, came {value!r}"
        for name, one in value.items() if isinstance(value, dict) else []:
            yield from judge(one, mapped[1], f"{path}.{name}")
    elif kind in PLAIN:
        if not isinstance(value, PLAIN[kind]) or (kind == "int" and isinstance(value, bool)):
            yield f"{path}: wanted {kind}, came {value!r}"
    else:
        yield from judge_object(value, kind, path)


def judge_object(value, kind, path):
    if not isinstance(value, dict):
        yield f"{path}: wanted a {kind}, came {value!r}"
        return
    known = members(kind)
    for name, one in value.items():
        if name in known:
            yield from judge(one, known[name], f"{path}.{name}")
        else:
            yield f"{path}.{name}: a {kind} has no such member"
    for name, attribute in getattr(client, kind).attribute_map.items():
        if attribute not in value and required(kind, name):
            yield f"{path}: a {kind} needs {attribute}"


def required(kind, name):
    """The models refuse None for what has to be there."""
    try:
        setattr(getattr(client, kind).__new__(getattr(client, kind)), name, None)
    except ValueError:
        return True
    except AttributeError:
        return False
    return False


def main():
    try:
        documents = list(yaml.safe_load_all(sys.stdin))
    except yaml.YAMLError as error:
        print(f"no YAML: {error}")
        return 2
    found = []
    for at, document in enumerate(documents):
        kind = document.get("kind") if isinstance(document, dict) else None
        if not isinstance(kind, str) or not hasattr(client, "V1" + kind):
            print(f"document {at + 1}: wanted an object of a kind that there is, came {kind!r}")
            return 2
        found += judge(document, "V1" + kind, kind)
    for line in found:
        print(line)
    return 1 if found or not documents else 0


sys.exit(main())
