"""The backward pass of attention by hand, as autograd would do it.

Forward: s = scale q kᵀ, p = softmax(s), out = p v. Backward, with dX for the gradient of a scalar
loss with respect to X:

    dv = pᵀ dout        dp = dout vᵀ        ds = p * (dp - rowsum(dp * p))
    dq = scale ds k     dk = scale dsᵀ q

Every line follows from "out = a b gives da = dout bᵀ and db = aᵀ dout"; the one for ds is the
softmax's. The mask needs no line of its own: where a query may not attend p is 0, and so is ds.

What this leaves out: the gradient of a floating mask (it is ds) and doing without the T x S
weights (dao2022 recomputes them block by block; see the chapter `efficient_attention`).
"""

from torch import Tensor

from handtorch.attention.scaled_dot_product import attention_scores, check_arguments, softmax_rows


def softmax_backward(grad: Tensor, p: Tensor) -> Tensor:
    """The gradient of the scores from that of their softmax: (diag(p) - p pᵀ) grad for each row.

    Args:
        grad: gradient of the loss with respect to p, (..., S).
        p: what the softmax returned, (..., S); rows of zeros are allowed and get zeros.

    Raises:
        ValueError: if the shapes differ.
    """
    if grad.shape != p.shape:
        raise ValueError(
            f"grad has shape {tuple(grad.shape)}; it must be that of p, {tuple(p.shape)}"
        )
    return p * (grad - (grad * p).sum(-1, keepdim=True))


def attention_backward(
    grad_out: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    *,
    scale: float | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of q, k and v, given that of `attention(q, k, v, mask, scale=scale)`.

    Args:
        grad_out: gradient of the loss with respect to the output, (..., T, Dv).
        q: queries, (..., T, D).
        k: keys, (..., S, D).
        v: values, (..., S, Dv).
        mask: as given to `attention`.
        scale: as given to `attention`.

    Returns:
        dq, dk, dv in the shapes and the dtype of q, k, v. Where leading dimensions were
        broadcast, the gradients are summed over them.

    Raises:
        ValueError: if shapes or dtypes do not fit together.
    """
    check_arguments(q, k, v, mask)
    if grad_out.shape[-2:] != (q.shape[-2], v.shape[-1]):
        wanted = f"(..., {q.shape[-2]}, {v.shape[-1]})"
        raise ValueError(f"grad_out has shape {tuple(grad_out.shape)}; it must be {wanted}")
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    p = softmax_rows(attention_scores(q, k, mask, scale=scale))  # (..., T, S), recomputed
    grad = grad_out.to(p.dtype)
    dv = p.transpose(-2, -1) @ grad  # (..., S, Dv)
    dp = grad @ v.to(p.dtype).transpose(-2, -1)  # (..., T, S)
    ds = softmax_backward(dp, p)  # (..., T, S)
    dq = ds @ k.to(p.dtype) * scale  # (..., T, D)
    dk = ds.transpose(-2, -1) @ q.to(p.dtype) * scale  # (..., S, D)
    return _like(dq, q), _like(dk, k), _like(dv, v)


def _like(grad: Tensor, x: Tensor) -> Tensor:
    return grad.sum_to_size(x.shape).to(x.dtype)
