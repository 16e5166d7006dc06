"""Uses the thread pool of multiprocessing, and none for a single worker."""

from itertools import compress
from multiprocessing.pool import ThreadPool


def apply(function, items, workers):
    if workers <= 0:
        raise ValueError("the number of workers must be positive")
    if workers == 1:
        return list(map(function, items))
    with ThreadPool(workers) as pool:
        return pool.map(function, items, chunksize=1)


def encode_batch(
    tokenizer,
    texts,
    pad_id,
    max_length=None,
    padding_side="right",
    truncation_side="right",
    workers=1,
):
    sides = {"padding_side": padding_side, "truncation_side": truncation_side}
    for name in sides:
        if sides[name] != "left" and sides[name] != "right":
            raise ValueError(f"{name}: {sides[name]}")
    if max_length is None:
        max_length = float("inf")
    if max_length < 0:
        raise ValueError("max_length < 0")
    rows = [tuple(row) for row in apply(tokenizer.encode, texts, workers)]
    for b, row in enumerate(rows):
        while len(row) > max_length:
            row = row[1:] if truncation_side == "left" else row[:-1]
        rows[b] = row
    longest = len(max(rows, key=len)) if rows else 0
    input_ids, attention_mask = [], []
    for row in rows:
        padding = (pad_id,) * (longest - len(row))
        parts = [(1, row), (0, padding)]
        if padding_side == "left":
            parts.reverse()
        input_ids.append([i for _, part in parts for i in part])
        attention_mask.append([real for real, part in parts for _ in part])
    return {"input_ids": input_ids, "attention_mask": attention_mask}


def decode_batch(tokenizer, batch, workers=1):
    ids, masks = batch["input_ids"], batch["attention_mask"]
    if [*map(len, ids)] != [*map(len, masks)]:
        raise ValueError("attention_mask does not fit input_ids")
    return apply(tokenizer.decode, [list(compress(*pair)) for pair in zip(ids, masks)], workers)
