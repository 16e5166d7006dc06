"""Averages the outputs of the chunks as if all had the same share."""


def online_softmax(chunks):
    if not chunks:
        raise ValueError("chunks is empty")
    states = [summarize(scores, values) for scores, values in chunks]
    outs = [acc / total.masked_fill(total == 0, 1)[:, None] for _, total, acc in states]
    lses = torch.stack([m + total.log() for m, total, _ in states])
    shift = finite(lses.amax(0))
    return sum(outs) / len(outs), (lses - shift).exp().sum(0).log() + shift
