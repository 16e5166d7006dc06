"""Puts the chunks together first."""


def online_softmax(chunks):
    if not chunks:
        raise ValueError("chunks is empty")
    scores, values = zip(*chunks, strict=True)
    m, total, acc = summarize(torch.hstack(scores), torch.vstack(values))
    return acc / total.masked_fill(total == 0, 1)[:, None], m + total.log()
