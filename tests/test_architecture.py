"""The shape of the code, checked: who may import whom, how long anything may get, and what nothing is called.

Raising a number here is a decision with a record in docs/decisions, not an edit.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("engine", "labs", "tutor", "pages", "app")  # each may import what stands left of it
ONLY_IN = {
    "streamlit": ("app.py", "pages/"),
    "torch": ("engine/local/",),
    "transformers": ("engine/local/",),
    "sqlite3": ("engine/ledger.py",),
    "sqlalchemy": ("tutor/journal.py",),
    "inspect_ai": ("engine/logs/inspect_log.py",),
    "sympy": ("engine/answers/algebra.py",),
    "math_verify": ("engine/answers/algebra.py",),
    "reasoning_gym": ("engine/tasks/reasoning_gym.py",),
    "openai": ("engine/endpoint.py", "tutor/endpoint.py"),
    "instructor": ("tutor/endpoint.py",),
    "tokenizers": ("tutor/judge/encoder.py",),
}
FORBIDDEN = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"}
MODULE_LINES, FUNCTION_LINES, PARAMETERS, FACE = 400, 80, 8, 40


def modules() -> list[Path]:
    """Every module of the product that exists today."""
    files = [ROOT / "app.py", *(file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")))]
    return [file for file in files if file.is_file() and "__pycache__" not in file.parts]


def home_of(file: Path) -> str:
    return file.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(file: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(module, names taken from it); relative imports are spelled out."""
    here = file.relative_to(ROOT).parts[:-1]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else ()
            yield ".".join((*base, *filter(None, [node.module]))), tuple(alias.name for alias in node.names)


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def named(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


every_module = pytest.mark.parametrize("file", modules(), ids=named(modules()))


@every_module
def test_arrows_point_left(file: Path) -> None:
    home = home_of(file)
    allowed = PACKAGES[: PACKAGES.index(home) + 1]
    wrong = [name for name, _ in imports(file) if (top := name.split(".")[0]) in PACKAGES and top not in allowed]
    assert wrong == [], f"{home} may import only {', '.join(allowed)}"


@every_module
def test_other_packages_meet_the_engine_at_its_face(file: Path) -> None:
    if home_of(file) == "engine":
        assert not any(name.split(".")[0] in PACKAGES[1:] for name, _ in imports(file))
        return
    face = set(engine.__all__)
    for name, taken in imports(file):
        assert not name.startswith("engine."), f"{name}: write `from engine import …`"
        assert name != "engine" or set(taken) <= face, f"not in engine.__all__: {set(taken) - face}"


@every_module
def test_heavy_libraries_stay_where_they_belong(file: Path) -> None:
    path = str(file.relative_to(ROOT))
    for name, _ in imports(file):
        places = ONLY_IN.get(name.split(".")[0])
        assert places is None or path.startswith(places), f"{name} belongs in {' or '.join(places or ())}"


@every_module
def test_scipy_stats_is_too_slow_to_import(file: Path) -> None:
    assert not any(
        name.startswith("scipy.stats") or (name == "scipy" and "stats" in taken) for name, taken in imports(file)
    )


@every_module
def test_sizes(file: Path) -> None:
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= MODULE_LINES, f"{lines} lines: another module wants out"
    for function in functions(file):
        length = (function.end_lineno or 0) - function.lineno + 1
        assert length <= FUNCTION_LINES, f"{function.name} has {length} lines"
        given = function.args
        parameters = len([*given.posonlyargs, *given.args, *given.kwonlyargs])
        assert parameters <= PARAMETERS, f"{function.name} has {parameters} parameters: a type is missing"


@every_module
def test_names_say_something(file: Path) -> None:
    assert not FORBIDDEN & set(file.relative_to(ROOT).with_suffix("").parts)
    assert not FORBIDDEN & set(file.stem.split("_"))


@every_module
def test_a_module_says_what_it_is(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert not tree.body or ast.get_docstring(tree)


def test_the_engines_face() -> None:
    assert engine.__all__ == sorted(engine.__all__, key=lambda name: (name.lower() == name, not name.isupper(), name))
    assert len(engine.__all__) == len(set(engine.__all__)) <= FACE
    assert all(hasattr(engine, name) for name in engine.__all__)


def test_the_scan_sees_something() -> None:
    """A scan that finds no module would pass everything above."""
    assert {"engine/arena.py", "engine/tasks/mmlu.py"} <= set(named(modules()))
    assert ("torch", ()) in set(imports(ROOT / "engine" / "local" / "weights.py"))
    assert sys.version_info >= (3, 11)
