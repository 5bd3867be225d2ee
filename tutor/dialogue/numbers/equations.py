"""Plain arithmetic that a learner wrote out: “117/164 = 71.3%”, “1.96 × √(0.713 × 0.287 / 164) ≈ 0.069”, “3% of 164”.

Only numbers, + − × / ² √ ( ) and “of” are read; anything else in front of the equals sign, and nothing is found.
"""

from __future__ import annotations

import ast
import math
import re
from dataclasses import dataclass

_LONGEST = 120
_NUMBER = r"\d{1,7}(?:[.,]\d{1,6})*"
_WRITTEN = re.compile(
    rf"(?:{_NUMBER}\s*(?:%|percent|per cent|pp\b|points?\b|pts?\b)?"
    r"|sqrt|root of|[-+*/x×·÷()√²^]|\bof\b|\bout of\b|\s)++$",
    re.I,
)
_EQUALS = re.compile(
    r"(=|≈|\b(?:is|are|makes|means|gives|equals|son|es|ist|sind|são|font|est)\b|就是|等于|约)\s*$", re.I
)


@dataclass(frozen=True, slots=True)
class Equation:
    """What stands before an equals sign: `shown` with standard signs, its `value`, and whether a percent is in it."""

    shown: str
    value: float
    percent: bool


def equation_before(plain: str) -> Equation | None:
    """The calculation that this text ends with, equals sign included; None when there is none that is sure.

    >>> equation_before("and 3% of 164 is")
    Equation(shown='3% × 164', value=4.92, percent=True)
    >>> equation_before("root of 4 plus 5 =") is None
    True
    """
    plain = plain[-_LONGEST:]
    sign = _EQUALS.search(plain)
    if sign is None:
        return None
    written = _WRITTEN.search(plain[: sign.start()])
    if written is None:
        return None
    before = plain[: written.start()]
    if re.search(r"[\w.,'\u00b1<>≤≥]$", before) and not re.search(r"[\u3400-\u9fff,]$|[a-z]$", before, re.I):
        return None
    if re.search(
        r"(?:root|sqrt|times|minus|plus|by|divided|than|±|half|twice|von|raíz|raiz|racine|wurzel)\W*$", before, re.I
    ):
        return None
    expression = written[0].strip()
    if not re.fullmatch(r"[=≈]", sign[1]) and not re.search(r"[*/×·÷√²]|\bof\b", expression):
        return None
    return _read(expression)


def _read(expression: str) -> Equation | None:
    percent = bool(re.search(r"%|per ?cent|points?|pts?\b|pp\b", expression, re.I))
    expression = re.sub(r"^(\d+[.,]\d+)(\s+of\b)", r"\1%\2", expression, flags=re.I)  # “2.1 of 14,000”
    shares = re.search(r"(?:%|percent|per cent|points?|pts?|pp)\s*(?:of|\*|x|×|·)", expression, re.I)
    text = re.sub(r"(\d)\s*(?:%|percent|per cent|points?|pts?|pp)", r"\1%" if shares else r"\1", expression, flags=re.I)
    text = re.sub(r"\b(?:out )?of\b", "*" if shares else "/", re.sub(r"root of", "sqrt", text, flags=re.I), flags=re.I)
    text = re.sub(r"(?<=[\d.])\s*[xX]\s*(?=[\d(√s])", "*", text)
    shown = _shown(text)
    code = re.sub(_NUMBER, lambda number: _plain_number(number[0]), text)
    code = re.sub(r"(\d[\d.]*)%", r"(\1/100)", code)
    for sign, meant in (("×", "*"), ("·", "*"), ("÷", "/"), ("√", "sqrt"), ("²", "**2"), ("^2", "**2"), ("^", "**")):
        code = code.replace(sign, meant)
    code = re.sub(r"sqrt\s*(\d[\d.]*)", r"sqrt(\1)", code).strip()
    try:
        tree = ast.parse(code, mode="eval").body
        value = _value(tree)
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError, RecursionError, MemoryError):
        return None
    if isinstance(tree, ast.Constant) or not math.isfinite(value):
        return None
    return Equation(shown, round(value, 12), percent)


def _plain_number(written: str) -> str:
    if re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+", written):
        return written.replace(",", "")
    return (
        written.replace(",", ".").lstrip("0") or "0" if written[:2] not in ("0.", "0,") else written.replace(",", ".")
    )


def _shown(text: str) -> str:
    shown = re.sub(r"\s*(?:\*|×|·)\s*", " × ", text)
    shown = re.sub(r"(?<=[\d)%])\s*/\s*(?=[\d(√])", " / ", shown)
    shown = re.sub(r"(?<=[\d)%²])\s*-\s*(?=[\d(√])", " − ", shown)
    shown = re.sub(r"(?<=[\d)%²])\s*\+\s*(?=[\d(√])", " + ", shown)
    return re.sub(r"\s{2,}", " ", shown.replace("sqrt", "√").replace("^2", "²")).strip()


def _value(node: ast.AST) -> float:
    """The value of a tree of plain arithmetic. Raises ValueError at anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left), _value(node.right)
        if isinstance(node.op, ast.Add):
            return left + right
        if isinstance(node.op, ast.Sub):
            return left - right
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, ast.Div):
            return left / right
        if isinstance(node.op, ast.Pow) and right == 2:
            return left**2
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "sqrt"
        and len(node.args) == 1
    ):
        return math.sqrt(_value(node.args[0]))
    raise ValueError("no plain arithmetic")
