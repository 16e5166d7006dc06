"""Batches against tokenizers' padding and truncation, and against one text at a time."""

import numpy as np
import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.tokenizer.batching import Batch, decode_batch, encode_batch, sliding_windows
from handtorch.tokenizer.byte_bpe import ByteLevelBPE
from handtorch.tokenizer.special_tokens import SpecialTokenizer

TEXTS = ["low lower lowest", "", "newest", "你好, low", "a", "wider newer"]
BEGIN, END, PAD = "<s>", "</s>", "<pad>"


@pytest.fixture(scope="module")
def tokenizer():
    return SpecialTokenizer(ByteLevelBPE.train(TEXTS, 270), [BEGIN, END, PAD])


class Letters:
    """a, b, c, ... are 0, 1, 2, ...: every array can be written down by hand."""

    vocab_size = 26

    def encode(self, text):
        return [ord(letter) - ord("a") for letter in text]

    def decode(self, ids):
        return "".join(chr(i + ord("a")) for i in ids)


def test_padding_by_hand():
    batch = encode_batch(Letters(), ["abc", "", "d"], pad_id=25)
    assert batch.input_ids.tolist() == [[0, 1, 2], [25, 25, 25], [3, 25, 25]]
    assert batch.attention_mask.tolist() == [[1, 1, 1], [0, 0, 0], [1, 0, 0]]
    assert batch.input_ids.dtype == batch.attention_mask.dtype == np.int64
    left = encode_batch(Letters(), ["abc", "d"], pad_id=25, padding_side="left")
    assert left.input_ids.tolist() == [[0, 1, 2], [25, 25, 3]]
    assert left.attention_mask.tolist() == [[1, 1, 1], [0, 0, 1]]


def test_truncation_by_hand():
    right = encode_batch(Letters(), ["abcd"], pad_id=25, max_length=3)
    left = encode_batch(Letters(), ["abcd"], pad_id=25, max_length=3, truncation_side="left")
    framed = encode_batch(Letters(), ["abcd"], pad_id=25, max_length=3, begin_id=9, end_id=8)
    assert right.input_ids.tolist() == [[0, 1, 2]]
    assert left.input_ids.tolist() == [[1, 2, 3]]
    assert framed.input_ids.tolist() == [[9, 0, 8]]


@pytest.mark.parametrize("side", ["left", "right"])
def test_no_room(side):
    batch = encode_batch(Letters(), ["abcd"], pad_id=25, max_length=0, truncation_side=side)
    assert batch.input_ids.shape == (1, 0)


def test_empty_batch_and_empty_strings():
    assert encode_batch(Letters(), [], pad_id=0).input_ids.shape == (0, 0)
    assert encode_batch(Letters(), ["", ""], pad_id=0).input_ids.shape == (2, 0)
    assert decode_batch(Letters(), encode_batch(Letters(), [], pad_id=0)) == []
    assert decode_batch(Letters(), encode_batch(Letters(), ["", ""], pad_id=0)) == ["", ""]


def test_padding_is_found_by_the_mask_not_by_the_id():
    """The pad id 0 is also the letter a, as when a model has no pad token and reuses its end."""
    batch = encode_batch(Letters(), ["aab", "a"], pad_id=0)
    assert decode_batch(Letters(), batch) == ["aab", "a"]


def huggingface():
    """Letters in `tokenizers`: each letter is a word of its own."""
    vocab = {chr(ord("a") + i): i for i in range(26)}
    oracle = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocab))
    oracle.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    return oracle


sides = st.sampled_from(["left", "right"])


@settings(deadline=None, max_examples=200)
@given(
    texts=st.lists(st.text(alphabet="abcdef", max_size=6), max_size=5),
    padding=sides,
    truncation=sides,
    max_length=st.integers(3, 8),
    framed=st.booleans(),
)
def test_as_in_tokenizers(texts, padding, truncation, max_length, framed):
    oracle = huggingface()
    if framed:
        oracle.post_processor = tokenizers.processors.TemplateProcessing(
            single="y $A z", special_tokens=[("y", 24), ("z", 25)]
        )
    oracle.enable_padding(direction=padding, pad_id=7, pad_token="h")
    oracle.enable_truncation(max_length, direction=truncation)
    expected = oracle.encode_batch(texts)
    batch = encode_batch(
        Letters(),
        texts,
        pad_id=7,
        max_length=max_length,
        padding_side=padding,
        truncation_side=truncation,
        begin_id=24 if framed else None,
        end_id=25 if framed else None,
    )
    assert batch.input_ids.tolist() == [row.ids for row in expected]
    assert batch.attention_mask.tolist() == [row.attention_mask for row in expected]


@settings(deadline=None, max_examples=200)
@given(
    text=st.text(alphabet="abcdef", max_size=30),
    size=st.integers(2, 8),
    data=st.data(),
)
def test_windows_as_in_tokenizers(text, size, data):
    overlap = data.draw(st.integers(0, size - 1))
    oracle = huggingface()
    oracle.enable_truncation(size, stride=overlap)
    first = oracle.encode(text)
    expected = [window.ids for window in (first, *first.overflowing)]
    assert sliding_windows(Letters().encode(text), size, overlap) == expected


@settings(deadline=None, max_examples=50)
@given(texts=st.lists(st.text(), max_size=5), side=sides)
def test_one_at_a_time(tokenizer, texts, side):
    batch = encode_batch(tokenizer, texts, pad_id=tokenizer.special_ids[PAD], padding_side=side)
    rows = [ids[mask == 1].tolist() for ids, mask in zip(batch.input_ids, batch.attention_mask)]
    assert rows == [tokenizer.encode(text) for text in texts]
    assert decode_batch(tokenizer, batch) == texts


@pytest.mark.parametrize("backend", ["process", "thread"])
def test_two_workers_same_result_and_order(tokenizer, backend):
    texts = [text * (i % 3) + str(i) for i, text in enumerate(TEXTS * 7)]
    options = {"pad_id": tokenizer.special_ids[PAD], "max_length": 12}
    alone = encode_batch(tokenizer, texts, **options)
    together = encode_batch(tokenizer, texts, workers=2, backend=backend, **options)
    assert np.array_equal(together.input_ids, alone.input_ids)
    assert np.array_equal(together.attention_mask, alone.attention_mask)
    assert decode_batch(tokenizer, together, workers=2, backend=backend) == decode_batch(
        tokenizer, alone
    )


def test_more_workers_than_texts():
    batch = encode_batch(Letters(), ["a", "b", "c"], pad_id=0, workers=50, backend="thread")
    assert batch.input_ids.tolist() == [[0], [1], [2]]


class Unpicklable(Letters):
    def __init__(self):
        self.split = lambda text: text


class Refuses(Letters):
    def encode(self, text):
        raise KeyError(text)


def test_an_error_in_a_worker_reaches_the_caller():
    with pytest.raises(KeyError):
        encode_batch(Refuses(), ["a", "b"], pad_id=0, workers=2, backend="thread")


def test_a_worker_that_cannot_import_the_class(monkeypatch):
    """As in a notebook, where the class of a cell is in no module that a worker could import."""
    import sys
    import types

    notebook = types.ModuleType("cell_of_a_notebook")
    exec(compile("class T:\n    vocab_size = 1", "cell", "exec"), notebook.__dict__)
    monkeypatch.setitem(sys.modules, "cell_of_a_notebook", notebook)
    with pytest.raises(RuntimeError, match="in a module that can be imported"):
        encode_batch(notebook.T(), ["a", "b"], pad_id=0, workers=2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pad_id": -1}, "pad_id is -1"),
        ({"max_length": -1}, "max_length is -1"),
        ({"max_length": 1, "begin_id": 0, "end_id": 1}, "max_length is 1"),
        ({"padding_side": "both"}, "padding_side is 'both'"),
        ({"truncation_side": "middle"}, "truncation_side is 'middle'"),
        ({"workers": 0}, "workers is 0"),
        ({"backend": "gpu"}, "backend is 'gpu'"),
        ({"texts": "abc"}, "texts is the string 'abc'"),
        ({"tokenizer": Unpicklable(), "workers": 2}, "Unpicklable that cannot be pickled"),
    ],
)
def test_bad_arguments(change, message):
    arguments = {"tokenizer": Letters(), "texts": ["ab", "c"], "pad_id": 0} | change
    with pytest.raises(ValueError, match=message):
        encode_batch(**arguments)


@pytest.mark.parametrize(("size", "overlap"), [(3, 3), (3, -1), (0, 0)])
def test_windows_bad_arguments(size, overlap):
    with pytest.raises(ValueError, match=f"overlap is {overlap} and size {size}"):
        sliding_windows([1, 2, 3], size, overlap)


def test_decode_bad_shapes():
    with pytest.raises(ValueError, match="both must be the same"):
        decode_batch(Letters(), Batch(np.zeros((2, 3), int), np.zeros((2, 2), int)))
