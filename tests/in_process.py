"""A pool that calls its functions here: what a test made up, such as a toy task, no other process knows of."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

from engine.isolation import IsolatedFunction


class InProcess:
    """Through JSON, as between processes."""

    def call(self, function: IsolatedFunction, argument: Any, **_: object) -> Any:
        module, _, name = function.name.partition(":")
        return json.loads(json.dumps(getattr(import_module(module), name)(json.loads(json.dumps(argument)))))
