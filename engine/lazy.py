"""The face of a package that is large: each module behind it is loaded when one of its names is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazy_face(
    package: str, modules: Mapping[str, Sequence[str]]
) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """A package's `__all__`, `__getattr__` and `__dir__`.

    package  `__name__` of the package
    modules  the names that it shows, by the module that each is from
    """
    module_of = {name: module for module, names in modules.items() for name in names}
    listed = sorted(module_of, key=lambda name: (name.lower() == name, not name.isupper(), name))

    def load(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(module_of[name]), name)
        setattr(sys.modules[package], name, value)  # so it is not asked for again
        return value

    return listed, load, lambda: listed
