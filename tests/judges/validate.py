"""kubernetes-validate over many objects, a JSON object a line: its own program reads the schemas anew for each.

Prints what is wrong, a JSON object a line: the number of the object, from 0, where in it, and what.
"""

import functools
import json
import sys

import jsonschema
from kubernetes_validate import utils

for name in ("all_versions", "schema_contents"):
    setattr(utils, name, functools.cache(getattr(utils, name)))

version = sys.argv[1]
for number, line in enumerate(sys.stdin):
    finding = None
    try:
        utils.validate(json.loads(line), version, strict=True)
    except jsonschema.ValidationError as error:
        finding = (".".join(map(str, error.absolute_path)), error.message)
    except utils.SchemaNotFoundError as error:
        finding = ("", error.message)
    if finding:
        print(json.dumps({"object": number, "path": finding[0], "message": finding[1]}))
