"""Draws by shuffling, and adds up the blocks of a row with a running maximum."""


def bigbird_blocks(n_blocks, window, global_blocks, n_random, seed):
    if window < 1 or window % 2 != 1:
        raise ValueError(f"window must be odd, not {window}")
    everywhere = []
    for block in global_blocks:
        if block >= n_blocks or block < -n_blocks:
            raise ValueError(f"global_blocks: there is no block {block}")
        everywhere.append(block + n_blocks if block < 0 else block)
    rng = random.Random(f"bigbird {seed}")
    rows = []
    for i in range(n_blocks):
        row = [
            j
            for j in range(n_blocks)
            if abs(i - j) <= window // 2 or i in everywhere or j in everywhere
        ]
        free = [j for j in range(n_blocks) if j not in row]
        rng.shuffle(free)
        rows.append(sorted(row + free[:n_random]))
    return rows


def dense_mask(blocks, T, S, block_size):
    pairs = [[j // block_size in blocks[i // block_size] for j in range(S)] for i in range(T)]
    return torch.tensor(pairs)


def block_attention(q, k, v, blocks, block_size):
    T, S = q.shape[-2], k.shape[-2]
    if len(blocks) != (T + block_size - 1) // block_size:
        raise ValueError("blocks has the wrong number of rows")
    out = []
    for i, row in enumerate(blocks):
        query = q[..., i * block_size : (i + 1) * block_size, :] / q.shape[-1] ** 0.5
        top = torch.full_like(query[..., :1], -1e300 if q.dtype == torch.float64 else -1e38)
        total = torch.zeros_like(top)
        acc = torch.zeros(*query.shape[:-1], v.shape[-1], dtype=q.dtype)
        seen = set()
        for j in row:
            if j < 0 or j * block_size >= S or j in seen:
                raise ValueError(f"blocks: row {i} has {j}")
            seen.add(j)
            scores = query @ k[..., j * block_size : (j + 1) * block_size, :].mT
            new = torch.maximum(top, scores.amax(-1, keepdim=True))
            p, shrink = (scores - new).exp(), (top - new).exp()
            total = total * shrink + p.sum(-1, keepdim=True)
            acc = acc * shrink + p @ v[..., j * block_size : (j + 1) * block_size, :]
            top = new
        out.append(acc / total if row else acc)
    return torch.cat(out, -2)
