"""Lets torch do the work."""


def summarize(scores, values):
    lse = torch.logsumexp(scores, -1)
    m = scores.amax(-1)
    return m, (lse - m).exp(), (lse - m).exp()[:, None] * (scores.softmax(-1) @ values)


def merge(a, b):
    m = torch.maximum(a[0], b[0])
    total = (torch.logaddexp(a[0] + a[1].log(), b[0] + b[1].log()) - m).exp()
    return m, total, a[2] * (a[0] - m).exp()[:, None] + b[2] * (b[0] - m).exp()[:, None]


def online_softmax(chunks):
    if not chunks:
        raise ValueError("chunks is empty")
    scores = torch.cat([chunk[0] for chunk in chunks], 1)
    values = torch.cat([chunk[1] for chunk in chunks])
    return scores.softmax(-1).nan_to_num(0.0) @ values, torch.logsumexp(scores, -1)
