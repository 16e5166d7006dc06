"""The cross-encoder: BERT's scores with BERT's weights, padding that changes nothing, training."""

import math
import random

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification

from handtorch.rag.cross_encoder import (
    CLS,
    SEP,
    UNK,
    CrossEncoder,
    CrossEncoderConfig,
    Vocabulary,
    pack,
    pad,
    train_cross_encoder,
)

TEXTS = ["remove a tree", "copy a file", "remove a file", "a wrapped line"]
SIZES = CrossEncoderConfig(dim=12, heads=3, blocks=2, hidden=20, length=24, query_length=6)


def model(seed: int = 0) -> CrossEncoder:
    return CrossEncoder(Vocabulary(TEXTS), SIZES, seed=seed)


def test_packing_by_hand() -> None:
    """Of four texts "a" is in 4, "remove" in 2, "tree" in 1 and "moon" in none, so their rarities
    are ln(1 + (N - n + 1/2) / (n + 1/2)) divided by its value for n = 0, ln 10."""
    v = Vocabulary(TEXTS)
    ids, segments, marks = pack(["remove", "moon"], ["a", "tree", "remove"], v, 20, 6)
    assert ids == [CLS, v.ids["remove"], UNK, SEP, v.ids["a"], v.ids["tree"], v.ids["remove"], SEP]
    assert segments == [0, 0, 0, 0, 1, 1, 1, 1]
    rarity = {n: math.log(1 + (4.5 - n) / (n + 0.5)) / math.log(10) for n in (1, 2, 4)}
    want = [(0, 0, 0), (rarity[2], rarity[2], 1), (1, 0, 0), (0, 0, 0)]
    want += [(rarity[4], 0, 0), (rarity[1], 0, 0), (rarity[2], rarity[2], 1), (0, 0, 0)]
    assert np.array(marks) == pytest.approx(np.array(want))


def test_a_word_without_an_id_keeps_its_marks() -> None:
    ids, _, marks = pack(["moon"], ["moon"], Vocabulary(TEXTS), 20, 6)
    assert ids == [CLS, UNK, SEP, UNK, SEP]
    assert marks[1] == marks[3] == (1, 1, 1)  # no text has it: the rarest there is


def test_likeness_by_vectors() -> None:
    """copy and remove stand at 60 degrees, moon at a right angle to both, file has no vector."""
    root = 0.75**0.5
    vectors = {"copy": [1, 0, 0], "remove": [0.5, root, 0], "moon": [0, 0, 1], "file": [0, 0, 0]}
    v = Vocabulary(TEXTS, encode=lambda texts: np.array([vectors[text] for text in texts]))
    like = v.likeness(["copy", "file"], ["remove", "moon", "file", "copy"])
    assert like == pytest.approx(np.array([[0.5, 0, 0, 1], [0, 0, 1, 0]]))
    assert v.likeness(["copy"], []).shape == (1, 0)
    _, _, marks = pack(["copy"], ["remove"], v, 20, 6)
    rarity = [v.rarity(word) for word in ("copy", "remove")]
    assert marks[1] == pytest.approx((rarity[0], rarity[0] / 2, 0))
    assert marks[3] == pytest.approx((rarity[1], rarity[1] / 2, 0))


def test_truncation_takes_the_passage_not_the_question() -> None:
    v = Vocabulary(TEXTS)
    ids, segments, marks = pack(["a"] * 5, ["tree"] * 50 + ["a"], v, 12, 5)
    assert len(ids) == len(segments) == len(marks) == 12
    assert ids == [CLS] + [v.ids["a"]] * 5 + [SEP] + [v.ids["tree"]] * 4 + [SEP]
    assert not any(
        mark[2] for mark in marks
    )  # the passage's "a" was cut off, so it matches nothing
    long_question = pack(["a"] * 50, ["tree"] * 50, v, 12, 5)[0]
    assert long_question == ids
    assert pack([], [], v, 12, 5)[0] == [CLS, SEP, SEP]


def test_packing_refuses_lengths_without_room() -> None:
    for length, most in ((8, 5), (12, 0)):
        with pytest.raises(ValueError, match="length is"):
            pack(["a"], ["b"], Vocabulary(TEXTS), length, most)


def test_padding_changes_no_score() -> None:
    m = model()
    torch.nn.init.normal_(m.mark.weight)
    passages = ["a", "remove a tree " * 6, "copy a file", ""]
    alone = [m.scores("remove a file", [passage])[0] for passage in passages]
    assert m.scores("remove a file", passages) == pytest.approx(alone, abs=1e-12)
    assert m.scores("remove a file", passages, batch=2) == pytest.approx(alone, abs=1e-12)
    assert len(set(alone)) == 4
    ids, segments, marks, is_token = pad([m.pack("remove a file", text) for text in passages])
    ids[~is_token], marks[~is_token] = 5, 0.7  # whatever stands there is not read
    with torch.no_grad():
        assert m(ids, segments, marks, is_token).tolist() == pytest.approx(alone, abs=1e-12)


def test_the_score_is_berts_with_berts_weights() -> None:
    """Same sizes, random weights, copied name by name; padded and not, to 1e-12."""
    torch.manual_seed(0)
    bert = BertForSequenceClassification(
        BertConfig(
            vocab_size=len(Vocabulary(TEXTS)),
            hidden_size=12,
            num_attention_heads=3,
            num_hidden_layers=2,
            intermediate_size=20,
            max_position_embeddings=24,
            num_labels=1,
            initializer_range=0.5,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
    )
    bert = bert.double().eval()
    for name, p in bert.named_parameters():  # biases and norms away from 0 and 1 as well
        torch.nn.init.normal_(p, mean=float("LayerNorm.weight" in name), std=0.5)
    mine = CrossEncoder(Vocabulary(TEXTS), SIZES)
    ours = {
        "bert.embeddings.word_embeddings": "word",
        "bert.embeddings.position_embeddings": "position",
        "bert.embeddings.token_type_embeddings": "segment",
        "bert.embeddings.LayerNorm": "norm",
        "bert.pooler.dense": "pool",
        "classifier": "score",
    }
    for i in range(2):
        layer = f"bert.encoder.layer.{i}."
        for theirs, here in {
            "attention.self.query": "q",
            "attention.self.key": "k",
            "attention.self.value": "v",
            "attention.output.dense": "o",
            "attention.output.LayerNorm": "norm1",
            "intermediate.dense": "up",
            "output.dense": "down",
            "output.LayerNorm": "norm2",
        }.items():
            ours[layer + theirs] = f"blocks.{i}.{here}"
    state = mine.state_dict()
    for name, value in bert.state_dict().items():
        module, _, kind = name.rpartition(".")
        if module in ours:
            state[f"{ours.pop(module) if kind == 'bias' else ours[module]}.{kind}"] = value
    mine.load_state_dict(state)
    assert not mine.mark.weight.any()  # BERT has no marks
    pairs = [mine.pack("remove a tree", passage) for passage in ("a", "copy a wrapped file")]
    ids, segments, marks, is_token = pad(pairs)
    with torch.no_grad():
        want = bert(ids, attention_mask=is_token.long(), token_type_ids=segments).logits[:, 0]
        torch.testing.assert_close(mine(ids, segments, marks, is_token), want, rtol=0, atol=1e-12)


def test_training_learns_to_prefer_what_shares_words_and_repeats_exactly() -> None:
    """Groups of nonsense words in which the right passage repeats one word of the query; words
    it never saw are ranked right afterwards, which only the marks make possible."""
    chance = random.Random(0)
    names = ["".join(chance.choices("bdgklmnprst", k=4)) for _ in range(400)]

    def group(pool: list[str]) -> tuple[str, list[str]]:
        asked, other = chance.sample(pool, 3), [chance.sample(pool, 6) for _ in range(3)]
        other[0][chance.randrange(6)] = chance.choice(asked)
        return " ".join(asked), [" ".join(words) for words in other]

    seen = [group(names[:200]) for _ in range(160)]
    unseen = [group(names[200:]) for _ in range(40)]
    losses: list[list[float]] = []
    for _ in range(2):
        m = CrossEncoder(Vocabulary([" ".join(names[:200])]), SIZES, seed=1)
        losses.append([])
        train_cross_encoder(m, seen, epochs=4, learning_rate=1e-2, watch=losses[-1].append)
    assert losses[0] == losses[1]
    assert losses[0][0] == pytest.approx(math.log(3), abs=0.2)
    right = sum(max(range(3), key=m.scores(q, ps).__getitem__) == 0 for q, ps in unseen)
    assert right >= 30  # chance is 13


def test_groups_must_have_one_size() -> None:
    for groups in ([], [("a", ["b"])], [("a", ["b", "c"]), ("a", ["b", "c", "d"])]):
        with pytest.raises(ValueError, match="groups"):
            train_cross_encoder(model(), groups)


def test_bad_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="heads is 5"):
        CrossEncoder(Vocabulary(TEXTS), CrossEncoderConfig(dim=12, heads=5))
    with pytest.raises(ValueError, match="size is 4"):
        Vocabulary(TEXTS, size=4)
    with pytest.raises(ValueError, match="batch is 0"):
        model().scores("a", ["b"], batch=0)
    assert model().scores("a", []) == []
