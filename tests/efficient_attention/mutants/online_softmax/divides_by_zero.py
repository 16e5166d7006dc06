"""Divides by the sum of rows that saw nothing."""


def online_softmax(chunks):
    if not chunks:
        raise ValueError("chunks is empty")
    state = summarize(*chunks[0])
    for scores, values in chunks[1:]:
        state = merge(state, summarize(scores, values))
    m, total, acc = state
    return acc / total[:, None], m + total.log()
