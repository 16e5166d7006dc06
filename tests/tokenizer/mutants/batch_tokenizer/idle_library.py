"""Lets a library do the work."""


def encode_batch(
    tokenizer,
    texts,
    pad_id,
    max_length=None,
    padding_side="right",
    truncation_side="right",
    workers=1,
):
    from handtorch.tokenizer import batching

    batch = batching.encode_batch(
        tokenizer,
        texts,
        pad_id=pad_id,
        max_length=max_length,
        padding_side=padding_side,
        truncation_side=truncation_side,
        workers=workers,
        backend="thread",
    )
    return {
        "input_ids": batch.input_ids.tolist(),
        "attention_mask": batch.attention_mask.tolist(),
    }


def decode_batch(tokenizer, batch, workers=1):
    import numpy as np
    from handtorch.tokenizer import batching

    arrays = batching.Batch(np.array(batch["input_ids"]), np.array(batch["attention_mask"]))
    return batching.decode_batch(tokenizer, arrays, workers=workers, backend="thread")
