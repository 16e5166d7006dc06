"""Lets a library do the work."""


def viterbi(text, scores):
    from handtorch.tokenizer.unigram import UnigramLM

    return UnigramLM(scores).viterbi(text)


def expected_counts(text, scores):
    from handtorch.tokenizer.unigram import UnigramLM

    return {**dict.fromkeys(scores, 0.0), **UnigramLM(scores).expected_counts(text)}


def em_step(words, scores):
    from handtorch.tokenizer import unigram_training

    counts = unigram_training.expected_counts(scores, words)
    total = sum(counts.values())
    return {piece: math.log(count / total) for piece, count in counts.items() if count}


def prune(words, scores, size):
    from handtorch.tokenizer import unigram_training

    return unigram_training.prune(scores, words, size)
