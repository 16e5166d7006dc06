"""Training a Unigram language model: from too many pieces down to the vocabulary, by EM.

1. Seed: all characters, and the substrings of words that occur twice or more.
2. EM: expected count of every piece (E), then new scores from the counts (M), twice.
3. Prune: drop the quarter of the pieces whose loss costs the likelihood least; back to 2 until
   1.1 times the target is left.
4. Finish: every character, then the best pieces up to the target.

This follows `sentencepiece`'s trainer, also where that departs from textbook EM: the M-step puts
digamma in the place of the logarithm (variational Bayes with a sparse prior, so scores do not sum
to one), pieces with an expected count below 0.5 are dropped, and the loss of a piece is
estimated, not measured. With the same text, `normalization_rule_name="identity"`,
`remove_extra_whitespaces=False`, `character_coverage=1`, `split_by_unicode_script=False` and
`split_by_number=False`, version 0.2.3 finds the same pieces and scores, up to float32 rounding
and to ties that rounding decides (``tests/tokenizer/test_unigram.py``). Version 0.2.1 checks
the size before pruning, not after, and so runs EM once more, as the trainer of `tokenizers`
does. Left out: those options, limits on sentence length and on the number of seeds.

Paper: kudo2018subword.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from handtorch.tokenizer.raw_text import SPACE, escape, split_words
from handtorch.tokenizer.unigram import Unigram, UnigramLM, byte_piece

#: An expected count below this drops the piece in the M-step.
MIN_EXPECTED_COUNT = 0.5


def train_unigram(
    texts: Iterable[str],
    vocab_size: int,
    shrink: float = 0.75,
    byte_fallback: bool = False,
    max_piece_length: int = 16,
) -> Unigram:
    """A Unigram tokenizer learned from raw text.

    Args:
        vocab_size: how many ids at most: ``<unk>``, the 256 byte pieces if asked for, pieces.
        shrink: the share of the pieces that a round of pruning keeps, between 0 and 1.
        byte_fallback: add the byte pieces, which make encoding lossless.
        max_piece_length: in characters.

    Raises:
        ValueError: if the text is empty, the characters alone exceed `vocab_size`, or `shrink`
            is outside (0, 1).
    """
    if not 0 < shrink < 1:
        raise ValueError(f"shrink is {shrink}; it must lie between 0 and 1, both excluded")
    sentences = [escape(text) for text in texts if text]
    words = Counter(word for sentence in sentences for word in split_words(sentence))
    characters = Counter(c for sentence in sentences for c in sentence)
    special = [("<unk>", 0.0)]
    if byte_fallback:
        special += [(byte_piece(b), 0.0) for b in range(256)]
    size = vocab_size - len(special)
    if not words or size < len(characters):
        raise ValueError(
            f"vocab_size is {vocab_size}; {len(characters)} characters need at least "
            f"{len(characters) + len(special)}, and texts at least one character"
        )
    scores = seed_scores(sentences, max_piece_length)
    target = int(vocab_size * 1.1)
    while True:
        for _ in range(2):
            scores = em_step(scores, words)
        scores = prune(scores, words, max(target, int(len(scores) * shrink)))
        if len(scores) <= target:
            break
    pieces = finish(scores, characters, size)
    return Unigram([*special, *pieces], byte_fallback=byte_fallback)


def seed_scores(sentences: Iterable[str], max_piece_length: int = 16) -> dict[str, float]:
    """Log-probabilities of the first, far too large set of pieces.

    Characters weigh their count, a longer substring of a word its count times its length. A
    substring that is always followed by the same byte is left out (only inner nodes of the
    suffix tree are candidates): where "toke" is always followed by "n", "token" says it better.
    """
    text = "\0".join(sentences)
    characters = Counter(text)
    del characters["\0"]
    words = re.finditer(f"{SPACE}[^{SPACE}\0]*", text)
    runs = Counter((word.group(), text[word.end() : word.end() + 1]) for word in words)
    counts: Counter[str] = Counter()
    followers: defaultdict[str, set[bytes]] = defaultdict(set)
    for (word, after), count in runs.items():
        for start in range(len(word)):
            for end in range(start + 2, min(start + max_piece_length, len(word)) + 1):
                piece, following = word[start:end], word[end : end + 1] or after
                counts[piece] += count
                followers[piece].add(following.encode()[:1])  # sentencepiece compares bytes
    weights = dict(sorted(characters.items(), key=lambda x: (-x[1], x[0])))
    long = [(v, n * len(v)) for v, n in counts.items() if len(followers[v]) > 1]
    weights.update(sorted(long, key=lambda x: (-x[1], x[0])))
    total = math.log(sum(weights.values()))
    return {piece: math.log(weight) - total for piece, weight in weights.items()}


def em_step(scores: Mapping[str, float], words: Mapping[str, int]) -> dict[str, float]:
    """One round of EM: expected counts under `scores`, then scores from the counts.

    ``digamma(c) - digamma(sum)`` lies below ``log(c / sum)``, by about 1/(2c): a piece seen once
    loses 0.58 nats, one seen a thousand times next to nothing. So rare pieces wither.
    """
    expected = expected_counts(scores, words)
    kept = {piece: c for piece, c in expected.items() if c >= MIN_EXPECTED_COUNT}
    log_total = digamma(math.fsum(kept.values()))
    return {piece: digamma(c) - log_total for piece, c in kept.items()}


def expected_counts(scores: Mapping[str, float], words: Mapping[str, int]) -> dict[str, float]:
    """Every piece's expected count over a corpus of words with their frequencies."""
    model, first = UnigramLM(scores), next(iter(scores))
    totals = dict.fromkeys(scores, 0.0)
    for word, frequency in words.items():
        for piece, count in model.expected_counts(word).items():
            # A character that is no longer a piece goes to the account of piece 0, as in
            # sentencepiece, where 0 is also the id of what is unknown.
            totals[piece if piece in totals else first] += frequency * count
    return totals


def prune(scores: Mapping[str, float], words: Mapping[str, int], size: int) -> dict[str, float]:
    """The `size` pieces whose removal would cost the most likelihood, with their old scores.

    Removing piece v turns each of its occurrences in the best segmentations into its own second
    best segmentation. The estimate of the loss keeps all other segmentations as they are.
    A character that is used stays, since nothing else could spell it.
    """
    model, first = UnigramLM(scores), next(iter(scores))
    used: Counter[str] = Counter()  # occurrences in the best segmentations
    for word, frequency in words.items():
        for piece in model.viterbi(word)[0]:
            used[piece if piece in scores else first] += frequency
    total = used.total()
    kept, losses = [], {}
    for piece in scores:
        ways = model.nbest(piece, 2)
        if used[piece] == 0 or len(ways[0][0]) > 1:
            continue  # the model itself does without it
        if len(ways) == 1:
            kept.append(piece)
            continue
        others = [other if other in scores else first for other in ways[1][0]]
        log_total = math.log(total + used[piece] * (len(others) - 1))
        before = math.log(used[piece] / total)
        after = sum(math.log(used[other] + used[piece]) - log_total for other in others)
        losses[piece] = used[piece] * (before - after)
    best = sorted(losses, key=losses.__getitem__, reverse=True)
    kept += best[: max(0, size - len(kept))]
    return {piece: scores[piece] for piece in kept}


def finish(
    scores: Mapping[str, float], characters: Mapping[str, int], size: int
) -> list[tuple[str, float]]:
    """Exactly the pieces to keep, best first: all characters, then by score.

    A character that EM has dropped comes back a little above the lowest score of all.
    """
    lowest, missing, pieces = min(scores.values()), 0, {}
    for c, _ in sorted(characters.items(), key=lambda x: (-x[1], x[0])):
        if c in scores:
            pieces[c] = scores[c]
        else:
            pieces[c] = lowest + 0.0001 * missing
            missing += 1
    ranked = sorted(scores.items(), key=lambda x: (-x[1], x[0]))
    rest = [(piece, score) for piece, score in ranked if piece not in pieces]
    pieces.update(rest[: size - len(pieces)])
    return sorted(pieces.items(), key=lambda x: (-x[1], x[0]))


def digamma(x: float) -> float:
    """The derivative of log gamma, for x > 0: its recurrence up to 6, then Stirling's series."""
    shift = 0.0
    while x < 6.0:
        shift += 1.0 / x
        x += 1.0
    y = 1.0 / (x * x)
    series = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y / 132))))
    return math.log(x) - 0.5 / x - series - shift
