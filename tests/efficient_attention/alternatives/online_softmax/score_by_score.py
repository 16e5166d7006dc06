"""Takes one score at a time, row by row, in ordinary numbers."""


def step(m, total, acc, score, value):
    """The state of a row after one more score."""
    if score == -math.inf:
        return m, total, acc
    new = max(m, score)
    old = math.exp(m - new)
    return new, total * old + math.exp(score - new), acc * old + math.exp(score - new) * value


def summarize(scores, values):
    T, N = scores.shape
    ms, totals, accs = scores.new_zeros(T), scores.new_zeros(T), values.new_zeros(T, values.size(1))
    for t in range(T):
        m, total, acc = -math.inf, 0.0, torch.zeros_like(accs[t])
        for n in range(N):
            m, total, acc = step(m, total, acc, float(scores[t, n]), values[n])
        ms[t], totals[t], accs[t] = m, total, acc
    return ms, totals, accs


def merge(a, b):
    parts = []
    for m_a, l_a, acc_a, m_b, l_b, acc_b in zip(*a, *b, strict=True):
        if m_a < m_b:
            m_a, l_a, acc_a, m_b, l_b, acc_b = m_b, l_b, acc_b, m_a, l_a, acc_a
        if m_b > -math.inf:
            factor = torch.exp(m_b - m_a)
            l_a, acc_a = l_a + factor * l_b, acc_a + factor * acc_b
        parts.append((m_a, l_a, acc_a))
    return tuple(torch.stack(part) for part in zip(*parts, strict=True))


def online_softmax(chunks):
    if len(chunks) == 0:
        raise ValueError("there must be something in chunks")
    state = None
    for scores, values in chunks:
        new = summarize(scores, values)
        state = new if state is None else merge(state, new)
    m, total, acc = state
    out, lse = torch.zeros_like(acc), torch.full_like(m, -math.inf)
    for t in range(len(m)):
        if total[t] > 0:
            out[t], lse[t] = acc[t] / total[t], m[t] + math.log(total[t])
    return out, lse
