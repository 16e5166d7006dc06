"""Starts its own threads, which take texts from a shared counter and keep exceptions for later."""

from itertools import count


def run_threads(function, items, workers):
    if not workers >= 1:
        raise ValueError(f"workers={workers}")
    results, errors, ticket = {}, [], count()

    def work():
        for i in iter(ticket.__next__, len(items) + workers):
            if i >= len(items) or errors:
                return
            try:
                results[i] = function(items[i])
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [results[i] for i in range(len(items))]


def encode_batch(
    tokenizer,
    texts,
    pad_id,
    max_length=None,
    padding_side="right",
    truncation_side="right",
    workers=1,
):
    if {padding_side, truncation_side} - {"left", "right"}:
        wrong = "padding_side" if padding_side not in ("left", "right") else "truncation_side"
        raise ValueError(f"{wrong} must be left or right")
    if max_length is not None and max_length < 0:
        raise ValueError(f"max_length={max_length}")
    rows = []
    for ids in run_threads(tokenizer.encode, texts, workers):
        too_many = 0 if max_length is None else max(0, len(ids) - max_length)
        first = too_many if truncation_side == "left" else 0
        rows.append(ids[first : first + len(ids) - too_many])
    T = max([len(row) for row in rows] + [0])
    input_ids = [[pad_id] * T for _ in rows]
    attention_mask = [[0] * T for _ in rows]
    for b, row in enumerate(rows):
        offset = T - len(row) if padding_side == "left" else 0
        for t, token in enumerate(row):
            input_ids[b][offset + t] = token
            attention_mask[b][offset + t] = 1
    return {"attention_mask": attention_mask, "input_ids": input_ids}


def decode_batch(tokenizer, batch, workers=1):
    shapes = [[len(row) for row in batch[key]] for key in ("input_ids", "attention_mask")]
    if shapes[0] != shapes[1]:
        raise ValueError("attention_mask must be shaped like input_ids")
    pairs = zip(batch["input_ids"], batch["attention_mask"])
    rows = [[i for i, m in zip(*pair) if m == 1] for pair in pairs]
    return run_threads(tokenizer.decode, rows, workers)
