"""How the JSON begins that scripts print for others: docs/json.md."""
import os
import re

VERSION = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "include", "windrow", "version.h")


def json_head(form):
    """The first keys of an object. form: its name and number, as "m4/1"."""
    with open(VERSION) as file:
        version = re.search(r'#define WR_VERSION +"([^"]+)"', file.read()).group(1)
    return {"windrow": version, "schema": "windrow." + form}
