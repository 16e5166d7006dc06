"""Adds a bias of 0 and -inf to the scores and replaces the NaN of empty rows."""


def masked_weights(scores, mask):
    bias = torch.zeros(mask.shape, dtype=scores.dtype).masked_fill(mask.logical_not(), -torch.inf)
    return torch.nan_to_num(torch.softmax(scores + bias, dim=-1), nan=0.0)
