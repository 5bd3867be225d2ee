"""The endpoints that the operator names, in `endpoints.toml` of the data folder: one table a name.

    [qwen]
    url = "https://llm.example.org/v1"
    model = "qwen3-8b"
    key_env = "QWEN_KEY"        # the environment variable that holds the key, if it wants one
    visitors = true             # visitors may use it; false unless it is said
    title = "Qwen3 8B"
    licence = "Apache-2.0"

A key does not stand in the file. A mistake costs the table it is in and no other; it is a sentence for whoever asks for
that endpoint, and for nobody else.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import CallerMistake
from engine.home import home
from engine.models.address import check_address, is_model_name

FILE = "endpoints.toml"
KEYS: Mapping[str, type] = {
    "url": str,
    "model": str,
    "key_env": str,
    "visitors": bool,
    "title": str,
    "licence": str,
}
TYPES: Mapping[type, str] = {str: "a text", bool: "true or false"}
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
LARGEST = 1 << 20
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredEndpoint:
    """One table of the file."""

    name: str
    url: str
    model: str
    key_variable: str
    visitors: bool
    title: str
    licence: str


def read_endpoints() -> tuple[Mapping[str, ConfiguredEndpoint], Mapping[str, str]]:
    """The endpoints by name, and what is wrong with the others: a sentence by name, by "" for the whole file.

    Nothing is raised for what stands in the file; no file is no endpoint.
    """
    path = home() / FILE
    try:
        with path.open("rb") as file:
            held = file.read(LARGEST + 1)
    except FileNotFoundError:
        return {}, {}
    except OSError as error:
        return {}, {"": f"{FILE} cannot be read ({error.strerror}). Let the user who runs the app read it."}
    if len(held) > LARGEST:
        return {}, {"": f"{FILE} is larger than {LARGEST:,} bytes. Keep one small table an endpoint in it."}
    try:
        tables = tomllib.loads(held.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        return {}, {"": f"{FILE} is not TOML ({error}). Mend that place; docs/endpoints.md has an example."}
    endpoints: dict[str, ConfiguredEndpoint] = {}
    mistakes: dict[str, str] = {}
    for name, table in tables.items():
        try:
            endpoints[name] = _endpoint(name, table)
        except CallerMistake as mistake:
            mistakes[name] = str(mistake)
    return endpoints, mistakes


def _endpoint(name: str, table: Any) -> ConfiguredEndpoint:
    """Raises CallerMistake for what cannot stand in the file."""
    where = f"{FILE}, table [{ascii(name)[1:-1][:80]}]"
    if not isinstance(table, dict):
        raise CallerMistake(f"{FILE}: {name!r} stands outside of any table. Put it below a line such as [qwen].")
    if not NAME.fullmatch(name):
        raise CallerMistake(f"{where}: a name is small letters, digits, dots and dashes, 64 at most. Rename the table.")
    for key, value in table.items():
        _check(where, key, value)
    for key in ("url", "model"):
        if key not in table:
            raise CallerMistake(f"{where}: {key!r} is missing. Add it; docs/endpoints.md has an example.")
    check_address(table["url"], f"{where}: url")
    if not is_model_name(table["model"]):
        raise CallerMistake(f"{where}: model is {table['model'][:LONGEST_TEXT]!r}. Give the name its server knows.")
    variable = table.get("key_env", "")
    if "key_env" in table and not VARIABLE.fullmatch(variable):
        raise CallerMistake(
            f"{where}: key_env (not shown, it may be a key) is not the name of an environment variable. Put the key "
            "into a variable, and its name here, QWEN_KEY for instance."
        )
    return ConfiguredEndpoint(
        name=name,
        url=table["url"],
        model=table["model"],
        key_variable=variable,
        visitors=table.get("visitors", False),
        title=table.get("title", "").strip() or name,
        licence=table.get("licence", "").strip() or "the provider's terms",
    )


def _check(where: str, key: str, value: Any) -> None:
    """That a key is known, and its value of the right type. What may be a secret is not shown."""
    if key not in KEYS:
        secret = " A key itself may not stand in this file: name its environment variable with key_env."
        raise CallerMistake(
            f"{where}: there is no {ascii(key)[:80]} (value not shown).{secret if 'key' in key.lower() else ''} "
            f"There are: {', '.join(KEYS)}."
        )
    if type(value) is not KEYS[key]:
        shown = "not shown" if key == "key_env" else repr(value)[:80]
        raise CallerMistake(f"{where}: {key} is {shown}, of type {type(value).__name__}. Write {TYPES[KEYS[key]]}.")
    if isinstance(value, str) and (len(value) > LONGEST_TEXT or not value.isprintable()):
        raise CallerMistake(f"{where}: {key} is no single line of at most {LONGEST_TEXT} characters. Shorten it.")
