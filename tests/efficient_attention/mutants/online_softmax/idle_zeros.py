"""Returns zeros of the right shapes."""


def summarize(scores, values):
    rows = scores.new_zeros(scores.shape[0])
    return rows, rows, scores.new_zeros(scores.shape[0], values.shape[1])


def merge(a, b):
    return tuple(torch.zeros_like(part) for part in a)


def online_softmax(chunks):
    rows = torch.zeros(chunks[0][0].shape[0]).double() if chunks else torch.zeros(1)
    return torch.zeros(len(rows), 1).double(), rows
