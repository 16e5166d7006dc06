"""Draws from all blocks and keeps duplicates in the list."""


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
        drawn = draw.sample(range(n_blocks), min(n_random, n_blocks))
        rows.append(sorted([*row, *drawn]))
    return rows
