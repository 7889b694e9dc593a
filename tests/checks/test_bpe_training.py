"""The oracle of both trainers' checks by hand; what answers that are partly right earn and read."""

import json
from collections import Counter, defaultdict
from heapq import heapify, nlargest
from itertools import pairwise
from operator import neg
from pathlib import Path

import numpy as np
import pytest

from course_lib.checks import check
from course_lib.checks.ex3_bpe._merges import Corpus, merges_differ, parts_of, words_of
from course_lib.checks.ex3_bpe.fast_train_bpe import CHECK, COUNTED, MAX_STEPS, run
from course_lib.tokenizer.bpe import merge, train_bpe
from course_lib.tokenizer.fast_train import fast_train_bpe
from course_lib.tokenizer.pretokenize import pretokens

ROOT = Path(__file__).parents[2]
BY_HAND = [(b"a", b"a"), (b"aa", b"a"), (b"aaa", b"b")]


def test_aaabdaaabac_by_hand():
    corpus = Corpus("aaabdaaabac")
    assert corpus.commonest() == (4, (b"a", b"a"))
    corpus.merge((b"a", b"a"))
    assert corpus.count((b"a", b"a")) == 0
    assert corpus.count((b"aa", b"a")) == corpus.count((b"a", b"b")) == 2
    assert corpus.commonest() == (2, (b"aa", b"a"))
    assert merges_differ("aaabdaaabac", 3, (), BY_HAND, ties=True) is None


@pytest.mark.parametrize(
    ("merges", "ties", "words"),
    [
        ([], True, "expected 3 merges, got 0; the next is (b'a', b'a'), which stands 4 times"),
        ([*BY_HAND, (b"a", b"c")], True, "expected 3 merges, then the vocabulary is full; got 4"),
        ([(b"a", b"b")], False, "(b'a', b'a'), which stands 4 times; got (b'a', b'b'), which sta"),
        ([(b"a", b"a"), (b"a", b"b")], True, "Both stand twice"),
        ([(b"a", b"a"), (b"a", b"b"), (b"aa", b"ab")], False, None),
        ([(b"a", b"a"), (b"xy", b"z")], False, "got (b'xy', b'z'), which stands nowhere"),
    ],
)
def test_wrong_merges_are_told_in_words(merges, ties, words):
    problem = merges_differ("aaabdaaabac", 3, (), merges, ties)
    assert problem is None if words is None else words in problem


def test_a_text_that_runs_out_of_pairs_has_fewer_merges():
    assert merges_differ("ab", 5, (), [(b"a", b"b")], ties=True) is None
    problem = merges_differ("ab", 5, (), [(b"a", b"b"), (b"b", b"a")], ties=True)
    assert problem == "expected 1 merge, then no word has two tokens left; got 2"
    assert "expected no merge" in merges_differ("", 5, (), [(b"a", b"b")], ties=True)


def test_the_longest_special_token_is_cut_out():
    assert list(parts_of("x<a><b>y<a>", ["<a>", "<a><b>"])) == ["x", "y", ""]
    text = "It's 12 cats,\n\n  said<a>Ω  don't"
    assert words_of(text, ["<a>"]) == list(pretokens(text, ["<a>"]))


def test_merges_are_those_of_a_list_of_tokens_for_each_word():
    """Counted again at every merge, over all places of all words of the text."""
    text = "すもももももももものうち ababab aaaa aaaaa banana bandana " * 2
    words = [[bytes([b]) for b in word.encode()] for word in words_of(text)]
    corpus = Corpus(text)
    for _ in range(40):
        counts = Counter(pair for word in words for pair in pairwise(word))
        if not counts:
            break
        n, best = max((n, pair) for pair, n in counts.items())
        assert corpus.commonest() == (n, best)
        corpus.merge(best)
        for word in words:
            for i in range(len(word)):
                if word[i : i + 2] == list(best):
                    word[i : i + 2] = [b"".join(best)]


def textbook(text, vocab_size, special_tokens=()):
    """The reference, written out, since calling it is refused."""
    vocab = {i: bytes([i]) for i in range(256)}
    words, merges = Counter(tuple(w.encode()) for w in pretokens(text, special_tokens)), []
    while len(vocab) + len(special_tokens) < vocab_size:
        counts = Counter()
        for word, n in words.items():
            for pair in pairwise(word):
                counts[pair] += n
        if not counts:
            break
        a, b = max(counts, key=lambda p: (counts[p], vocab[p[0]], vocab[p[1]]))
        merges.append((vocab[a], vocab[b]))
        vocab[len(vocab)] = vocab[a] + vocab[b]
        words = {tuple(merge(word, (a, b), len(vocab) - 1)): n for word, n in words.items()}
    return vocab | {len(vocab) + i: t.encode() for i, t in enumerate(special_tokens)}, merges


def without_a_heap(text, vocab_size, special_tokens=(), best=None):
    """Right, with counts that are kept and an index, and `max` over all pairs, all of it in C."""
    best = best or (lambda counts: max(zip(counts.values(), counts.keys(), strict=True))[1])
    counted = Counter(pretokens(text, special_tokens))
    words, numbers = [[bytes([b]) for b in w.encode()] for w in counted], list(counted.values())
    counts, index, merges = Counter(), defaultdict(set), []

    def change(i, sign):
        for pair in pairwise(words[i]):
            counts[pair] += sign * numbers[i]
            index[pair].add(i)

    for i in range(len(words)):
        change(i, 1)
    while len(merges) < vocab_size - 256 - len(special_tokens):
        if not counts or not counts[pair := best(counts)]:
            break
        merges.append(pair)
        for i in index.pop(pair):
            change(i, -1)
            words[i] = merge(words[i], pair, b"".join(pair))
            change(i, 1)
    tokens = [bytes([b]) for b in range(256)] + [a + b for a, b in merges]
    return dict(enumerate([*tokens, *(t.encode() for t in special_tokens)])), merges


def without_a_heap_by_a_loop(text, vocab_size, special_tokens=()):
    def best(counts):
        top = None
        for pair, n in counts.items():
            if top is None or (n, pair) > top:
                top = n, pair
        return top[1]

    return without_a_heap(text, vocab_size, special_tokens, best)


def without_tie_break(text, vocab_size, special_tokens=()):
    def best(counts):
        return min(counts.items(), key=lambda item: (-item[1], item[0]))[0]

    return without_a_heap(text, vocab_size, special_tokens, best)


def by_list_sort(text, vocab_size, special_tokens=()):
    def best(counts):
        items = list(zip(counts.values(), counts.keys(), strict=True))
        items.sort()
        return items[-1][1]

    return without_a_heap(text, vocab_size, special_tokens, best)


def by_nlargest(text, vocab_size, special_tokens=()):
    def best(counts):
        return nlargest(2, zip(counts.values(), counts.keys(), strict=True))[0][1]

    return without_a_heap(text, vocab_size, special_tokens, best)


def by_a_heap_built_anew(text, vocab_size, special_tokens=()):
    def best(counts):
        heap = list(zip(map(neg, counts.values()), counts.keys(), strict=True))
        heapify(heap)
        return heap[0][1]

    return without_a_heap(text, vocab_size, special_tokens, best)


def by_most_common(text, vocab_size, special_tokens=()):
    return without_a_heap(text, vocab_size, special_tokens, lambda n: n.most_common(2)[0][0])


def by_numpy(text, vocab_size, special_tokens=()):
    def best(counts):
        return list(counts)[int(np.fromiter(counts.values(), int).argmax())]

    return without_a_heap(text, vocab_size, special_tokens, best)


@pytest.mark.parametrize("trainer", [by_a_heap_built_anew, by_most_common])
def test_a_look_at_all_pairs_out_of_sight_is_counted(trainer):
    report = check("ex3_bpe/fast-train-bpe", trainer)
    assert {f.name for f in report.findings if not f.passed} == {"ties", "best"}, str(report)


def test_numpy_is_refused_where_steps_are_counted():
    report = check("ex3_bpe/fast-train-bpe", by_numpy)
    missed = {f.name: f.message for f in report.findings if not f.passed}
    assert missed.keys() == {"ties", "touched", "best"}, str(report)
    assert "numpy may not be called here" in missed["best"]


@pytest.mark.parametrize(
    ("trainer", "lost", "bugs"),
    [
        (textbook, {"touched": 3, "best": 2}, ["counts-everything-anew"]),
        (without_a_heap, {"best": 2}, ["all-pairs-searched"]),
        (by_list_sort, {"best": 2}, ["all-pairs-searched"]),
        (by_nlargest, {"best": 2}, ["all-pairs-searched"]),
        (without_a_heap_by_a_loop, {"best": 2}, ["all-pairs-searched"]),
        (without_tie_break, {"ties": 1, "best": 2}, ["lowest-pair", "all-pairs-searched"]),
    ],
)
def test_what_is_right_but_slow_earns_its_part(trainer, lost, bugs):
    report = check("ex3_bpe/fast-train-bpe", trainer)
    assert {f.name: f.max_points for f in report.findings if not f.passed} == lost, str(report)
    assert report.bugs == bugs
    message = next(f.message for f in report.findings if f.name == "best")
    assert "400,000 are allowed" in message


def test_a_tie_break_costs_the_tie_breaks_points_alone():
    report = check("ex3_bpe/train-bpe", without_tie_break)
    assert [f.name for f in report.findings if not f.passed] == ["ties"], str(report)


def test_work_done_out_of_sight_earns_nothing():
    known = {}
    for case in CHECK.drawn_cases(0):
        known[case.inputs["text"]] = fast_train_bpe(*case.inputs.values())
    report = check("ex3_bpe/fast-train-bpe", lambda text, *rest: known.get(text))
    missed = {f.name: f.message for f in report.findings if not f.passed}
    assert missed.keys() == COUNTED.keys()
    assert "fewer than there are merges" in missed["touched"]


def test_the_courses_own_trainers_are_refused():
    for exercise, trainer in [
        ("ex3_bpe/train-bpe", lambda *inputs: fast_train_bpe(*inputs)),
        ("ex3_bpe/fast-train-bpe", lambda *inputs: train_bpe(*inputs)),
    ]:
        report = check(exercise, trainer)
        assert report.points == 0
        assert "does the work that this exercise asks you to do" in report.findings[0].message


def test_a_loop_that_never_ends_is_not_taken_for_a_slow_trainer():
    namespace = {}
    exec("def endless(text, size, special_tokens=()):\n    while True: pass", namespace)
    report = check("ex3_bpe/fast-train-bpe", namespace["endless"])
    assert report.points == 0
    assert report.bugs == []
    assert all("never ends" in finding.message for finding in report.findings)


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "got None (is a `return` missing?)"),
        ([(b"a", b"b")], "two results, `vocab` and `merges`, got a list of 1 items"),
        (({}, {(b"a", b"b")}), "`merges`, the second result, to be a list, got an object"),
        (({}, [(97, 98)]), "(b'a', b'b'); got (97, 98)"),
        (({}, [("a", "b")]), "(b'a', b'b'); got ('a', 'b')"),
        (({}, [b"ab"]), "(b'a', b'b'); got b'ab'"),
    ],
)
def test_a_wrong_type_is_told_in_words(returned, words):
    report = check("ex3_bpe/train-bpe", lambda text, vocab_size, special_tokens=(): returned)
    assert report.points == 0
    assert words in report.findings[0].message


def test_the_numbers_in_the_task_are_those_of_the_record():
    record = json.loads((ROOT / "benchmarks/results/training_steps.json").read_text())
    text = (ROOT / "solutions/ex3_bpe.training.md").read_text()
    assert record["allowed"] == MAX_STEPS
    rows = {name: next(r for r in text.splitlines() if r.startswith(f"| *{title}"))
            for name, title in {"touched": "touches", "best": "looks"}.items()}  # fmt: skip
    for case in CHECK.drawn_cases(1):
        if case.property in COUNTED:  # one text of every seed, and one of this
            known = record["cases"][case.property]
            assert run(fast_train_bpe, case)[0] == pytest.approx(known["fast"], rel=0.02)
            *_, n_merges, textbooks, ours, allowed, _, _ = rows[case.property].split("|")
            assert int(n_merges) == case.inputs["vocab_size"] - 256
            assert number(textbooks) == pytest.approx(known["textbook"], rel=0.02)
            assert number(ours) == pytest.approx(known["fast"], rel=0.02)
            assert number(allowed) == MAX_STEPS


def number(cell):
    return int(cell.replace(",", ""))


@pytest.mark.parametrize("bug", CHECK.bugs, ids=lambda bug: bug.name)
def test_the_bugs_take_as_many_steps_as_they_say(bug):
    for case in CHECK.drawn_cases(0):
        if case.property in COUNTED:
            again = type(bug.implementation)()  # not the bug itself, whose steps are known
            n_steps, result = run(again, case)
            exceeds = case.property in again.exceeds
            assert (n_steps > MAX_STEPS) == exceeds
            if not exceeds:
                assert run(bug.implementation, case)[1] == result
