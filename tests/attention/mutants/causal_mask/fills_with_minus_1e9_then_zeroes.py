"""Fills with -1e9 and zeroes the hidden weights after it: low scores lose to hidden keys."""


def masked_weights(scores, mask):
    return scores.masked_fill(~mask, -1e9).softmax(-1) * mask
