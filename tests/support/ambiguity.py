"""Whether a pattern can make `re` try many ways to match one text, so that it costs more than linear time.

A pattern is read by re's own parser and made an automaton whose states are its characters (Glushkov's). A backtracking
matcher takes each way through it before it gives a text up. There are exponentially many ways where two lead from a
state back to it on the same text, and polynomially many where one text leads from a state to itself, from another one
to itself, and from the first to the second (Weber and Seidl, "On the degree of ambiguity of finite automata", 1991).
Otherwise their number is bounded. A pattern that is looked for anywhere in a text begins with one more state, which
takes any character and comes back to itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from re import _compiler as compiler  # type: ignore[attr-defined]
from re import _constants as constants  # type: ignore[attr-defined] # how the standard library reads a pattern
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

CHARACTERS = [chr(code) for code in range(256)] + list("\u0130\u017f\u0661\u212a\u4e2d\U0001f600")
"""Of each kind that patterns of ours tell apart at least one."""
ANY = (1 << len(CHARACTERS)) - 1
MANY = 100
"""So many repeats are as many as a text has characters."""
START, SEARCH, END = -1, -2, -3
SETS = {constants.LITERAL, constants.NOT_LITERAL, constants.ANY, constants.IN}
REPEATS = {constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT}
LOOKS = {constants.ASSERT, constants.ASSERT_NOT}
ENDS = {constants.AT_END, constants.AT_END_STRING}
BEGINNINGS = {constants.AT_BEGINNING, constants.AT_BEGINNING_STRING}

States = tuple[int, ...]


class Part(NamedTuple):
    """The states that a part of a pattern begins and ends with, in how many ways each; in how many it is empty."""

    first: Counter[int]
    last: Counter[int]
    empty: int


EMPTY = Part(Counter(), Counter(), 1)


class Automaton:
    """A pattern's states, the characters that each takes, and the ways from one to the next."""

    def __init__(self, pattern: str, flags: int, *, anywhere: bool, whole: bool) -> None:
        """`anywhere`: it is looked for in a text; `whole`: it has to match up to the text's end."""
        parsed = parser.parse(pattern, flags)
        self._state, self._flags = parsed.state, parsed.state.flags
        self.takes: dict[int, int] = {START: 0, END: 0}
        self.follow: dict[int, Counter[int]] = {START: Counter(), END: Counter()}
        self.loops_on_nothing = False
        items = list(parsed)
        self.whole = whole or (bool(items) and _is_at(items[-1], ENDS))
        all_of_it = self._sequence(items)
        self._link(Counter({START: 1}), all_of_it.first)
        self._link(all_of_it.last, Counter({END: 1}))
        if anywhere and not (items and _is_at(items[0], BEGINNINGS)):
            self.takes[SEARCH] = ANY
            self.follow[SEARCH] = self.follow[START] + Counter({SEARCH: 1})

    def restless(self) -> dict[int, frozenset[int]]:
        """The states after which a text may still turn out not to match, and those that follow each of them."""
        states = {state for state in self.takes if self.whole or not self.follow[state][END]} - {START, END}
        return {state: frozenset(self.follow[state].keys() & states) for state in states}

    def _sequence(self, items: Iterable[Any]) -> Part:
        made = EMPTY
        for operator, argument in items:
            if operator in LOOKS:  # a way that leads nowhere: what is looked at is not matched by that
                seen = self._sequence(argument[1])
                made = made._replace(first=self._then(made, Part(seen.first, Counter(), 0)).first)
            elif operator is not constants.AT:
                made = self._then(made, self._part(operator, argument))
        return made

    def _then(self, one: Part, other: Part) -> Part:
        self._link(one.last, other.first)
        first, last = one.first + _times(other.first, one.empty), other.last + _times(one.last, other.empty)
        return Part(first, last, one.empty * other.empty)

    def _part(self, operator: Any, argument: Any) -> Part:  # noqa: ANN401 - what the parser returns has no types
        if operator in SETS:
            return self._character(operator, argument)
        if operator in REPEATS:
            return self._repeat(*argument)
        if operator is constants.SUBPATTERN:
            return self._sequence(argument[-1])
        if operator is constants.BRANCH:
            parts = [self._sequence(each) for each in argument[1]]
            return Part(
                _sum(each.first for each in parts), _sum(each.last for each in parts), sum(p.empty for p in parts)
            )
        raise NotImplementedError(f"what {operator} costs is not known here")

    def _character(self, operator: Any, argument: Any) -> Part:  # noqa: ANN401 - as above
        made, number = (
            compiler.compile(parser.SubPattern(self._state, [(operator, argument)]), self._flags),
            len(self.takes),
        )
        self.takes[number] = sum(1 << place for place, each in enumerate(CHARACTERS) if made.fullmatch(each))
        self.follow[number] = Counter()
        return Part(Counter({number: 1}), Counter({number: 1}), 0)

    def _repeat(self, least: int, most: int, body: Any) -> Part:  # noqa: ANN401 - as above
        made = EMPTY
        for _ in range(min(least, MANY)):
            made = self._then(made, self._sequence(body))
        if most > MANY:
            again = self._sequence(body)
            self.loops_on_nothing = self.loops_on_nothing or again.empty > 0
            self._link(again.last, again.first)
            return self._then(made, again._replace(empty=1))
        rest = EMPTY
        for _ in range(most - least):  # the last one first: after each it may be over
            joined = self._then(self._sequence(body), rest)
            rest = joined._replace(empty=joined.empty or 1)
        return self._then(made, rest)

    def _link(self, ends: Counter[int], beginnings: Counter[int]) -> None:
        for end, ways in ends.items():
            self.follow[end].update(_times(beginnings, ways))


def is_costly(pattern: str, flags: int = 0, *, anywhere: bool = True, whole: bool = True) -> bool:
    """Whether matching the pattern may cost more than linear time."""
    made = Automaton(pattern, flags, anywhere=anywhere, whole=whole)
    follow = made.restless()
    loops = [each for each in components(follow, follow.__getitem__) if len(each) > 1 or each & follow[min(each)]]
    pairs = [(one, other) for one in loops for other in loops if one is not other]
    return (
        made.loops_on_nothing
        or any(_comes_back_in_two_ways(made, follow, loop) for loop in loops)
        or any(_goes_over(made, follow, one, other) for one, other in pairs)
    )


def _comes_back_in_two_ways(made: Automaton, follow: dict[int, frozenset[int]], loop: frozenset[int]) -> bool:
    """Whether two ways lead from a state back to it on one text: the ways are twice as many with each round."""
    if any(made.follow[state][after] > 1 for state in loop for after in follow[state] & loop):
        return True
    after = _side_by_side(made, follow, (loop, loop))
    pairs = reachable([(state, state) for state in loop], after)
    return any(len({one == other for one, other in each}) > 1 for each in components(pairs, after))


def _goes_over(
    made: Automaton, follow: dict[int, frozenset[int]], first: frozenset[int], second: frozenset[int]
) -> bool:
    """Whether one text leads around both loops and from one to the other: after each round there is the choice."""
    after = _side_by_side(made, follow, (first, frozenset(follow), second))
    return any((one, other, other) in reachable(after((one, one, other)), after) for one in first for other in second)


def _side_by_side(
    made: Automaton, follow: dict[int, frozenset[int]], within: tuple[frozenset[int], ...]
) -> Callable[[States], list[States]]:
    """The states that the same character may lead to from several at once, each within its set."""

    @cache
    def after(states: States) -> list[States]:
        found: list[tuple[States, int]] = [((), ANY)]
        for state, where in zip(states, within, strict=True):
            found = [
                ((*before, following), both)
                for before, common in found
                for following in follow[state] & where
                if (both := common & made.takes[following])
            ]
        return [each for each, _ in found]

    return after


def reachable(begin: Iterable[States], after: Callable[[States], Iterable[States]]) -> set[States]:
    """The nodes of a graph that some lead to, and those."""
    found = set(begin)
    left = list(found)
    while left:
        new = set(after(left.pop())) - found
        found |= new
        left += new
    return found


def components(nodes: Iterable[Any], after: Callable[[Any], Iterable[Any]]) -> list[frozenset[Any]]:
    """The strongly connected components of a graph (Tarjan's algorithm)."""
    index: dict[Any, int] = {}
    low: dict[Any, int] = {}
    stack: dict[Any, None] = {}
    found: list[frozenset[Any]] = []
    work: list[tuple[Any, Iterator[Any]]] = []

    def enter(node: Any) -> None:  # noqa: ANN401 - nodes are of any type
        index[node] = low[node] = len(index)
        stack[node] = None
        work.append((node, iter(after(node))))

    for root in nodes:
        if root not in index:
            enter(root)
        while work:
            node, its = work[-1]
            following = next(its, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    whole = set[Any]()
                    while node not in whole:
                        whole.add(stack.popitem()[0])
                    found.append(frozenset(whole))
            elif following not in index:
                enter(following)
            elif following in stack:
                low[node] = min(low[node], index[following])
    return found


def _is_at(item: Any, places: set[Any]) -> bool:  # noqa: ANN401 - what the parser returns has no types
    return item[0] is constants.AT and item[1] in places


def _sum(counts: Iterable[Counter[int]]) -> Counter[int]:
    return sum(counts, Counter[int]())


def _times(counts: Counter[int], times: int) -> Counter[int]:
    return Counter({state: number * times for state, number in counts.items()}) if times else Counter()
