"""Efficient attention: the same result with less memory traffic, or less of the result.

Read in this order: ``cost`` (what attention costs, and how it is counted); ``online_softmax``,
``scores``, ``reference``, ``tiled``, ``decoding`` (FlashAttention in plain torch);
``triton_kernels``, ``triton_launch`` (the same on a GPU), ``compiled`` (what the compiler makes of
it); ``ops`` (an operator of torch), ``backends``, ``dispatch`` (one function for all of them);
``sliding_window``, ``block_sparse``, ``receptive_field``, ``flex`` (not every pair of positions);
``linear``, ``performer``, ``linformer`` (no softmax, or fewer keys), ``toy_recall`` (what that
can lose).
"""
