"""The SVD against LAPACK and scikit-learn, the loss by hand, training by what it finds."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch import corpora
from handtorch.rag.embedding import (
    Encoder,
    LatentSemanticEncoder,
    SentenceTransformerEncoder,
    TwoTowerEncoder,
    default_encoder,
    first_sentence_pairs,
    hard_negatives,
    train_two_towers,
)
from handtorch.rag.latent_semantic import truncated_svd
from handtorch.rag.text import words
from handtorch.rag.two_towers import hashed, info_nce


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return corpora.docstrings()[::4]


@pytest.fixture(scope="module")
def pairs(texts: list[str]) -> list[tuple[str, str]]:
    return first_sentence_pairs(texts)


@pytest.fixture(scope="module")
def towers(pairs: list[tuple[str, str]]) -> TwoTowerEncoder:
    return train_two_towers(pairs, d=64)


def sparse_matrix(n: int, m: int, seed: int) -> torch.Tensor:
    """Rows with few entries and a spectrum that falls: what tf-idf matrices look like."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(n, m, generator=generator, dtype=torch.float64)
    x = x * (torch.rand(n, m, generator=generator) < 0.1)
    return x * torch.arange(1, m + 1, dtype=torch.float64) ** -0.7


class TestTruncatedSvd:
    def test_equals_the_exact_svd_of_numpy(self) -> None:
        x = sparse_matrix(90, 140, seed=0)
        u, s, v = truncated_svd(x.to_sparse_coo(), 8)
        left, exact, right = np.linalg.svd(x.numpy(), full_matrices=False)
        np.testing.assert_allclose(s, exact[:8], rtol=1e-6)
        best = left[:, :8] * exact[:8] @ right[:8]
        np.testing.assert_allclose((u * s) @ v.T, best, atol=1e-4)

    def test_equals_scikit_learn(self) -> None:
        decomposition = pytest.importorskip("sklearn.decomposition")
        x = sparse_matrix(80, 60, seed=1)
        oracle = decomposition.TruncatedSVD(5, algorithm="arpack", random_state=0).fit(x.numpy())
        _, s, v = truncated_svd(x, 5)
        np.testing.assert_allclose(s, oracle.singular_values_, rtol=1e-6)
        np.testing.assert_allclose(v.numpy().T ** 2, oracle.components_**2, atol=1e-4)

    @settings(deadline=None, max_examples=25)
    @given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 99), st.data())
    def test_full_rank_gives_the_matrix_back(
        self, n: int, m: int, seed: int, data: st.DataObject
    ) -> None:
        x = torch.randn(n, m, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        u, s, v = truncated_svd(x, min(n, m))
        torch.testing.assert_close((u * s) @ v.T, x)
        d = data.draw(st.integers(1, min(n, m)))
        u, s, v = truncated_svd(x, d)
        torch.testing.assert_close(v.T @ v, torch.eye(d, dtype=torch.float64))

    @pytest.mark.parametrize("d", [0, 5])
    def test_refuses_a_rank_the_matrix_does_not_have(self, d: int) -> None:
        with pytest.raises(ValueError, match=f"d is {d}; a matrix of 4 by 9 allows 1 to 4"):
            truncated_svd(torch.ones(4, 9, dtype=torch.float64), d)


class TestLatentSemanticEncoder:
    def test_equals_scikit_learn_from_text_to_cosine(self, texts: list[str]) -> None:
        extraction = pytest.importorskip("sklearn.feature_extraction.text")
        decomposition = pytest.importorskip("sklearn.decomposition")
        some = texts[:200]
        vectorizer = extraction.TfidfVectorizer(analyzer=words, sublinear_tf=True)
        x = vectorizer.fit_transform(some)
        oracle = decomposition.TruncatedSVD(3, algorithm="arpack", random_state=0).fit_transform(x)
        oracle /= np.linalg.norm(oracle, axis=1, keepdims=True)
        ours = LatentSemanticEncoder.fit(some, 3).encode_passages(some)
        np.testing.assert_allclose(ours @ ours.T, oracle @ oracle.T, atol=0.02)

    def test_keeps_nearly_all_that_any_factors_of_this_rank_could(self, texts: list[str]) -> None:
        """Text's spectrum is flat, so the last factors differ from the exact ones; their sum of
        squares, which is what the SVD maximizes, does not."""
        encoder = LatentSemanticEncoder.fit(texts[:200], 30)
        extraction = pytest.importorskip("sklearn.feature_extraction.text")
        x = extraction.TfidfVectorizer(analyzer=words, sublinear_tf=True).fit_transform(texts[:200])
        exact = np.linalg.svd(x.toarray(), compute_uv=False)[:30]
        assert (encoder.singular_values**2).sum() > 0.995 * (exact**2).sum()

    def test_matches_words_that_keep_the_same_company(self) -> None:
        """No passage has both car and automobile, but they share engine, wheel and road."""
        corpus = ["car engine wheel road", "automobile engine wheel road", "car road", "cat fur"]
        corpus += ["cat milk fur paw", "kitten milk fur paw", "automobile wheel"]
        encoder = LatentSemanticEncoder.fit(corpus, 2)
        car, automobile, kitten = encoder.encode_queries(["car", "automobile", "kitten"])
        assert car @ automobile > 0.9
        assert abs(car @ kitten) < 0.1

    def test_unknown_and_empty_texts_are_zeros(self, texts: list[str]) -> None:
        encoder = LatentSemanticEncoder.fit(texts[:50], 8)
        assert not encoder.encode_queries(["", "zzzqqq", "量子"]).any()
        assert encoder.encode_queries([]).shape == (0, 8)

    def test_few_texts_allow_few_dimensions(self) -> None:
        assert LatentSemanticEncoder.fit(["one text", "another text"], 64).components.shape[1] == 2

    def test_says_what_is_wrong(self) -> None:
        with pytest.raises(ValueError, match="d is 0; it must be 1 or more"):
            LatentSemanticEncoder.fit(["a"], 0)
        for nothing in ([], ["", "..."]):
            with pytest.raises(ValueError, match="texts holds no term"):
                LatentSemanticEncoder.fit(nothing, 4)


class TestInfoNce:
    def test_by_hand(self) -> None:
        """Two queries, three candidates, t = 1.

        Query 1 has the products (1, 0, 0.6): loss = log(e^1 + e^0 + e^0.6) - 1.
        Query 2 has (0, 1, 0.8): loss = log(e^0 + e^1 + e^0.8) - 1.
        """
        q = torch.eye(2, dtype=torch.float64)
        p = torch.tensor([[1, 0], [0, 1], [0.6, 0.8]], dtype=torch.float64)
        first = math.log(math.e + 1 + math.exp(0.6)) - 1
        second = math.log(math.e + 1 + math.exp(0.8)) - 1
        everything = torch.ones(2, 3, dtype=torch.bool)
        assert info_nce(q, p, everything, 1.0).item() == pytest.approx((first + second) / 2)

    def test_what_is_not_allowed_is_left_out_and_the_positive_never(self) -> None:
        q = torch.eye(2, dtype=torch.float64)
        nothing = torch.zeros(2, 2, dtype=torch.bool)
        assert info_nce(q, q, nothing, 1.0).item() == 0.0

    def test_gradient(self) -> None:
        generator = torch.Generator().manual_seed(0)
        q = torch.randn(3, 4, generator=generator, dtype=torch.float64, requires_grad=True)
        p = torch.randn(5, 4, generator=generator, dtype=torch.float64, requires_grad=True)
        allowed = torch.rand(3, 5, generator=generator) < 0.7
        assert torch.autograd.gradcheck(lambda q, p: info_nce(q, p, allowed, 0.5), (q, p))


class TestTwoTowers:
    def test_training_beats_the_random_projection_it_starts_from(
        self, pairs: list[tuple[str, str]], towers: TwoTowerEncoder
    ) -> None:
        held_out = first_sentence_pairs(corpora.docstrings()[1::8])
        before = train_two_towers(pairs, d=64, epochs=0)

        def mean_reciprocal_rank(encoder: Encoder) -> float:
            q = encoder.encode_queries([query for query, _ in held_out])
            p = encoder.encode_passages([passage for _, passage in held_out])
            scores = q @ p.T
            ranks = (scores > np.diag(scores)[:, None]).sum(axis=1) + 1
            return float((1 / ranks).mean())

        assert mean_reciprocal_rank(towers) > mean_reciprocal_rank(before) + 0.05

    def test_vectors_have_length_one_or_zero(self, towers: TwoTowerEncoder) -> None:
        vectors = towers.encode_passages(["split a string", "把文本切开", ""])
        assert vectors.dtype == np.float64
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 0])
        assert towers.encode_queries([]).shape == (0, 64)

    def test_a_text_does_not_depend_on_its_neighbors(self, towers: TwoTowerEncoder) -> None:
        together = towers.encode_queries(["open a file", "", "close it"])
        np.testing.assert_allclose(towers.encode_queries(["close it"])[0], together[2], atol=1e-12)

    def test_same_arguments_same_encoder(self, pairs: list[tuple[str, str]]) -> None:
        first, second = (train_two_towers(pairs[:100], "random", epochs=1) for _ in range(2))
        query = ["remove whitespace"]
        np.testing.assert_array_equal(first.encode_queries(query), second.encode_queries(query))

    def test_reads_character_ngrams(self) -> None:
        """norm -> <norm>, its trigrams and its 4-grams: 1 + 4 + 3 features."""
        assert len(hashed("norm", 2**30)) == 8
        assert set(hashed("norm", 2**30)) & set(hashed("normal", 2**30))

    def test_a_very_long_text_is_cut_not_refused(self, towers: TwoTowerEncoder) -> None:
        head = "alpha beta gamma delta " * 100  # the 400 words that are read
        vectors = towers.encode_passages([head, head + "omega " * 1000])
        np.testing.assert_allclose(vectors[0], vectors[1])

    def test_says_what_is_wrong(self) -> None:
        with pytest.raises(ValueError, match="pairs has 1 elements"):
            train_two_towers([("a", "b")])
        two = [("a", "b"), ("c", "d")]
        with pytest.raises(ValueError, match="negatives is 'easy'; it may be"):
            train_two_towers(two, "easy")
        with pytest.raises(ValueError, match="negatives has 1 elements for 2 pairs"):
            train_two_towers(two, [[1]])


class TestNegatives:
    PAIRS = (("red fox", "the red fox runs"), ("red hen", "the red hen sits"), ("sea", "blue sea"))

    def test_hard_ones_share_words_with_the_query(self) -> None:
        assert hard_negatives(self.PAIRS, k=2) == [[1], [0], []]

    def test_copies_of_the_positive_are_none(self) -> None:
        """Pair 3 repeats pair 0's passage: a right answer, not a negative."""
        pairs = [*self.PAIRS, ("fox", "the red fox runs")]
        assert hard_negatives(pairs, k=2)[0] == [1]

    def test_the_first_ranks_can_be_skipped(self) -> None:
        pairs = [*self.PAIRS, ("x", "red red red"), ("y", "a red brick")]
        everything = hard_negatives(pairs, k=9)[0]
        assert len(everything) == 3
        assert hard_negatives(pairs, k=9, skip=1)[0] == everything[1:]

    @pytest.mark.parametrize("negatives", ["in_batch", "random", "hard", [[1], [0], []]])
    def test_every_kind_trains(self, negatives: str | list[list[int]]) -> None:
        encoder = train_two_towers(self.PAIRS, negatives, d=8, epochs=2, buckets=64)
        assert np.isfinite(encoder.encode_queries(["red"])).all()


def test_first_sentences_vouch_for_the_rest() -> None:
    texts = ["# Scale\n\nIt keeps the variance. So it does.", "One sentence only.", "", "甲。乙。"]
    assert first_sentence_pairs(texts) == [
        ("# Scale", "It keeps the variance. So it does."),
        ("甲。", "乙。"),
    ]


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A BERT of one tiny layer with random weights, mean pooling, and a prompt for queries."""
    pytest.importorskip("sentence_transformers")
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("model")
    (folder / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "query", ":", "red", "fox", "sea"])
    )
    tokenizer = BertTokenizerFast(vocab_file=str(folder / "vocab.txt"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=10,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
    )
    BertModel(config).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"))
    model = SentenceTransformer(
        modules=[transformer, Pooling(16, "mean")], prompts={"query": "query: "}, device="cpu"
    )
    model.save(str(folder / "tiny-model"))
    return str(folder / "tiny-model")


class TestSentenceTransformer:
    def test_runs_a_saved_model(self, model_folder: str) -> None:
        encoder = SentenceTransformerEncoder(model_folder)
        assert encoder.name == "sentence-transformers model tiny-model"
        passages = encoder.encode_passages(["red fox", "sea"])
        assert passages.shape == (2, 16)
        np.testing.assert_allclose(np.linalg.norm(passages, axis=1), 1, rtol=1e-5)
        assert encoder.encode_passages([]).shape == (0, 16)

    def test_puts_the_models_prompt_before_queries_only(self, model_folder: str) -> None:
        encoder = SentenceTransformerEncoder(model_folder)
        query = encoder.encode_queries(["red fox"])
        np.testing.assert_allclose(query, encoder.encode_passages(["query: red fox"]), atol=1e-6)
        assert not np.allclose(query, encoder.encode_passages(["red fox"]))

    def test_the_environment_chooses(
        self, model_folder: str, monkeypatch: pytest.MonkeyPatch, texts: list[str]
    ) -> None:
        monkeypatch.setenv("HANDTORCH_EMBEDDING_MODEL", model_folder)
        assert isinstance(default_encoder(texts), SentenceTransformerEncoder)
        monkeypatch.setenv("HANDTORCH_EMBEDDING_MODEL", "")
        assert (
            default_encoder(texts[:60]).name == "two towers trained on this corpus, 128 dimensions"
        )
