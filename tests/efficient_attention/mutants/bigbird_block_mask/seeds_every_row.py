"""Makes a new generator with the same seed in every row."""


def bigbird_blocks(n_blocks, window, global_blocks, n_random, seed):
    if window < 1 or window % 2 == 0:
        raise ValueError("window")
    if any(not -n_blocks <= block < n_blocks for block in global_blocks):
        raise ValueError("global_blocks")
    everything = set(range(n_blocks))
    seen_by_all = {block % n_blocks for block in global_blocks}
    draw = random.Random(seed)
    rows = []
    for i in range(n_blocks):
        near = everything & set(range(i - window // 2, i + window // 2 + 1))
        row = everything if i in seen_by_all else near | seen_by_all
        rest = sorted(everything - row)
        draw = random.Random(seed)
        rows.append(sorted(row.union(draw.sample(rest, min(n_random, len(rest))))))
    return rows
