"""Zeroes the hidden weights after the softmax and divides again."""


def masked_weights(scores, mask):
    p = scores.softmax(-1) * mask
    return torch.where(mask.any(-1, keepdim=True), p / p.sum(-1, keepdim=True), 0.0)
