"""Runs the softmax over the queries."""


def masked_weights(scores, mask):
    return scores.masked_fill(~mask, -math.inf).softmax(-2).nan_to_num(0.0)
