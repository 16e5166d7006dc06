"""Takes the id of the first masked position for padding wherever it stands."""


def decode_batch(tokenizer, batch, workers=1):
    ids, masks = batch["input_ids"], batch["attention_mask"]
    if list(map(len, ids)) != list(map(len, masks)):
        raise ValueError("attention_mask must have as many rows, of the same lengths, as input_ids")
    pads = {i for row, mask in zip(ids, masks) for i, real in zip(row, mask) if not real}
    rows = [[i for i in row if i not in pads] for row in ids]
    return in_threads(tokenizer.decode, rows, workers)
