"""The shape of the code, checked: which room may use which, what nothing is called, how large anything may get.

Each test lists its offenders. The order of the rooms stands here and nowhere else; to change it, or a number, is a
decision with a record in docs/decisions.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import engine
import tutor.judge
from tests.loading import loaded

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("engine", "labs", "tutor", "pages", "app")
"""Each may import what stands left of it."""
ROOMS = {
    "engine": (
        *("lazy", "errors", "home", "device", "encoding", "spreadsheet", "text_file", "log_format"),
        "isolation",
        *("harness", "stats", "tasks", "models", "serving", "battles", "store", "runs"),
        *("analysis", "access", "logs", "report", "doctor", "cli"),
    ),
    "tutor": (
        "errors",
        "exchange",
        "text",
        "chat_model",
        "endpoint",
        "journal",
        "local_model",
        "diagnosis",
        "judge",
        "dialogue",
        "configuration",
        "__main__",
    ),
    "pages": ("format", "drawing", "charts", "server", "shared", "start", "battle", "logs", "learn", "operate"),
}
"""The staircases, from the ground up: a room uses only rooms before it."""
LARGEST_ROOM, CATALOGUE = 12, "engine/tasks/catalogue"
FUNCTION_LINES, PARAMETERS, FACE = 80, 8, 40
DEFINITIONS = 40  # of a module, private ones included: a file with more is a drawer
FORBIDDEN = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"}
ONLY_IN = {
    "streamlit": ("app.py", "pages/"),
    "starlette": ("app.py", "pages/server/"),
    "itsdangerous": ("pages/server/",),
    "torch": ("engine/models/local/",),
    "transformers": ("engine/models/local/",),
    "sqlite3": ("engine/store/",),
    "xxhash": ("engine/models/checksums.py",),
    "sqlalchemy": ("engine/store/", "tutor/journal"),
    "alembic": ("engine/store/", "tutor/journal"),
    "inspect_ai": ("engine/logs/readers/inspect.py",),
    "sympy": ("engine/tasks/scoring/symbolic.py",),
    "math_verify": ("engine/tasks/scoring/symbolic.py",),
    "reasoning_gym": ("engine/tasks/catalogue/reasoning_gym.py",),
    "openai": ("engine/models/",),
    "httpx2": ("engine/models/client.py", "engine/models/transport.py"),
    "httpcore2": ("engine/models/transport.py",),
    "instructor": ("engine/models/",),
    "tokenizers": ("tutor/judge/local/encoder.py",),
}


@functools.cache
def modules() -> tuple[str, ...]:
    """Every module of the product, as paths from the root."""
    files = [ROOT / "app.py", *(file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")))]
    return tuple(str(file.relative_to(ROOT)) for file in files if "__pycache__" not in file.parts)


@functools.cache
def tree(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


@functools.cache
def imports(module: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(module, names taken from it), those inside functions and for type checkers too."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found += [(alias.name, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: imports are written out"
            found.append((node.module or "", tuple(alias.name for alias in node.names)))
    return tuple(found)


def dotted(module: str) -> str:
    return module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@functools.cache
def arrows(module: str) -> frozenset[str]:
    """The modules of the product that this one imports; `from room import module` counts as the module."""
    known = {dotted(each): each for each in modules()}
    found = set()
    for name, taken in imports(module):
        inner = {f"{name}.{each}" for each in taken} & known.keys()
        found |= {known[each] for each in inner}
        if name in known and (not taken or len(inner) < len(taken)):
            found.add(known[name])
    return frozenset(found - {module})


def room(module: str) -> tuple[str, int] | None:
    """A module's package and the floor of its room; None for a package's own face and command."""
    package, _, inside = module.partition("/")
    name = inside.partition("/")[0].removesuffix(".py")
    order = ROOMS.get(package, ())
    return (package, order.index(name)) if name in order else None


def functions(module: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(module)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_packages_use_only_those_before_them() -> None:
    def package(module: str) -> int:
        return PACKAGES.index(module.partition("/")[0].removesuffix(".py"))

    assert [(a, b) for a in modules() for b in arrows(a) if package(b) > package(a)] == []


def test_rooms_use_only_rooms_below_them() -> None:
    offenders = []
    for module in modules():
        for other in arrows(module):
            here, there = room(module), room(other)
            if here and there and here[0] == there[0] and there[1] > here[1]:
                offenders.append(f"{module} -> {other}")
    assert sorted(offenders) == []


def test_no_circles() -> None:
    """No module reaches itself, by imports inside functions neither."""
    done: set[str] = set()
    circles: list[str] = []

    def visit(module: str, path: tuple[str, ...]) -> None:
        if module in path:
            circles.append(" -> ".join((*path[path.index(module) :], module)))
        elif module not in done:
            for other in sorted(arrows(module)):
                visit(other, (*path, module))
            done.add(module)

    for module in modules():
        visit(module, ())
    assert circles == []


def test_packages_meet_at_their_faces() -> None:
    """Another package's names are taken from it or from one of its rooms, and nothing private."""
    offenders = []
    for module in modules():
        home = module.partition("/")[0].removesuffix(".py")
        for name, taken in imports(module):
            package, *inside = name.split(".")
            if package in PACKAGES and package != home and (len(inside) > 1 or any(t.startswith("_") for t in taken)):
                offenders.append(f"{module}: {name} {taken}")
    assert offenders == []


def test_heavy_libraries_stay_where_they_belong() -> None:
    offenders = [
        f"{module}: {name}"
        for module in modules()
        for name, taken in imports(module)
        if not module.startswith(ONLY_IN.get(name.split(".")[0], (module,)))
        or name.startswith("scipy.stats")  # two seconds
        or (name == "scipy" and "stats" in taken)
    ]
    assert offenders == []


def test_importing_the_engine_loads_nothing_heavy() -> None:
    heavy = {"torch", "streamlit", "sqlalchemy", "scipy", "openai", "pandas", "datasets", "pyarrow"}
    assert loaded(heavy, "import engine") == [set()]


def test_rooms_are_not_crowded() -> None:
    folders = {(ROOT / module).parent for module in modules() if not module.startswith(CATALOGUE)} - {ROOT}
    sizes = {
        str(folder.relative_to(ROOT)): sum(file.name != "__init__.py" for file in folder.glob("*.py"))
        for folder in folders
    }
    assert {name: size for name, size in sizes.items() if size > LARGEST_ROOM} == {}


def test_sizes() -> None:
    """Functions that fit a screen, a type in place of many parameters, and no file that holds everything."""
    offenders = []
    for module in modules():
        held = [node for node in tree(module).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        if len(held) > DEFINITIONS:
            offenders.append(f"{module} holds {len(held)} definitions")
        for function in functions(module):
            length = (function.end_lineno or 0) - function.lineno + 1
            given = function.args
            parameters = len([*given.posonlyargs, *given.args, *given.kwonlyargs])
            if length > FUNCTION_LINES or parameters > PARAMETERS:
                offenders.append(f"{module}: {function.name} has {length} lines and {parameters} parameters")
    assert offenders == []


def test_public_functions_describe_their_parameters() -> None:
    """Those of three or more: in the function's docstring or its class's; of a protocol's method, in the protocol's."""
    offenders, protocols = [], set()
    for module in modules():
        if module.startswith(("engine/", "labs/", "tutor/")):
            for owner, function in public_functions(tree(module)):
                if owner and any(isinstance(base, ast.Name) and base.id == "Protocol" for base in owner.bases):
                    protocols.add(function.name)
                told = f"{ast.get_docstring(function)} {owner and ast.get_docstring(owner)}"
                given = function.args
                names = {a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)} - {"self", "cls"}
                if len(names) >= 3 and "parameters are those of" not in told:
                    missing = sorted(name for name in names if not re.search(rf"\b{name.strip('_')}\b", told))
                    offenders += [(function.name, f"{module}: {function.name} does not describe {missing}")] * bool(
                        missing
                    )
    assert [told for name, told in offenders if name not in protocols] == []


def public_functions(module: ast.Module) -> Iterator[tuple[ast.ClassDef | None, ast.FunctionDef]]:
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield None, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                    yield node, method


def test_pages_change_battles_on_behalf_of_a_person_alone() -> None:
    """Through `engine.access`, which asks who it is: what a page leaves out of a widget, a forged one brings back."""
    kept = {"runs": {"start", "stop", "resume", "probe", "rename", "delete"}, "repeats": {"start", "stop", "resume"}}
    offenders = []
    for module in modules():
        if module.startswith(("pages/", "app.py")):
            offenders += [
                f"{module}:{node.lineno} {node.value.id}.{node.attr}"
                for node in ast.walk(tree(module))
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
                if node.attr in kept.get(node.value.id, ())
            ]
            offenders += [
                f"{module}: {name} {taken}"
                for name, taken in imports(module)
                if name == "engine.store" or set(taken) & kept.get(name.split(".")[-1], set())
            ]
    assert offenders == []


def test_names_say_something() -> None:
    assert [
        m for m in modules() if FORBIDDEN & {word for part in Path(m).parts for word in Path(part).stem.split("_")}
    ] == []


def test_every_module_says_what_it_is() -> None:
    assert [module for module in modules() if tree(module).body and not ast.get_docstring(tree(module))] == []


def test_the_engines_face() -> None:
    assert engine.__all__ == sorted(engine.__all__, key=lambda name: (name.lower() == name, not name.isupper(), name))
    assert len(engine.__all__) == len(set(engine.__all__)) <= FACE
    assert all(hasattr(engine, name) for name in engine.__all__)


@pytest.mark.parametrize("face", [engine, tutor, tutor.judge], ids=lambda face: face.__name__)
def test_lazy_faces_show_the_same_to_type_checkers(face: ModuleType) -> None:
    """They name what they show twice: in imports for type checkers, and for `lazy_face`."""
    module = f"{face.__name__.replace('.', '/')}/__init__.py"
    typed = [name for source, taken in imports(module) for name in taken if source.startswith(face.__name__ + ".")]
    assert sorted(set(typed) - {"lazy_face"}) == sorted(face.__all__)


def test_the_scan_sees_something() -> None:
    """A scan that finds no module would pass everything above."""
    assert {"engine/runs/worker.py", "engine/tasks/catalogue/mmlu.py"} <= set(modules())
    assert ("torch", ()) in imports("engine/models/local/weights.py")
    assert "engine/errors.py" in arrows("engine/home.py")
