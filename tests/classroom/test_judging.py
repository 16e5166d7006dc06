"""The judge and what it is made of: values on the wire, calls both ways, code that is read."""

import asyncio
import contextlib
import copy
import socket
import threading
from collections import Counter, OrderedDict, defaultdict, deque

import numpy as np
import pytest
import torch

from handtorch_classroom import forbidden
from handtorch_classroom.apart import JudgeProcess, Surroundings, surroundings_of
from handtorch_classroom.exercises import all_exercises, code_cells
from handtorch_classroom.peers import Gone, Peer
from handtorch_classroom.serving import serve_names
from handtorch_classroom.trial import Cell
from handtorch_classroom.wire import JUDGE, LEARNER, Remote, Values, WireError
from tests.classroom.sample_course import REPOSITORY


class Pair:
    """A judge in this thread, and a learner's process in another one."""

    def __init__(self, names):
        mine, theirs = socket.socketpair()
        self.judge, self.learner = Peer(mine, JUDGE), Peer(theirs, LEARNER)
        self.learner.offer("get", lambda _, name: names[name])
        self.thread = threading.Thread(target=self.learner.serve, daemon=True)
        self.thread.start()

    def get(self, name):
        return self.judge.request("get", None, name)

    def close(self):
        self.judge.close()
        self.thread.join(10)


@pytest.fixture
def pair():
    pairs = []

    def make(**names):
        pairs.append(Pair(names))
        return pairs[-1]

    yield make
    for one in pairs:
        one.close()


PLAIN = [
    *(None, True, 0, -(2**80), 1.5, float("inf"), "text", "\ud800", b"\0\xff", 2 + 1j),
    *((1, ("a", (), frozenset({1}))), [], [1, [2, {"a": {3, 4}}]], {(1, 2): [None]}),
    *(range(3, 9, 2), slice(None, 2), bytearray(b"ab"), deque([1, 2], 5)),
    *(Counter("aab"), OrderedDict(b=1, a=2), defaultdict(list, a=[1])),
    *(np.float32(0.1), np.int64(7), np.arange(6).reshape(2, 3), np.array(["é"]), np.array(2.5)),
]


@pytest.mark.parametrize("value", PLAIN, ids=[repr(value)[:30] for value in PLAIN])
def test_plain_data_comes_as_it_is(pair, value):
    got = pair(echo=lambda x: x).get("echo")(value)
    assert type(got) is type(value)
    assert repr(got) == repr(value)
    came = pair(value=value).get("value")
    assert type(came) is type(value)
    assert repr(came) == repr(value)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64, torch.bool])
def test_tensors_come_as_they_are(pair, dtype):
    value = torch.tensor([[0.0, 1.0]]).to(dtype)
    got = pair(value=value).get("value")
    assert got.dtype == dtype
    assert torch.equal(got, value)
    assert pair(value=torch.ones(2, requires_grad=True)).get("value").requires_grad


def test_arguments_are_changed_where_they_are(pair):
    def change(items, table, array):
        items.append(items[0])
        items[0].append("new")
        table.clear()
        table["items"] = items
        array += 1
        return items, items[0]

    items, table, array = [["a"]], {"old": 1}, np.zeros(2)
    same, first = pair(change=change).get("change")(items, table, array)
    assert same is items
    assert items == [["a", "new"], ["a", "new"]]
    assert first is items[0] is items[1]
    assert table["items"] is items
    assert array.tolist() == [1, 1]


def test_a_list_that_a_callback_returned_is_shared(pair):
    kept = [1]

    def pad(get):
        get().append(0)

    pair(pad=pad).get("pad")(lambda: kept)
    assert kept == [1, 0]


def test_calls_go_both_ways_and_into_each_other(pair):
    def down(n, call):
        return [n, *call(n - 1)] if n else []

    there = pair(down=down).get("down")

    def back(n):
        return there(n, back)

    assert there(5, back) == [5, 4, 3, 2, 1]


def test_threads_of_the_learner_call_at_the_same_time(pair):
    def at_once(wait):
        threads = [threading.Thread(target=wait) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)

    barrier, met = threading.Barrier(3, timeout=10), []
    pair(at_once=at_once).get("at_once")(lambda: met.append(barrier.wait() >= 0))
    assert met == [True] * 3


def test_exceptions_come_with_kind_and_text(pair):
    class Own(KeyError):
        pass

    def fail(kind):
        raise {"own": Own("x"), "key": KeyError("y")}.get(kind) or UnicodeError("z")

    there = pair(fail=fail, decode=lambda: b"\xff".decode()).get("fail")
    with pytest.raises(KeyError, match="x") as caught:
        there("own")
    assert type(caught.value).__name__ == "Own"
    with pytest.raises(KeyError, match="y"):
        there("key")
    with pytest.raises(UnicodeDecodeError, match="invalid start byte"):
        pair(decode=lambda: b"\xff".decode()).get("decode")()


def test_an_exception_of_the_test_comes_back_as_itself(pair):
    class Own(Exception):
        def __init__(self, one, two):
            super().__init__(f"{one} and {two}")

    raised = Own(1, 2)

    def fail():
        raise raised

    with pytest.raises(Own) as caught:
        pair(call=lambda function: function()).get("call")(fail)
    assert caught.value is raised


class Watched(list):
    """A list that notes what is read."""

    def __init__(self, items):
        super().__init__(items)
        self.read = []

    def __getitem__(self, index):
        self.read.append(index)
        return super().__getitem__(index)

    def __iter__(self):
        for index in range(len(self)):
            yield self[index]


def test_a_test_sees_how_its_own_kind_of_list_is_used(pair):
    def use(items):
        assert isinstance(items, list)
        items[1] = [*items[1], "x"]
        items[2].append("y")
        return next(iter(items))

    watched = Watched([["a"], ["b"], ["c"]])
    assert pair(use=use).get("use")(watched) == ["a"]
    assert watched.read == [1, 2, 0]
    assert list.__iter__(watched).__reduce__() is not None
    assert list(list.__iter__(watched)) == [["a"], ["b", "x"], ["c", "y"]]


class Agreeable:
    """An object of a learner that agrees with everything."""

    size = 3

    def __eq__(self, other):
        return True

    def __hash__(self):
        return hash("a")

    def __repr__(self):
        return "[1, 2]"

    def __len__(self):
        return 2

    def __add__(self, other):
        return 41

    def twice(self, x=1):
        return 2 * x


def test_an_object_stays_where_it_is_and_equals_only_itself(pair):
    both = pair(thing=Agreeable(), kind=Agreeable)
    thing = both.get("thing")
    assert isinstance(thing, Remote)
    assert type(thing).__name__ == "Agreeable"
    assert thing == both.get("thing")
    for other in ([1, 2], "a", 1, None, Agreeable):
        assert (thing == other) is False or other is Agreeable
        assert thing != other or other is Agreeable
    assert "a" not in {thing: 1}
    assert (repr(thing), len(thing), thing + 1, thing.size) == ("[1, 2]", 2, 41, 3)
    assert thing.twice(x=4) == 8
    assert copy.deepcopy([thing])[0] is thing
    assert isinstance(thing, both.get("kind"))
    with pytest.raises(AttributeError):
        thing.missing  # noqa: B018
    with pytest.raises(TypeError):
        thing < 3  # noqa: B015


class Reaching:
    """What a submission might do with an object of the judge."""

    def __init__(self):
        self.loot = []

    def __call__(self, thing):
        asked = [("getattr", n) for n in ("__globals__", "__class__", "gi_frame", "f_back")]
        asked += [("method", "__getattribute__", "__globals__"), ("operate", "__reduce__")]
        asked += [("operate", "__getattribute__", "__dict__"), ("setattr", "__code__", 1)]
        for op, *args in asked:
            with contextlib.suppress(Exception):
                self.loot.append(thing._ask(op, thing, *args))


def test_nothing_of_the_judge_can_be_reached_but_what_a_test_passed(pair):
    reaching = Reaching()
    reach = pair(reach=reaching).get("reach")
    for thing in (lambda: 1, (n for n in [1]), Agreeable(), Agreeable):
        reach(thing)
    assert reaching.loot == []


def test_modules_and_odd_arrays_are_not_passed(pair):
    there = pair(echo=lambda x: x).get("echo")
    with pytest.raises(WireError, match="module"):
        there(np)
    with pytest.raises(WireError, match="object"):
        there(np.array([object()]))


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"value": 1},
        {"value": ["nothing"], "state": {}},
        {"value": ["yours", 0], "state": {}},
        {"value": ["yours", -1], "state": {}},
        {"value": ["builtin", "eval"], "state": {}},
        {"value": ["twin", "j0"], "state": {"j0": ["list", []]}},
        {"value": ["twin", "k0"], "state": {"k0": ["shadow", [], "list", 0, {}, []]}},
        {"value": ["twin", "k0"], "state": {"k0": ["array", "O", [1], "AAAAAAAAAAA="]}},
        {"value": ["twin", "k0"], "state": {"k0": ["array", "<f8", [9], "AA=="]}},
        {"value": ["twin", "k0"], "state": {"k0": ["dict", [[["twin", "k0"], 1]], None]}},
        {"value": ["mine", 0, {"type": "x"}], "state": {}},
        {"value": ["int", "many"], "state": {}},
    ],
)
def test_a_message_that_makes_no_sense_is_refused(message):
    with pytest.raises(WireError):
        Values(JUDGE, lambda *args: None).unpack(message)


def test_when_the_other_end_is_gone_a_call_ends(pair):
    both = pair(leave=lambda: both.learner.close())
    with pytest.raises(Gone):
        both.get("leave")()
    with pytest.raises(Gone):
        both.get("leave")


# what is read in the text of a submission

CLEAN = """
import math
%timeit 1
def helper(x):
    return [math.sqrt(part) for part in x]
def answer(x, tokenizers=()):
    '''Unlike transformers, by hand.'''
    return sorted(helper(x))
"""


@pytest.mark.parametrize(
    ("source", "used"),
    [
        (CLEAN, None),
        ("import math\nplus = math.fsum\ndef answer(x): return plus(x)", "fsum"),
        ("from math import fsum as plus\ndef answer(x): return plus(x)", "fsum"),
        ("def answer(x):\n    import tokenizers.models as m\n    return m", "tokenizers.models"),
        ("from handtorch.tokenizer import bpe\ndef answer(x): return bpe", "handtorch.tokenizer"),
        ("def answer(x): x\nanswer.__code__ = f.__code__\nimport tiktoken as f", "tiktoken"),
        ("def f(x): return getattr(math, 'f' + 'sum')(x)\nanswer = f", "fsum"),
        ("def answer(x): return getattr(math, x)(x)", "getattr with a name that is computed"),
        ("def answer(x): return getattr(math, ''.join(['fs', 'um']))(x)", "fsum"),
        ("def answer(x): return vars(math)[x]", "vars"),
        ("def answer(x): return torch.ops.aten(x)", "ops"),
        ("def answer(x): return __import__('m').n", "__import__"),
        ("class answer:\n    def run(self): return eval('1')", "eval"),
        ("exec('def answer(x): return 1')", forbidden.UNREAD),
        ("if True:\n    answer = __builtins__.fsum", "fsum"),
        ("def answer(x): import tokenizers\ndef answer(x): return x", None),
        ("def answer(x): import tokenizers\nanswer([])\ndef answer(x): return x", None),
        ("def answer(x): import tiktoken\nold = answer\ndef answer(x): return old(x)", "tiktoken"),
        ("def answer(x): return x\nby_hand(answer, without=['fsum'])", None),
        ("def answer(x): return x\ndef unused(x): return fsum(x)", None),
        ("def answer(x) return x\n\ndef answer(x): return x", forbidden.UNREAD),
    ],
)
def test_what_functions_use_is_read(source, used):
    found = forbidden.find([source], ["answer"], ["fsum"])
    assert (found[1] if found else None) == used


# whole exercises


def judged(exercise, change=lambda names: None, answer=""):
    """The verdicts on the solution of an exercise, or on an `answer` put over it, after `change`
    of its names.
    """

    async def judge():
        cells = list(code_cells(exercise.solution))
        if answer:
            over = {name: Cell(f"over-{name}", answer) for name in exercise.solution_names()}
            pairs = [[cell, over[cell.name]] if cell.name in over else [cell] for cell in cells]
            cells = [cell for pair in pairs for cell in pair]
        written = [cell.source for cell in cells if cell.points is None]
        process = JudgeProcess(surroundings_of(exercise.solution_path), written, None, 4 * 10**9)
        names, verdicts = {"__name__": "__main__"}, {}
        try:
            for cell in cells:
                if cell.points is None:
                    exec(compile(cell.source, f"<{cell.name}>", "exec"), names)
                    change(names)
                    continue
                assert await process.begin(cell.name, cell.source)
                await asyncio.to_thread(serve_names, names, str(process.address))
                verdicts[cell.name] = await process.verdict()
        finally:
            await process.close()
        return verdicts

    return asyncio.run(judge())


@pytest.mark.parametrize("exercise", all_exercises(REPOSITORY), ids=str)
def test_the_judge_agrees_with_every_solution(exercise):
    failed = [v for v in judged(exercise).values() if not v["passed"]]
    assert failed == []


@pytest.mark.parametrize("exercise", all_exercises(REPOSITORY), ids=str)
def test_the_judge_agrees_with_an_answer_in_another_style(exercise):
    verdicts = judged(exercise, answer=exercise.alternatives()[-1].source)
    assert [v for v in verdicts.values() if not v["passed"]] == []


@pytest.mark.parametrize("exercise", all_exercises(REPOSITORY), ids=str)
def test_a_process_that_says_nothing_right_gets_no_marks(exercise):
    def spoil(names):
        for name in surroundings_of(exercise.solution_path).answers:
            if name in names:
                names[name] = lambda *args, **named: Agreeable()

    assert not any(verdict["passed"] for verdict in judged(exercise, spoil).values())


def test_what_the_judge_is_told(tmp_path):
    (exercise,) = all_exercises(REPOSITORY, ["tokenizer/bpe"])
    told = surroundings_of(exercise.solution_path)
    assert isinstance(told, Surroundings)
    assert {"train_bpe", "bpe_encode"} <= set(told.answers)
    assert "import by_hand, case, report, require" in told.given[0][0]
