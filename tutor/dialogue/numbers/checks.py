"""Every number of a learner's message in its stated role, held against the case and the calculator."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from labs import Case, intervals
from tutor.dialogue.numbers.case_numbers import CaseNumbers, case_numbers
from tutor.dialogue.numbers.equations import equation_before
from tutor.dialogue.numbers.quantities import Quantity, even, quantities, words_of

Role = Literal[
    "score", "rating", "gap", "count", "margin", "gap_margin", "interval", "standard_error", "p_value", "z", "share",
    "result",
]  # fmt: skip
Verdict = Literal["confirmed", "wrong", "misplaced", "unknown"]
_NEAR, _ROUGHLY = 0.12, 0.3  # how far a shortcut may lead, relatively, and how far “about”
_FAR = 0.18  # from here on a shortcut explains nothing
_Z = 1.96
_CONCLUSION = re.compile(
    r",? (?:so|hence|therefore|thus|which|but|así que|então|donc|deshalb|daher)\b|，|,(?=[\u3400-\u9fff])", re.I
)
_MOST, _REACH = 40, 240  # numbers of a message that are checked; letters around one that are read
_BELONGS_TO = r"\s*(?:\(|(?:for|by|from|bei|für|para|pour)\s+)"
_ONE = r"(?:one|1|a single|single|each|every|una?|ein|eine|une|uma?)"
_SMALL = (
    r"[\s,-]|lead|gap|difference|on|of|in|over|that|which|the|a|for|about|around|roughly|from"
    r"|vorsprung|ventaja|de|avance"
)
_PLUS_MINUS = (
    r"(?:±|\+\s?/\s?-|\+-|plus or minus|plus/minus|plus minus|give or take|más menos|más o menos"
    r"|plus ou moins|plus oder minus|plusminus|正负|正負)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberCheck:
    """One number of a message, held against the case and the calculator.

    role      what the learner says it is; "result" is what stands after an equals sign
    stated    as written
    verdict   "misplaced": it stands in the case, or follows from it, as something else
    right     the value in that role, shares and margins in percent or points; None where it cannot be told
    how       the calculation, without words; "" when the number simply stands in the case
    name      the model it is about, or the benchmark; "" for the gap and for both
    start     where it stands in the message
    """

    role: Role
    stated: str
    verdict: Verdict
    right: float | None = None
    how: str = ""
    name: str = ""
    start: int = 0


def check_numbers(text: str, case: Case) -> tuple[NumberCheck, ...]:
    """Every number of a learner's message whose role is clear, in order; the others are left out.

    A number is called wrong only when its role is explicit and the sentence is neither a question nor a supposition
    nor about something else: to correct somebody who is right is worse than to miss a slip. A bare ± that fits
    nothing is unknown. What a learner proposes is not checked, nor are names, years, shots and steps.

    >>> from labs import load_lab
    >>> humaneval = load_lab("lab1").cases[1]  # 71.3 against 68.3 percent of 164
    >>> for found in check_numbers("I get ±20 for Dune.", humaneval):
    ...     print(found.stated, found.role, found.verdict, "|", found.how)
    20 margin wrong | 1.96 × √(68.3 × 31.7 / 164) = 7.12
    """
    return _Message(text, case_numbers(case)).checks()


def figure(value: float) -> str:
    """A number as it is shown: two decimals below 10, one below 1000, without noughts at the end.

    >>> [figure(value) for value in (0.0692, 6.917, 71.34, 14042.0)]
    ['0.069', '6.92', '71.3', '14,042']
    """
    size = abs(value)
    decimals = 3 if size < 0.1 else 2 if size < 10 else 1 if size < 1000 else 0
    shown = f"{value:,.{decimals}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A part of the message in which one claim is made."""

    start: int
    end: int
    text: str


class _Message:
    """A message while it is checked: each rule takes the numbers whose role it knows, and the first rule wins."""

    def __init__(self, text: str, known: CaseNumbers) -> None:
        self.plain, self.known = even(text), known
        self.numbers = quantities(text)[:_MOST]
        self.found: dict[int, NumberCheck] = {}
        ends = [match.start() for match in re.finditer(r"[!?\n;。！？；।]|\.(?=\s|$)", self.plain)]
        self.sentences = [
            _Sentence(start, end, self.plain[start:end])
            for start, end in zip([0, *(end + 1 for end in ends)], [*ends, len(self.plain)], strict=True)
        ]
        self.paired = _has("guards", "paired", self.plain)

    def checks(self) -> tuple[NumberCheck, ...]:
        """All rules in turn, the most explicit first."""
        rules = (
            *(self._equation, self._range, self._margin, self._test_statistic, self._points_as_items),
            *(self._gap, self._solved, self._items, self._score, self._bare),
        )
        for rule in rules:
            for one in self.numbers:
                if one.start not in self.found:
                    rule(one)
        return tuple(self.found[start] for start in sorted(self.found))

    # ------------------------------------------------------------------ what the rules share

    def _note(self, one: Quantity, role: Role, verdict: Verdict, right: float | None = None, *why: str) -> None:
        """Writes the check down; `why` is how the value is found, and the name it is about."""
        how, name = (*why, "", "")[:2]
        if verdict == "confirmed" and role != "result" and {*one.readings} & self.known.values:
            how = ""  # the case says so itself
        self.found[one.start] = NumberCheck(
            role=role, stated=one.stated, verdict=verdict, right=right, how=how, name=name, start=one.start
        )

    def _sentence(self, one: Quantity) -> _Sentence:
        return next(sentence for sentence in reversed(self.sentences) if sentence.start <= one.start)

    def _before(self, one: Quantity) -> str:
        """What the sentence says up to the number, without a hedge right before it."""
        before = self.plain[max(self._sentence(one).start, one.start - _REACH) : one.start]
        return re.sub(rf"{words_of('before', 'about')}\s*$", "", before, flags=re.I) if one.about else before

    def _after(self, one: Quantity) -> str:
        return self.plain[one.end : min(self._sentence(one).end, one.end + _REACH)]

    def _sure(self, one: Quantity) -> bool:
        """Whether the learner states the number as a fact of this case."""
        sentence = self._sentence(one)
        if one.bound or one.ranged or self._asks(one) or _has("guards", "elsewhere", sentence.text):
            return False
        if re.match(r"\s*[/*×·^+-]\s*[\d(√]", self.plain[one.start + len(one.stated) :]):
            return False  # a part of a calculation
        near = self.plain[max(sentence.start, one.start - 40) : one.start]
        claim = sentence.text[: one.start - sentence.start] + _CONCLUSION.split(self._after(one))[0]
        return not (_has("guards", "unreal", claim) or _has("guards", "denied", near))

    def _speaks_of_the_case(self, one: Quantity) -> bool:
        """Whether all larger numbers of the sentence are the case's: another one may bring in another test."""
        sentence = self._sentence(one)
        return all(
            {*other.readings} & self.known.values
            or other.value < 50
            or other is one
            or (other.value <= 100 and other.step < 1)
            for other in self.numbers
            if sentence.start <= other.start < sentence.end
        )

    def _judge(
        self,
        one: Quantity,
        role: Role,
        right: float,
        *,
        how: str = "",
        name: str = "",
        near: float = 0.0,
        far: float = _FAR,
    ) -> bool:
        """Confirms what is right within rounding (or `near`) and corrects what is far off; whether it did either."""
        if _close(one, right, near):
            self._note(one, role, "confirmed", right, how, name)
        elif self._sure(one) and _far(one, right, far):
            self._note(one, role, "wrong", right, how, name)
        else:
            return False
        return True

    def _name_at(self, one: Quantity, link: str) -> str:
        """The model whose name stands before the number with nothing but such words between."""
        before = self._before(one)
        for name, pattern in self.known.names.items():
            for found in pattern.finditer(before):
                if re.fullmatch(rf"(?:[\s,:=(]|{link})*+", before[found.end() :], re.I):
                    return name
        after = self._after(one)
        for name, pattern in self.known.names.items():
            found_after = pattern.search(after)
            if found_after and re.fullmatch(_BELONGS_TO, after[: found_after.start()], re.I):
                return name
        return ""

    # ------------------------------------------------------------------ the rules

    def _equation(self, one: Quantity) -> None:
        equation = equation_before(self._before(one))
        if equation is None:
            return
        right = min(
            (equation.value, 100 * equation.value, equation.value / 100), key=lambda value: abs(value - one.value)
        )
        if right != equation.value and not (equation.percent or one.unit == "points" or abs(equation.value) < 1):
            right = equation.value
        if not _close(one, right, 0.03) and right != equation.value and not (0.2 < one.value / (right or 1) < 5):
            right = equation.value
        how = f"{equation.shown} = {figure(right)}"
        if _close(one, right, 0.02):
            self._note(one, "result", "confirmed", right, how)
        elif not self._asks(one) and not one.bound and not one.ranged and _far(one, right, 0.05):
            self._note(one, "result", "wrong", right, how)

    def _range(self, one: Quantity) -> None:
        """Both ends of an interval: a score with its margin, or what the case itself gives as a range."""
        at = self.numbers.index(one)
        if not one.ranged or at + 1 == len(self.numbers) or not self.numbers[at + 1].ranged:
            return
        other = self.numbers[at + 1]
        if {one.value, other.value} <= self.known.values:
            self._note(one, "interval", "confirmed", one.value)
            self._note(other, "interval", "confirmed", other.value)
            return
        centres, margins = self.known.scores or self.known.ratings, self.known.margins()
        for name, centre in centres.items():
            half = margins.get(name)
            slack = max(0.15 * half, 0.5 * one.step, 0.06) if half else 0
            if half and abs(one.value - centre + half) <= slack and abs(other.value - centre - half) <= slack:
                for end, right, sign in ((one, centre - half, "−"), (other, centre + half, "+")):
                    how = f"{figure(centre)} {sign} {figure(half)} = {figure(right)}"
                    self._note(end, "interval", "confirmed", right, how, name)
                return

    def _margin(self, one: Quantity) -> None:
        before = self._before(one)
        signed = re.search(rf"{_PLUS_MINUS}\s*$", before, re.I)
        named = re.search(rf"{words_of('cues', 'margin')}(?:\s|{words_of('cues', 'link')})*+$", before, re.I)
        loose = re.search(r"\bmargins?(?: of \w+)?\s+(?:would be|is|are|be|of|=)\s*(?:only\s*)?$", before, re.I)
        if not (signed or named or loose) or one.ranged:
            return
        n = self._other_items(one)
        margins = self.known.margins(n)
        if one.unit == "items":
            margins = (
                {name: half * (n or self.known.n or 0) / 100 for name, half in margins.items()} if self.known.n else {}
            )
        name = self._whose_margin(one)
        own = name is not None and name in margins
        for whose in (
            [name] if name is not None and own else sorted(margins, key=lambda whose: abs(margins[whose] - one.value))
        ):
            if _close(one, margins[whose], _NEAR):
                how = self._margin_formula(whose, n)
                self._note(one, "margin" if whose else "gap_margin", "confirmed", margins[whose], how, whose)
                return
        if not margins or (not self.known.ratings and self._fits_elsewhere(one, name, n)):
            return
        if name is None or not own or one.unit == "items" or (self.paired and not name):
            if signed and self._sure(one) and not self.known.ratings and one.unit != "items":
                self._note(one, "margin", "unknown")
            return
        self._correct_margin(one, name, margins, n)

    def _correct_margin(self, one: Quantity, name: str, margins: dict[str, float], n: int | None) -> None:
        """A margin that says whose it is and is not: another's, or nobody's."""
        right, how = margins[name], self._margin_formula(name, n)
        role: Role = "margin" if name else "gap_margin"
        others = [half for whose, half in margins.items() if whose != name and _close(one, half, 0.03)]
        sure = self._sure(one) if n is None else not (one.bound or self._asks(one))
        if sure and _far(one, right, _FAR):
            self._note(one, role, "misplaced" if others else "wrong", right, how, name)

    def _whose_margin(self, one: Quantity) -> str | None:
        """The model that a margin is said to belong to; "" for the gap, None when nothing says so."""
        before, after = self._before(one)[-60:], self._after(one)[:40]
        clause = re.split(r",|;| and | y | e | und | et |，", before)[-1]
        near = re.split(r",|;| and | y | e | und | et |，| so | hence ", after)[0]
        gap = words_of("cues", "gap_of_margin")
        if re.match(rf"\W*(?:for|of|on|in|para|de|pour|für|bei)?\s*(?:the|la|el|a|l'|den|der)?\s*{gap}", near, re.I):
            return ""
        named = [name for name, pattern in self.known.names.items() if pattern.search(clause) or pattern.search(near)]
        about_gap = re.search(gap, clause, re.I)
        if named and not about_gap:
            return named[0] if len(named) == 1 else None
        singles = [name for name in self.known.margins() if name]
        if (
            singles
            and not about_gap
            and re.search(r"\b(?:each|either|both|jeweils|cada uno|cada um|chacun)\b", clause + near, re.I)
        ):
            return min(singles, key=lambda name: abs(self.known.margins()[name] - one.value))
        return "" if about_gap and not named else None

    def _fits_elsewhere(self, one: Quantity, name: str | None, n: int | None) -> bool:
        """Whether the margin is a sound one of another kind: another level or test, a rough bound, a sum of two."""
        fits: list[float] = []
        said = f"{self.plain} {self.known.text}".casefold()
        others = {count for test, count in self.known.items.items() if test.split("-")[0] in said}
        for items in {n or self.known.n, *others} - {None}:
            assert items is not None
            margins = self.known.margins(items)
            singles = [half for name, half in margins.items() if name]
            if items != (n or self.known.n):
                fits += margins.values()
                continue
            own = [margins[name]] if name is not None and name in margins else [*margins.values()]
            fits += [half * level / _Z for half in own for level in (1.645, 2.576)]
            fits += [] if name == "" else [100 / math.sqrt(items)]  # a bound that holds for any share
            fits += [] if name else [sum(singles)]
            if _has("cues", "error", self._sentence(one).text):
                fits += [half / _Z for half in margins.values()]
        return any(_close(one, fit, _NEAR) for fit in fits)

    def _other_items(self, one: Quantity) -> int | None:
        """A number of items that the sentence supposes: “with 1,000 problems”. None without exactly one."""
        sentence = self._sentence(one)
        said = {
            int(other.value)
            for other in self.numbers
            if sentence.start <= other.start < sentence.end and other.unit == "items" and other is not one
            and other.value >= 20 and not other.ranged
            and other.value not in (self.known.n, *self.known.items.values())
        }  # fmt: skip
        return said.pop() if len(said) == 1 else None

    def _margin_formula(self, name: str, n: int | None) -> str:
        if not name:
            margins = self.known.margins(n)
            a, b = (half for whose, half in margins.items() if whose)
            return f"√({figure(a)}² + {figure(b)}²) = {figure(margins[''])}"
        if name in self.known.rating_margins:
            return ""
        score, items = self.known.scores[name], n or self.known.n
        half = self.known.margins(n)[name]
        return f"1.96 × √({figure(score)} × {figure(100 - score)} / {items:,}) = {figure(half)}"

    def _test_statistic(self, one: Quantity) -> None:
        """A standard error, z, or p."""
        known, before = self.known, self._before(one)
        if known.n is None or len(known.scores) != 2 or one.ranged:
            return
        a, b = known.scores.values()
        gap = intervals.separate_gap(a, b, known.n)
        link = words_of("cues", "link")
        clause = re.split(r",|;", before)[-1]
        if error := re.search(words_of("cues", "error"), clause, re.I):
            if re.search(
                rf"(?:^|\W|{link})(?:of \S+ )?(?:is|=|:|≈|of|about|hence|,|es|ist|é|est|是|为)?\s*$",
                clause[error.end() :],
            ):
                self._standard_error(one, clause)
            return
        if re.search(
            r"(?<![\w@])p(?:[- ]?(?:value|wert))?\s*(?:of|is|was|=|≈|:|~)\s*(?:about|around|roughly)?\s*$", before, re.I
        ):
            if any(abs(one.value - share) < 0.006 for score in (a, b) for share in (score / 100, 1 - score / 100)):
                return
            how = f"z = {figure(gap.z)}, p = {figure(gap.p_value)}"
            if abs(one.value - gap.p_value) <= max(0.15 * gap.p_value, 0.5 * one.step):
                self._note(one, "p_value", "confirmed", gap.p_value, how)
            elif self._sure(one) and not self.paired and one.value <= 1 and abs(one.value - gap.p_value) > 0.15:
                self._note(one, "p_value", "wrong", gap.p_value, how)
        elif re.search(
            r"(?<!\w)z(?:[- ]?(?:value|score|wert))?\s*(?:of|is|was|=|≈|:|~)\s*(?:about|around)?\s*$", before, re.I
        ):
            how = (
                f"{figure(abs(gap.points))} / {figure(abs(gap.points / gap.z))} = {figure(abs(gap.z))}" if gap.z else ""
            )
            if _close(one, abs(gap.z), 0.06):
                self._note(one, "z", "confirmed", abs(gap.z), how)
            elif self._sure(one) and not self.paired and _far(one, abs(gap.z), 0.4) and not _close(one, _Z, 0.03):
                self._note(one, "z", "wrong", abs(gap.z), how)

    def _standard_error(self, one: Quantity, clause: str) -> None:
        margins = self.known.margins()
        named = [name for name, pattern in self.known.names.items() if pattern.search(clause)]
        about_gap = re.search(words_of("cues", "gap_of_margin"), clause, re.I)
        whose = named if len(named) == 1 and not about_gap else [""] if about_gap and not named else []
        for name in whose or [*margins]:
            error = margins.get(name, 0) / _Z
            scale = 0.01 if one.value < error / 20 else 1  # as a share
            formula = self._margin_formula(name, None).removeprefix("1.96 × ").rpartition(" = ")[0]
            how = f"{formula} = {figure(error)}" if name else f"{figure(margins[''])} / 1.96 = {figure(error)}"
            if error and _close(one, scale * error, _NEAR):
                self._note(one, "standard_error", "confirmed", error, how, name)
                return
            if error and whose and self._sure(one) and scale == 1 and _far(one, error, 0.4) and not self.paired:
                self._note(one, "standard_error", "wrong", error, how, name)

    def _points_as_items(self, one: Quantity) -> None:
        """“3 points of 164 are five problems”, and “one problem is 0.6 points”."""
        n = self.known.n
        items_word, equals = words_of("units", "items"), words_of("cues", "equals")
        single = re.search(rf"\b{_ONE} {items_word}\s*(?:{equals}|\s)++$", self._before(one), re.I)
        if single and n and one.unit == "points":
            self._judge(one, "share", 100 / n, how=f"100 / {n:,} = {figure(100 / n)}", near=_NEAR, far=_ROUGHLY)
            return
        at = self.numbers.index(one)
        if one.unit != "items" or at == 0:
            return
        points, items = self.numbers[at - 1], float(n or 0)
        if points.unit == "items" and at > 1:
            points, items = self.numbers[at - 2], points.value
        between = self.plain[points.end : one.start].replace(self.numbers[at - 1].stated, "")
        if points.unit != "points" or not items or points.ranged or len(between) > 60:
            return
        if not re.fullmatch(rf"(?:{_SMALL}|{items_word})*{equals}(?:{_SMALL}|{equals})*+", between, re.I):
            return
        right = points.value * items / 100
        how = f"{figure(points.value)}% × {items:,.0f} = {figure(right)}"
        if math.floor(right) - 0.01 <= one.value <= math.ceil(right) + 0.01 or _close(one, right, _NEAR):
            self._note(one, "count", "confirmed", right, how)
        elif self._sure(one) and not points.about and _far(one, right, 0.25):
            self._note(one, "count", "wrong", right, how)

    def _gap(self, one: Quantity) -> None:
        known, before, after = self.known, self._before(one), self._after(one)
        if one.ranged or not self._says_gap(one, before):
            return
        if one.unit == "items":
            if known.gap and known.n and known.scores:
                self._gap_in_items(one)
            return
        right = self._gap_on(self._test_named(after) or self._test_named(before[-40:]))
        if right is None:
            if {*one.readings} & {*known.gap_by_test.values()}:
                self._note(one, "gap", "confirmed", one.value)
            return
        levels = [*(known.scores or known.ratings).values()]
        how = self._gap_formula()
        others = sorted(value for value in known.values if value > 20)
        differences = {abs(a - b) for a in others for b in others} | {*known.gap_by_test.values()}
        percent = self.plain[one.start : one.end].endswith(("%", "ercent"))
        relative = {100 * right / level for level in levels} if percent else set()
        if _close(one, right):
            self._note(one, "gap", "confirmed", right, how)
        elif any(_close(one, difference) for difference in {*differences, *relative}) and one.value < 20 + right:
            self._note(one, "gap", "confirmed", one.value)
        elif self._gap_is_stated(one):
            if one.value in (known.n, *levels):
                self._note(one, "gap", "misplaced", right, how)
            elif _far(one, right, _FAR) and one.value < 1000 and not {*one.readings} & known.values:
                self._note(one, "gap", "wrong", right, how)

    def _gap_on(self, test: str) -> float | None:
        """The gap on the benchmark that is named, on the case's own when none is; None when there is no single one."""
        known = self.known
        if known.gap_by_test:
            return known.gap_by_test.get(test)
        if (test and known.benchmark and test != known.benchmark) or re.search(
            r"\d points (?:above|ahead)", known.text
        ):
            return None
        return known.gap

    def _gap_formula(self) -> str:
        levels = [*(self.known.scores or self.known.ratings).values()]
        if len(levels) < 2:
            return ""
        return f"{figure(max(levels))} − {figure(min(levels))} = {figure(max(levels) - min(levels))}"

    def _gap_is_stated(self, one: Quantity) -> bool:
        """Whether the number can be nothing but the gap of this case."""
        if one.unit != "points" and not one.stated[0].isdecimal():
            return False
        before = self._before(one)
        near = before[-40:] + self._after(one)[:25].split(",")[0]
        items = (self.known.gap or 0) * (self.known.n or 0) / 100
        may_be_width = re.search(
            r"diff|gap|differ|diferen|écart|abstand|unterschied|differenz|差|अंतर|antar", before, re.I
        )
        widths = (
            [half * level for half in self.known.margins().values() for level in (1, 1 / _Z)] if may_be_width else []
        )
        return (
            self._sure(one)
            and not self._other_test(one)
            and self._speaks_of_the_case(one)
            and not any(_close(one, width, 0.03) for width in widths)  # “for the difference I get 9.8”
            and not _has("guards", "width", near)
            and not _has("guards", "measure", self._sentence(one).text)
            and not re.search(
                r"\b(?:an?|una|uma|um|une|eine[nrm]?)\s+(?:[\w-]+\s+)?$",
                re.split(words_of("cues", "gap"), before, flags=re.I)[0],
                re.I,
            )
            and not (one.unit == "" and (_close(one, round(items)) or _close(one, (self.known.gap or 0) / 100)))
        )

    def _says_gap(self, one: Quantity, before: str) -> bool:
        """Whether the words around a number make it the gap of the two."""
        link, gap = words_of("cues", "link"), words_of("cues", "gap")
        rest = self.plain[one.start + len(one.stated) : self._sentence(one).end]
        counts_more = re.match(rf" (?!{words_of('cues', 'goes_on')})[a-z]+", rest, re.I)
        if one.unit == "" and one.step == 1 and counts_more:
            return False
        filler = (
            r"(?:between|entre|zwischen|of|in|on|for|here|the|them|these|two|both|best|worst|and|score|scores|y|und|et)"
        )
        name = "|".join(pattern.pattern for pattern in self.known.names.values()) or "(?!)"
        if re.search(rf"{gap}(?:\s+(?:{filler}|{name})(?!\w))*+(?:\s|{link})*+$", before, re.I):
            return True
        if re.search(
            rf"{words_of('cues', 'by')}(?:\s+[\w'-]+){{0,3}}\s+(?:by|um|por|de)\s+(?:only |just |a mere )?$",
            before,
            re.I,
        ):
            return True
        if re.match(rf"[\s-]*{words_of('cues', 'apart')}", rest, re.I):
            return True
        if re.match(rf"[\s-]*{words_of('units', 'points')}\s*(?:की |का |de )?{words_of('cues', 'behind')}", rest, re.I):
            return True
        return one.unit == "points" and bool(re.search(rf"{words_of('cues', 'up')}\s*$", before, re.I))

    def _gap_in_items(self, one: Quantity) -> None:
        assert self.known.gap is not None and self.known.n
        right = self.known.gap * self.known.n / 100
        if math.floor(right) <= one.value <= math.ceil(right) or _close(one, right, 0.05):
            how = f"{figure(self.known.gap)}% × {self.known.n:,} = {figure(right)}"
            self._note(one, "count", "confirmed", right, how)

    def _test_named(self, text: str) -> str:
        """The benchmark that the text names, if one."""
        named = [
            test for test in {*self.known.items, *self.known.gap_by_test}
            if re.search(rf"(?<!\w){re.escape(test.split('-')[0])}(?!\w)", text, re.I)
        ]  # fmt: skip
        own = [test for test in named if re.search(rf"(?<!\w){re.escape(test)}(?!\w)", text, re.I)]
        return (own or named or [""])[0]

    def _other_test(self, one: Quantity) -> bool:
        """Whether the sentence names a benchmark that the case's scores are not from."""
        named = self._test_named(self._sentence(one).text)
        return bool(named) and named not in self.known.text.casefold()

    def _solved(self, one: Quantity) -> None:
        """How many items a model got right: “Cobalt solved 117”."""
        known = self.known
        if known.n is None or one.step != 1 or one.unit == "points" or one.ranged or one.value > known.n:
            return
        right = {name: known.right_answers(name) or 0 for name in known.scores}
        name = self._name_at(one, words_of("cues", "score"))
        fits = [whose for whose, count in right.items() if abs(one.value - count) <= 0.5 + 0.0005 * known.n]
        if not name:
            together = [other for other in self.numbers if other.value in [round(count) for count in right.values()]]
            if fits and len(together) == 2 and one in together and one.value > 100:
                self._note(one, "count", "confirmed", right[fits[0]], self._solved_formula(fits[0]), fits[0])
            return
        if name in fits:
            self._note(one, "count", "confirmed", right[name], self._solved_formula(name), name)
        elif fits and self._sure(one):
            self._note(one, "count", "misplaced", right[name], self._solved_formula(name), name)
        elif self._sure(one) and _far(one, right[name], 0.03) and name in right:
            of_n = re.match(
                rf"\W*(?:of|out of|/|von|de|sobre|sur)\s*(?:the\s*)?{known.n}\b",
                self._after(one).replace(",", ""),
                re.I,
            )
            if of_n and one.value >= right[name] / 3:
                self._note(one, "count", "wrong", right[name], self._solved_formula(name), name)

    def _solved_formula(self, name: str) -> str:
        score, n = self.known.scores[name], self.known.n
        return f"{figure(score)}% × {n:,} = {figure(self.known.right_answers(name) or 0)}"

    def _items(self, one: Quantity) -> None:
        """How many items a test has, and the gap in items."""
        known = self.known
        if one.ranged or one.unit == "points":
            return
        before = self._before(one)
        words = words_of("cues", "has")
        has = re.search(rf"(?<![\w-])([A-Za-z][\w-]+)\s+{words}(?:\s|{words})*+$", before[-60:], re.I)
        test = self._test_named(has[1]) if has else ""
        counts = {float(count): name for name, count in known.items.items()}
        counted = one.unit == "items" or re.search(r"(?<!\w)n\s*=\s*$", before, re.I)
        if test and one.unit == "items":
            self._judge(one, "count", float(known.items.get(test, 0) or 0), name=test, near=0.02, far=0.05)
        elif counted or (one.value in counts and one.value >= 1000):
            fits = [value for value in [float(known.n or 0), *counts] if value and _close(one, value, 0.0)]
            if fits:
                self._note(one, "count", "confirmed", fits[0], "", counts.get(fits[0], ""))
            elif known.gap and known.n and known.scores and one.unit == "items" and one.value < 1000 and not one.about:
                self._gap_in_items(one)

    def _score(self, one: Quantity) -> None:
        """A score or rating that belongs to a model by name."""
        known = self.known
        levels: dict[str, float] = known.scores or known.ratings
        role: Role = "score" if known.scores else "rating"
        if one.unit == "items" or one.ranged or not levels:
            return
        before = self._before(one)
        name = self._name_at(one, rf"{words_of('cues', 'score')}|{self._own_test()}")
        if name not in levels:
            return
        right, others = levels[name], [value for whose, value in levels.items() if whose != name]
        if _close(one, right):
            self._note(one, role, "confirmed", right, "", name)
        elif not self._sure(one) or not self._is_whole_score(one, before):
            return
        elif (others and _close(one, others[0])) or (one.value == known.n and role == "score"):
            if (abs(one.value - right) >= 1.5 * one.step or one.step < 1) and self._linked(one, name):
                self._note(one, role, "misplaced", right, "", name)
        elif {*one.readings} & known.values or self._other_test(one):
            return
        elif role == "rating" and 500 <= one.value <= 3000 and _far(one, right, 0.004):
            self._note(one, role, "wrong", right, "", name)
        elif role == "score" and (one.unit == "points" or (one.step < 1 and one.value > right / 2)):
            away = abs(one.value - right)
            if one.value <= 100 and away >= max(1.0, one.step) and (away > 8 or not one.about):
                self._note(one, role, "wrong", right, "", name)

    def _is_whole_score(self, one: Quantity, before: str) -> bool:
        """Whether nothing makes the number something else: a chance, an error rate, an interval's end, “10% more”."""
        after = self._after(one)
        closes = words_of("cues", "closes")
        return not (
            re.search(r"(?:\bby|\bto|\bon|\bmore|\banother|±)\s*$", before, re.I)
            or _has("guards", "measure", self._sentence(one).text)
            or (re.match(r"\s*[^\W\d]", after) and not re.match(rf"\s*{closes}|\s*{self._own_test()}", after, re.I))
        )

    def _linked(self, one: Quantity, name: str) -> bool:
        """Whether a verb or a sign ties the number to the name; “P has 85.9 and Q 86.4” ties both."""
        before = self._before(one)
        found = [*self.known.names[name].finditer(before)]
        if not found or before[found[-1].end() :].strip():
            return True
        sentence = self._sentence(one)
        return any(check.verdict == "misplaced" and check.start >= sentence.start for check in self.found.values())

    def _own_test(self) -> str:
        """The benchmark of the case, which may stand between a name and its score."""
        return r"(?:mmlu(?:-pro)?|humaneval|gsm8k|the (?:test|set|board|arena|blog|claim))"

    def _bare(self, one: Quantity) -> None:
        """A number of the case, quoted without a word on what it is."""
        known = self.known
        levels: dict[str, float] = known.scores or known.ratings
        if re.search(rf"{_PLUS_MINUS}\s*$", self._before(one), re.I):
            return
        if known.gap and one.unit == "points" and one.value == round(known.gap, 6) and one.value not in levels.values():
            self._note(one, "gap", "confirmed", known.gap, self._gap_formula())
            return
        for name, level in levels.items():
            exact = one.value == level or (one.unit == "points" and _close(one, level) and one.step <= 1)
            if exact and one.unit != "items":
                self._note(one, "score" if known.scores else "rating", "confirmed", level, "", name)
                return
        pair = [other.value for other in self.numbers if other.step == 1 and not other.unit]
        if one.value in pair and known.scores and {*pair} >= {float(round(level)) for level in levels.values()}:
            for name, level in levels.items():
                if _close(one, level):
                    self._note(one, "score", "confirmed", level, "", name)
        if (one.unit == "items" or one.step < 1) and one.value in known.values and one.start not in self.found:
            role: Role = "count" if one.unit == "items" else "score"
            self._note(one, role, "confirmed", one.value)

    def _asks(self, one: Quantity) -> bool:
        return self.plain[self._sentence(one).end : self._sentence(one).end + 1] in ("?", "？")


@cache
def _pattern(section: str, name: str) -> re.Pattern[str]:
    return re.compile(words_of(section, name), re.I)


def _has(section: str, name: str, text: str) -> bool:
    return bool(_pattern(section, name).search(text))


def _close(one: Quantity, right: float, near: float = 0.0) -> bool:
    """Whether the number is this value, rounding allowed for, and a hedge, and a shortcut that leads `near`."""
    if not one.value and right > 0:
        return False
    slack = max(0.5 * one.step + 1e-6, near * abs(right), 0.06 if near else 0)
    if one.about:
        slack = max(
            slack, _ROUGHLY * abs(right) if abs(right) < 20 else min(0.06 * abs(right), 5 if right <= 100 else 1e9)
        )
    return any(abs(value - right) <= slack for value in one.readings)


def _far(one: Quantity, right: float, far: float) -> bool:
    """Whether no rounding, hedge or shortcut explains the distance to this value."""
    away = max(one.step, far * abs(right)) * (1 if not one.about else 2.5)
    return all(abs(value - right) >= away - 1e-9 for value in one.readings)
