"""Forgets the rows that see nothing."""


def masked_weights(scores, mask):
    return scores.masked_fill(~mask, -math.inf).softmax(-1)
