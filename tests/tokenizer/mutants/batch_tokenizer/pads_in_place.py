"""Pads and cuts the lists that the tokenizer returned."""


def encode_batch(
    tokenizer,
    texts,
    pad_id,
    max_length=None,
    padding_side="right",
    truncation_side="right",
    workers=1,
):
    for name, side in (("padding_side", padding_side), ("truncation_side", truncation_side)):
        if side not in ("left", "right"):
            raise ValueError(f"{name} is {side!r}; it must be 'left' or 'right'")
    if max_length is not None and max_length < 0:
        raise ValueError(f"max_length is {max_length}; it must be None, or 0 or more")
    rows = in_threads(tokenizer.encode, texts, workers)
    if max_length is not None and truncation_side == "right":
        for row in rows:
            del row[max_length:]
    elif max_length is not None:
        rows = [row[max(0, len(row) - max_length) :] for row in rows]
    T = max(map(len, rows), default=0)
    batch = {"input_ids": [], "attention_mask": []}
    for row in rows:
        missing = T - len(row)
        left, right = (missing, 0) if padding_side == "left" else (0, missing)
        batch["attention_mask"].append([0] * left + [1] * len(row) + [0] * right)
        row[:0] = [pad_id] * left
        row += [pad_id] * right
        batch["input_ids"].append(row)
    return batch
