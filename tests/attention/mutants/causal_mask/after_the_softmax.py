"""Zeroes the hidden weights after the softmax."""


def masked_weights(scores, mask):
    return scores.softmax(-1) * mask
