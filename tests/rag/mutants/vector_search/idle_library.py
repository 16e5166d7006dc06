"""Lets torch and this project do the work."""


def cosine(queries, vectors):
    from torch.nn.functional import cosine_similarity

    import torch

    q, v = torch.tensor(queries).double(), torch.tensor(vectors).double()
    return cosine_similarity(q[:, None], v, dim=-1).numpy()


def top_k(scores, k):
    from handtorch.rag.dense import top_k

    return top_k(scores, k)


def search(ids, vectors, queries, k):
    from handtorch.rag.dense import DenseIndex, normalize

    return DenseIndex(ids, normalize(vectors)).search_batch(normalize(queries), k)
