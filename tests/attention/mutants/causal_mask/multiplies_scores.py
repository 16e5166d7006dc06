"""Multiplies the scores by the mask: a score of 0 is not hidden."""


def masked_weights(scores, mask):
    return (scores * mask).softmax(-1)
