"""Fills the scores in place."""


def masked_weights(scores, mask):
    return scores.masked_fill_(~mask, -math.inf).softmax(-1).nan_to_num(0.0)
