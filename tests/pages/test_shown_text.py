"""Whatever somebody else wrote is shown as text: a scan of every place in which a page hands words to Streamlit."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from tests.test_architecture import functions, modules, tree

READS_MARKDOWN = {
    *("markdown", "caption", "title", "header", "subheader", "write", "info", "warning", "error", "success", "toast"),
    *("metric", "button", "page_link", "link_button", "progress", "expander", "popover", "spinner", "badge", "table"),
    *("radio", "segmented_control", "pills", "checkbox", "toggle", "text_input", "text_area", "number_input"),
    *(
        "selectbox",
        "multiselect",
        "slider",
        "select_slider",
        "file_uploader",
        "download_button",
        "tabs",
        "write_stream",
    ),
}
WORDS = {"label", "body", "text", "help"}
"""The arguments that are read as Markdown, besides the first."""
ESCAPES = {"plain", "in_words", "defined"}
NUMBERS = {"len", "sum", "min", "max", "signed"}
"""Functions that give numbers, or words of them."""
KNOWN = {
    "pages/battle/battle.py": ("progress.battle.seed", "result.task.title"),
    "pages/battle/report/settings_list.py": ("_row(setting)",),
    "pages/battle/setup/forecast_fields.py": ("-left",),
    "pages/battle/setup/model_picker.py": ("card.licence_link", "label"),
    "pages/battle/setup/setup.py": (
        *("_stock(task)", "_told(limits)", "pilot.differed"),
        *("task.about", "task.advice(harness.shots)", "task.licence", "task.shots"),
    ),
    "pages/battle/watch.py": ("_promise(progress.battle, trail)",),
    "pages/learn/endpoint_report.py": ("done", "exam.failures", "of", "step.name"),
    "pages/learn/exercises/calculator.py": ("_in_words(gap)", "_span(wald)", "_span(wilson)", "design", "side"),
    "pages/learn/exercises/plan_fields.py": ("number", "title"),
    "pages/learn/exercises/sheet_fields.py": ("label",),
    "pages/learn/lab.py": ("lab.minutes", "notice"),
    "pages/learn/labs.py": ("lab.minutes",),
    "pages/learn/local_model_card.py": ("done", "local_model.LICENCE", "local_model.TITLE", "of", "told(speed.reply)"),
    "pages/learn/talk/case_card.py": ("icon",),
    "pages/learn/talk/check_question.py": ("_marked(result, result.after)", "_marked(result, result.before)"),
    "pages/learn/talk/keep_tab.py": ("line", "title"),
    "pages/learn/talk/lesson.py": ("block", "body"),
    "pages/learn/talk/progress_dots.py": ("dots(progress.counted)",),
    "pages/learn/talk/talk_view.py": (
        "_status(exchange, lab_progress(now.exchanges[:number]).counted)",
        "_with_line_breaks(exchange.learner)",
    ),
    "pages/logs/log_example.py": ("st.get_option('server.maxUploadSize')",),
    "pages/learn/tutor_settings.py": ("local_model_card.told(tutor.reply_seconds)", "notice"),
    "pages/logs/log_upload.py": ("overview.count", "overview.kind", "side"),
    "pages/logs/own_logs.py": ("log_example.about_example()",),
    "pages/operate/operator.py": ("label", "told"),
    "pages/shared/decomposition_report.py": ("line",),
    "pages/shared/download.py": ("label",),
    "pages/shared/verdict_card.py": ("verdict.interval.method", "verdict.p_method"),
    "pages/start/home.py": ("battle.provenance", "load_task(battle.task).title"),
}
"""Words looked at and found to be the product's own, or numbers, or escaped where they are made. A lesson is its author's
Markdown on purpose: whoever installs a course pack trusts it."""


def test_whatever_others_wrote_is_escaped_where_markdown_is_read() -> None:
    assert sorted(raw()) == []


def test_nothing_is_kept_as_known_that_is_no_more() -> None:
    everything = raw(known={})
    assert [
        f"{module}: {words}" for module, all in KNOWN.items() for words in all if f"{module}: {words}" not in everything
    ] == []


def test_the_scan_finds_what_nobody_escaped() -> None:
    page = ast.parse(
        "st.markdown(f'{plain(name)} and {n:,} and {name}')\nst.table(rows)\nleft.caption(' '.join(names))"
    )
    found = [ast.unparse(bad) for node in page.body for bad in unsafe(node.value.args[0], {})]  # type: ignore[attr-defined]
    assert found == ["name", "rows", "names"]


def raw(known: Mapping[str, Sequence[str]] = KNOWN) -> set[str]:
    """Words that reach Streamlit as they are."""
    found = set()
    for module in modules():
        if module.startswith(("pages/", "app.py")):
            for call, scope in calls(module):
                first = call.args[:1] if call.func.attr != "progress" else []  # a number
                words = [*first, *(given.value for given in call.keywords if given.arg in WORDS)]
                found |= {f"{module}: {ast.unparse(bad)}" for each in words for bad in unsafe(each, scope)}
    return found - {f"{module}: {words}" for module, every in known.items() for words in every}


Scope = dict[str, list[ast.expr]]


def calls(module: str) -> Iterator[tuple[ast.Call, Scope]]:
    """Calls of an element, with what the names around them were given."""
    inside: dict[ast.AST, Scope] = {}
    for function in functions(module):
        scope = assigned(function)
        inside |= dict.fromkeys(ast.walk(function), scope)
    top = assigned(tree(module))
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READS_MARKDOWN:
            yield node, inside.get(node, top)


def assigned(owner: ast.AST) -> Scope:
    scope: Scope = {}
    for node in ast.walk(owner):
        if isinstance(node, ast.Assign | ast.NamedExpr | ast.AugAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    scope.setdefault(target.id, []).append(node.value)
    return scope


def unsafe(node: ast.expr, scope: Scope, seen: frozenset[str] = frozenset()) -> list[ast.expr]:
    """The parts of an expression that may hold what somebody else wrote."""
    inner: list[ast.expr]
    match node:
        case ast.Constant():
            return []
        case ast.FormattedValue(format_spec=ast.JoinedStr()):
            return []  # of a number: a text would be refused by it
        case ast.FormattedValue(value=value):
            inner = [value]
        case ast.JoinedStr(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.BoolOp(values=parts):
            inner = parts
        case ast.BinOp(left=left, right=right):
            inner = [left, right]
        case ast.IfExp(body=body, orelse=orelse):
            inner = [body, orelse]
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in ESCAPES | NUMBERS:
            return []
        case ast.Call(func=ast.Attribute(value=ast.Name(id="figures"))):
            return []
        case ast.Call(func=ast.Attribute(value=ast.Name(id="progress_dots"), attr="dots")):
            return []
        case ast.Call(func=ast.Attribute(value=separator, attr="join"), args=[what]):
            inner = [separator, what]
        case ast.Call(func=ast.Attribute(value=what, attr="capitalize" | "rstrip" | "strip"), args=[]):
            inner = [what]
        case ast.GeneratorExp(elt=each) | ast.ListComp(elt=each) | ast.Starred(value=each):
            inner = [each]
        case ast.Dict(values=values):
            inner = values
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)) if name.isupper():
            return []  # a constant
        case ast.Name(id=name) if name in seen:
            return []
        case ast.Name(id=name) if name in scope:
            inner, seen = scope[name], seen | {name}
        case ast.Call(func=ast.Attribute(value=ast.Name(id="pd"), attr="DataFrame"), args=[rows, *_]):
            inner = [rows]
        case ast.Call(func=ast.Attribute(value=what, attr="set_index")):
            inner = [what]
        case _:
            return [node]
    return [bad for each in inner for bad in unsafe(each, scope, seen)]
