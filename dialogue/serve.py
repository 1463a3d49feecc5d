"""Rasa's own command line, faster: `python dialogue/serve.py run …` is `python -m rasa run …`.

Rasa checks every answer of the action server with `jsonschema.validate`, which checks the (constant) schema itself each
time: 30 ms of CPU a call, six calls a turn. Here each schema is checked once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.validators import validator_for

_validators: dict[str, Any] = {}


def validate(instance: Any, schema: dict[str, Any]) -> None:
    """As `jsonschema.validate`, for schemas that do not change."""
    key = json.dumps(schema, sort_keys=True)
    if key not in _validators:
        kind = validator_for(schema)
        kind.check_schema(schema)
        _validators[key] = kind(schema)
    _validators[key].validate(instance)


def main() -> None:
    jsonschema.validate = validate
    sys.path.insert(0, str(Path.cwd()))
    from rasa.__main__ import main as rasa

    rasa()


if __name__ == "__main__":
    main()
