"""Fills with -1e9, so that a row that sees nothing attends evenly."""


def masked_weights(scores, mask):
    return scores.masked_fill(~mask, -1e9).softmax(-1)
