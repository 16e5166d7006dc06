"""Gives each worker one stretch of the texts and pads column by column."""

from itertools import zip_longest

SIDES = {"left": -1, "right": 1}


def spread(function, items, workers):
    if workers < 1:
        raise ValueError("workers must be at least 1")
    size = max(1, -(-len(items) // workers))
    with ThreadPoolExecutor(max_workers=workers) as pool:
        futures = [
            pool.submit(lambda part: [function(item) for item in part], items[start : start + size])
            for start in range(0, len(items), size)
        ]
    return [result for future in futures for result in future.result()]


def encode_batch(
    tokenizer,
    texts,
    pad_id,
    max_length=None,
    padding_side="right",
    truncation_side="right",
    workers=1,
):
    if padding_side not in SIDES or truncation_side not in SIDES:
        raise ValueError(f"padding_side={padding_side}, truncation_side={truncation_side}?")
    if max_length is not None and max_length < 0:
        raise ValueError("max_length must not be negative")
    step, cut = SIDES[padding_side], SIDES[truncation_side]
    rows = [row[::cut][:max_length][::cut] for row in spread(tokenizer.encode, texts, workers)]
    filled = {}
    for key, new, pad in (
        ("input_ids", rows, pad_id),
        ("attention_mask", [[1] * len(row) for row in rows], 0),
    ):
        columns = list(zip_longest(*(row[::step] for row in new), fillvalue=pad))
        filled[key] = [list(row)[::step] for row in zip(*columns)] or [[] for _ in rows]
    return filled


def decode_batch(tokenizer, batch, workers=1):
    ids, masks = batch["input_ids"], batch["attention_mask"]
    if len(ids) != len(masks) or any(len(i) != len(m) for i, m in zip(ids, masks)):
        raise ValueError("input_ids and attention_mask differ in shape")
    kept = []
    for row, mask in zip(ids, masks):
        kept.append([row[t] for t in range(len(row)) if mask[t] == 1])
    return spread(tokenizer.decode, kept, workers)
