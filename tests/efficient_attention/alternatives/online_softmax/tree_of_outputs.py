"""Merges in a tree, with where in place of masked_fill and einsum for the products."""


def weights(m, base):
    return torch.where(m > -torch.inf, torch.exp(m - base), torch.zeros_like(m))


def summarize(scores, values):
    padded = torch.nn.functional.pad(scores, (0, 1), value=-torch.inf)
    m, _ = padded.max(dim=1)
    p = weights(scores, m.unsqueeze(1))
    return m, torch.einsum("tn->t", p), torch.einsum("tn,nd->td", p, values)


def merge(a, b):
    m = torch.stack([a[0], b[0]]).max(dim=0).values
    share = [weights(state[0], m) for state in (a, b)]
    total = share[0] * a[1] + share[1] * b[1]
    return m, total, torch.einsum("nt,ntd->td", torch.stack(share), torch.stack([a[2], b[2]]))


def online_softmax(chunks):
    if chunks == []:
        raise ValueError("chunks must not be []")
    states = [summarize(*chunk) for chunk in chunks]
    while len(states) > 1:
        pairs = [merge(a, b) for a, b in zip(states[::2], states[1::2])]
        states = pairs + states[2 * len(pairs) :]
    m, total, acc = states[0]
    seen = total > 0
    out = torch.where(seen[:, None], acc / total[:, None], torch.zeros_like(acc))
    return out, torch.where(seen, m + torch.log(total), m)
