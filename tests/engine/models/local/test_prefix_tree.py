"""The forest of shared prefixes: nothing lost, nothing seen that should not be, nothing computed twice."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.models.local.prefix_tree import common_prefix, flatten, size

# A small alphabet and short sequences, so that shared prefixes, repeats and prefixes of each other are common.
sequence = st.lists(st.integers(0, 2), min_size=1, max_size=7)
forest = st.lists(sequence, min_size=1, max_size=9)


def prefixes(sequences: list[list[int]]) -> set[tuple[int, ...]]:
    """The nodes of the forest by definition: every distinct beginning."""
    return {tuple(s[: end + 1]) for s in sequences for end in range(len(s))}


def test_two_answers_to_one_question() -> None:
    tree = flatten([[5, 6, 7], [5, 6, 8, 9]])
    assert tree.tokens.tolist() == [5, 6, 7, 8, 9]
    assert tree.positions.tolist() == [0, 1, 2, 2, 3]
    assert tree.paths[1].tolist() == [0, 1, 3, 4]
    assert tree.sees[4].tolist() == [True, True, False, True, True]


@given(forest)
def test_each_path_gives_its_sequence_back(sequences: list[list[int]]) -> None:
    tree = flatten(sequences)
    for given_sequence, path in zip(sequences, tree.paths, strict=True):
        assert tree.tokens[path].tolist() == given_sequence
        assert tree.positions[path].tolist() == list(range(len(given_sequence)))


@given(forest)
def test_a_node_sees_itself_and_its_ancestors_and_nothing_else(sequences: list[list[int]]) -> None:
    tree = flatten(sequences)
    beginning = {
        int(node): tuple(s[: depth + 1])
        for s, p in zip(sequences, tree.paths, strict=True)
        for depth, node in enumerate(p)
    }
    expected = [
        [beginning[row][: len(beginning[column])] == beginning[column] for column in range(len(tree.tokens))]
        for row in range(len(tree.tokens))
    ]
    assert np.array_equal(tree.sees, np.array(expected))


@given(forest)
def test_every_distinct_beginning_is_computed_once(sequences: list[list[int]]) -> None:
    assert len(flatten(sequences).tokens) == size(sequences) == len(prefixes(sequences))


@given(forest, sequence)
def test_size_after_a_left_neighbour_counts_only_what_is_new(sequences: list[list[int]], neighbour: list[int]) -> None:
    """It is a neighbour only when it sorts before all of them, as the packing of items sees to."""
    after = min([neighbour, *sequences])
    assert size(sequences, after=after) == len(prefixes([*sequences, after]) - prefixes([after]))


@given(sequence, sequence, sequence)
def test_common_prefix(shared: list[int], first: list[int], second: list[int]) -> None:
    count = common_prefix(shared + first, shared + second)
    assert count >= len(shared)
    assert (shared + first)[:count] == (shared + second)[:count]
    assert (shared + first)[count : count + 1] != (shared + second)[count : count + 1] or count == len(shared + first)


def test_where_long_sequences_part() -> None:
    """At every place: the halving must neither stop early nor run over."""
    for length in (1, 2, 63, 64, 65, 200):
        whole = tuple(range(length))
        for at in range(length):
            assert common_prefix(whole, (*whole[:at], -1, *whole[at + 1 :])) == at
            assert common_prefix(whole, whole[:at]) == common_prefix(whole[:at], whole) == at


def test_nothing_is_shared_with_nothing() -> None:
    assert common_prefix([], [1]) == common_prefix([1], [2]) == 0
    assert size([]) == 0
