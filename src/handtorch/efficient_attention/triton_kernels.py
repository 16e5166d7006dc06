"""FlashAttention in Triton: forward, delta, dK/dV and dQ. `triton_launch` launches the kernels.

The algorithm is that of `tiled`; what is new is where things are. A program holds one block of
queries (or of keys) on the chip and walks over the blocks of the other side, which Hopper's Tensor
Memory Accelerator (TMA) fetches ahead of time. Scores are exponents of 2, which is what the
hardware has, so log2(e) is folded into the scale. Tiles of which every pair counts are done in a
loop without a mask, those on the edges in loops of their own. The backward pass has one kernel for
keys and values and one for queries: seven products where five would do (dao2024), but no atomic
additions, so that gradients are the same each time.

Notation: T queries, S keys, D head size (DV that of values), in blocks of BM queries and BN keys;
DP, DVP powers of two that hold D, DV; R query heads to a key-value head. An option that is None
costs nothing: Triton compiles another kernel for it. What this leaves out: overlap of softmax and
products (shah2024), float8, dropout, and splitting the keys of one query block among programs.
"""
# Parameters are many and go together: a line for each would hide the algorithm.
# fmt: off

import math

import triton
import triton.language as tl

LOG2E = tl.constexpr(math.log2(math.e))
INTEGERS = ["batch", "heads", "T", "S", "together", "row_b", "row_h", "window"]  # any value


@triton.jit
def _place(blocks, heads, batch, together, LAST_FIRST: tl.constexpr):
    """Which block, head and batch entry are this program's.

    `together` heads are worked on at a time, as many as have room in the L2 cache, so that
    programs that run at the same time read the same keys. Of these heads the longest blocks come
    first: short ones fill the gaps at the end.
    """
    pid = tl.program_id(0)
    first = pid // (blocks * together) * together
    count = tl.minimum(heads * batch - first, together)
    block = pid % (blocks * together) // count
    head = first + pid % (blocks * together) % count
    if LAST_FIRST:
        block = blocks - 1 - block
    return block, head % heads, head // heads


@triton.jit
def _sequence(cu, b, length):
    """Where the rows of batch entry b start, and how many they are."""
    start = 0
    if cu is not None:  # packed
        start = tl.load(cu + b)
        length = tl.load(cu + b + 1) - start
    return start, length


@triton.jit
def _rows(x, b, h, cu, start, length, D: tl.constexpr, BLOCK: tl.constexpr, DP: tl.constexpr,
          TMA: tl.constexpr):
    """A view of one head's rows for `_load` and `_store`.

    x is a descriptor of (batch, head, row, column), or a pointer and the strides of the first
    three. In a packed batch each sequence has bounds of its own: the program makes a descriptor.
    """
    if TMA and cu is None:
        view = x, b, h
    else:
        pointer, stride_b, stride_h, step = x
        pointer += tl.cast(b, tl.int64) * stride_b + tl.cast(h, tl.int64) * stride_h
        pointer += tl.cast(start, tl.int64) * step
        if TMA:
            view = tl.make_tensor_descriptor(
                pointer, [1, 1, length, D], [step, step, step, 1], [1, 1, BLOCK, DP]), 0, 0
        else:
            view = pointer, step, length
    return view


@triton.jit
def _pointers(view, n, D: tl.constexpr, BLOCK: tl.constexpr, DP: tl.constexpr):
    rows, columns = tl.arange(0, BLOCK)[:, None], tl.arange(0, DP)[None, :]
    pointers = view[0] + tl.cast(n, tl.int64) * view[1] + (rows * view[1] + columns)
    return pointers, n + rows < view[2], columns < D


@triton.jit
def _load(view, n, D: tl.constexpr, BLOCK: tl.constexpr, DP: tl.constexpr, TMA: tl.constexpr,
          INSIDE: tl.constexpr):
    """Rows n.. of a view, (BLOCK, DP), with zeros outside; INSIDE: no row is outside."""
    if TMA:
        tile = view[0].load([view[1], view[2], n, 0]).reshape(BLOCK, DP)
    else:
        pointers, rows, columns = _pointers(view, n, D, BLOCK, DP)
        if not INSIDE:
            tile = tl.load(pointers, rows & columns, 0.0)
        elif D < DP:
            tile = tl.load(pointers, columns, 0.0)
        else:
            tile = tl.load(pointers)
    return tile


@triton.jit
def _store(view, n, tile, D: tl.constexpr, BLOCK: tl.constexpr, DP: tl.constexpr,
           TMA: tl.constexpr):
    """Write the rows and columns of a tile that are inside."""
    if TMA:
        tile = tile.to(view[0].dtype).reshape(1, 1, BLOCK, DP)
        view[0].store([view[1], view[2], n, 0], tile)
    else:
        pointers, rows, columns = _pointers(view, n, D, BLOCK, DP)
        tl.store(pointers, tile.to(view[0].dtype.element_ty), rows & columns)


@triton.jit
def _key_range(first, last, shift, S, window, BN: tl.constexpr, CAUSAL: tl.constexpr):
    """Queries first..last see keys in [start, stop), and each of them all in [full, full_stop)."""
    start, stop, full, full_stop = 0, S, 0, S // BN * BN
    if CAUSAL:
        stop = tl.minimum(tl.maximum(last + shift + 1, 0), S)
        full_stop = tl.minimum(tl.maximum(first + shift + 1, 0), S) // BN * BN
    if window is not None:
        start = tl.maximum(first + shift - window + 1, 0) // BN * BN
        full = tl.cdiv(tl.maximum(last + shift - window + 1, 0), BN) * BN
        full_stop = tl.maximum(full, full_stop)
    return start, stop, full, full_stop


@triton.jit
def _query_range(first, last, shift, T, window, BM: tl.constexpr, CAUSAL: tl.constexpr):
    """The queries that see any of the keys first..last: [start, stop)."""
    start, stop = 0, T
    if CAUSAL:
        start = tl.maximum(first - shift, 0) // BM * BM
    if window is not None:
        stop = tl.minimum(tl.maximum(last - shift + window, 0), T)
    return start, stop


@triton.jit
def _scores(s, i, j, S, rules, CAUSAL: tl.constexpr, MASK: tl.constexpr):
    """From products of a query at position i and key j: score / scale, d score / d product."""
    scale, softcap, slope, window = rules
    derivative = 1.0
    if softcap is not None:
        tanh = 2 * tl.sigmoid(s * (2 * scale / softcap)) - 1
        derivative = 1 - tanh * tanh
        s = tanh * (softcap / scale)
    if slope is not None:
        s -= tl.abs(i - j) * (slope / scale)
    if MASK:
        if S is not None:
            s = tl.where(j < S, s, float("-inf"))
        if CAUSAL:
            s = tl.where(j <= i, s, float("-inf"))
        if window is not None:
            s = tl.where(j > i - window, s, float("-inf"))
    return s, derivative


@triton.jit
def _attend(acc, l, m, q, k_view, v_view, i, start, stop, S, rules, D: tl.constexpr,
            DV: tl.constexpr, BN: tl.constexpr, DP: tl.constexpr, DVP: tl.constexpr,
            TMA: tl.constexpr, CAUSAL: tl.constexpr, MASK: tl.constexpr):
    """The loop of the forward pass: keys [start, stop) for the queries at positions i."""
    to_log2 = rules[0] * LOG2E
    for n in tl.range(start, stop, BN):
        k = _load(k_view, n, D, BN, DP, TMA, not MASK)
        j = n + tl.arange(0, BN)[None, :]
        s, _ = _scores(tl.dot(q, k.T), i, j, S, rules, CAUSAL, MASK)
        m_new = tl.maximum(m, tl.max(s, 1) * to_log2)
        shift = m_new
        if MASK:  # nothing seen yet: avoid inf - inf
            shift = tl.where(m_new == float("-inf"), 0.0, m_new)
        p = tl.exp2(s * to_log2 - shift[:, None])
        alpha = tl.exp2(m - shift)
        l = l * alpha + tl.sum(p, 1)
        v = _load(v_view, n, DV, BN, DVP, TMA, not MASK)
        acc = tl.dot(p.to(v.dtype), v, acc * alpha[:, None])
        m = m_new
    return acc, l, m


@triton.jit(do_not_specialize=INTEGERS)
def forward_kernel(Q, K, V, Out, Lse, slopes, cu_q, cu_k, batch, heads, T, S, together, row_b,
                   row_h, scale, softcap, window, R: tl.constexpr, D: tl.constexpr,
                   DV: tl.constexpr, DP: tl.constexpr, DVP: tl.constexpr, TMA: tl.constexpr,
                   CAUSAL: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr):
    """Out and Lse for one block of queries."""
    block, h, b = _place(tl.cdiv(T, BM), heads, batch, together, CAUSAL)
    t0, T = _sequence(cu_q, b, T)
    s0, S = _sequence(cu_k, b, S)
    first = block * BM
    if first >= T:  # this sequence is shorter than the longest
        return
    q_view = _rows(Q, b, h, cu_q, t0, T, D, BM, DP, TMA)
    k_view = _rows(K, b, h // R, cu_k, s0, S, D, BN, DP, TMA)
    v_view = _rows(V, b, h // R, cu_k, s0, S, DV, BN, DVP, TMA)
    rows = first + tl.arange(0, BM)
    i = (rows + S - T)[:, None]
    rules = scale, softcap, None if slopes is None else tl.load(slopes + h), window
    start, stop, full, full_stop = _key_range(first, first + BM - 1, S - T, S, window, BN, CAUSAL)
    q = _load(q_view, first, D, BM, DP, TMA, False)
    acc = tl.zeros([BM, DVP], tl.float32)
    l = tl.zeros([BM], tl.float32)
    m = l - float("inf")
    if window is not None:
        acc, l, m = _attend(acc, l, m, q, k_view, v_view, i, start, tl.minimum(full, stop), S,
                            rules, D, DV, BN, DP, DVP, TMA, CAUSAL, True)
    acc, l, m = _attend(acc, l, m, q, k_view, v_view, i, full, full_stop, S,
                        rules, D, DV, BN, DP, DVP, TMA, CAUSAL, False)
    acc, l, m = _attend(acc, l, m, q, k_view, v_view, i, full_stop, stop, S,
                        rules, D, DV, BN, DP, DVP, TMA, CAUSAL, True)
    l = tl.where(l == 0, 1.0, l)  # where no key was seen: zeros
    out_view = _rows(Out, b, h, cu_q, t0, T, DV, BM, DVP, TMA)
    _store(out_view, first, acc * (1 / l)[:, None], DV, BM, DVP, TMA)
    lse = (m + tl.log2(l)) * (1 / LOG2E)
    tl.store(Lse + _row(b, h, row_b, row_h, t0) + rows, lse, rows < T)


@triton.jit
def _row(b, h, row_b, row_h, start):
    """Where the numbers begin of which there is one a query."""
    return tl.cast(b, tl.int64) * row_b + tl.cast(h, tl.int64) * row_h + start


@triton.jit(do_not_specialize=INTEGERS)
def delta_kernel(Out, dOut, dLse, Delta, cu_q, batch, heads, T, together, row_b, row_h,
                 DV: tl.constexpr, DVP: tl.constexpr, TMA: tl.constexpr, BM: tl.constexpr):
    """Delta = sum(out * dout) - dlse: what all scores of a query lose in softmax's gradient."""
    block, h, b = _place(tl.cdiv(T, BM), heads, batch, together, False)
    t0, T = _sequence(cu_q, b, T)
    first = block * BM
    if first >= T:
        return
    out_view = _rows(Out, b, h, cu_q, t0, T, DV, BM, DVP, TMA)
    dout_view = _rows(dOut, b, h, cu_q, t0, T, DV, BM, DVP, TMA)
    out = _load(out_view, first, DV, BM, DVP, TMA, False).to(tl.float32)
    dout = _load(dout_view, first, DV, BM, DVP, TMA, False).to(tl.float32)
    delta = tl.sum(out * dout, 1)
    rows = first + tl.arange(0, BM)
    row = _row(b, h, row_b, row_h, t0) + rows
    if dLse is not None:
        delta -= tl.load(dLse + row, rows < T, 0.0)
    tl.store(Delta + row, delta, rows < T)


@triton.jit
def _load_lse(Lse, mask):
    """As exponents of 2; infinite for queries without keys and beyond the end: exp2(-inf) = 0."""
    lse = tl.load(Lse, mask, float("inf"))
    return tl.where(lse == float("-inf"), float("inf"), lse) * LOG2E


@triton.jit
def _to_keys(dk, dv, k, v, q_view, dout_view, Lse, Delta, j, start, stop, T, S, rules,
             D: tl.constexpr, DV: tl.constexpr, BM: tl.constexpr, DP: tl.constexpr,
             DVP: tl.constexpr, TMA: tl.constexpr, CAUSAL: tl.constexpr):
    """What queries [start, stop) add to dk and dv. Tiles are (keys, queries) here.

    A causal mask is applied to all tiles: a second loop without it would leave the compiler too
    few registers for tiles of this size. Keys beyond the end need no mask, no one reads their sums.
    """
    for n in tl.range(start, stop, BM):
        rows = n + tl.arange(0, BM)
        q = _load(q_view, n, D, BM, DP, TMA, False)
        i = (rows + S - T)[None, :]
        s, derivative = _scores(tl.dot(k, q.T), i, j, None, rules, CAUSAL, CAUSAL)
        p = tl.exp2(s * (rules[0] * LOG2E) - _load_lse(Lse + rows, rows < T)[None, :])
        dout = _load(dout_view, n, DV, BM, DVP, TMA, False)
        dv = tl.dot(p.to(dout.dtype), dout, dv)
        delta = tl.load(Delta + rows, rows < T, 0.0)
        ds = p * (tl.dot(v, dout.T) - delta[None, :]) * derivative
        dk = tl.dot(ds.to(q.dtype), q, dk)
    return dk, dv


@triton.jit(do_not_specialize=INTEGERS)
def dkdv_kernel(Q, K, V, dOut, dK, dV, Lse, Delta, slopes, cu_q, cu_k, batch, heads, T, S,
                together, row_b, row_h, scale, softcap, window, R: tl.constexpr, D: tl.constexpr,
                DV: tl.constexpr, DP: tl.constexpr, DVP: tl.constexpr, TMA: tl.constexpr,
                CAUSAL: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr):
    """dK and dV for one block of keys, summed over the R query heads that share them."""
    block, g, b = _place(tl.cdiv(S, BN), heads // R, batch, together, False)
    t0, T = _sequence(cu_q, b, T)
    s0, S = _sequence(cu_k, b, S)
    first = block * BN
    if first >= S:
        return
    k_view = _rows(K, b, g, cu_k, s0, S, D, BN, DP, TMA)
    v_view = _rows(V, b, g, cu_k, s0, S, DV, BN, DVP, TMA)
    k = _load(k_view, first, D, BN, DP, TMA, False)
    v = _load(v_view, first, DV, BN, DVP, TMA, False)
    j = first + tl.arange(0, BN)[:, None]
    start, stop = _query_range(first, first + BN - 1, S - T, T, window, BM, CAUSAL)
    dk = tl.zeros([BN, DP], tl.float32)
    dv = tl.zeros([BN, DVP], tl.float32)
    for h in range(g * R, g * R + R):
        q_view = _rows(Q, b, h, cu_q, t0, T, D, BM, DP, TMA)
        dout_view = _rows(dOut, b, h, cu_q, t0, T, DV, BM, DVP, TMA)
        row = _row(b, h, row_b, row_h, t0)
        rules = scale, softcap, None if slopes is None else tl.load(slopes + h), window
        dk, dv = _to_keys(dk, dv, k, v, q_view, dout_view, Lse + row, Delta + row, j, start, stop,
                          T, S, rules, D, DV, BM, DP, DVP, TMA, CAUSAL)
    _store(_rows(dK, b, g, cu_k, s0, S, D, BN, DP, TMA), first, dk * scale, D, BN, DP, TMA)
    _store(_rows(dV, b, g, cu_k, s0, S, DV, BN, DVP, TMA), first, dv, DV, BN, DVP, TMA)


@triton.jit
def _to_queries(dq, q, dout, lse, delta, k_view, v_view, i, start, stop, S, rules,
                D: tl.constexpr, DV: tl.constexpr, BN: tl.constexpr, DP: tl.constexpr,
                DVP: tl.constexpr, TMA: tl.constexpr, CAUSAL: tl.constexpr, MASK: tl.constexpr):
    """What keys [start, stop) add to dq."""
    for n in tl.range(start, stop, BN):
        k = _load(k_view, n, D, BN, DP, TMA, not MASK)
        j = n + tl.arange(0, BN)[None, :]
        s, derivative = _scores(tl.dot(q, k.T), i, j, S, rules, CAUSAL, MASK)
        p = tl.exp2(s * (rules[0] * LOG2E) - lse[:, None])
        v = _load(v_view, n, DV, BN, DVP, TMA, not MASK)
        ds = p * (tl.dot(dout, v.T) - delta[:, None]) * derivative
        dq = tl.dot(ds.to(k.dtype), k, dq)
    return dq


@triton.jit(do_not_specialize=INTEGERS)
def dq_kernel(Q, K, V, dOut, dQ, Lse, Delta, slopes, cu_q, cu_k, batch, heads, T, S, together,
              row_b, row_h, scale, softcap, window, R: tl.constexpr, D: tl.constexpr,
              DV: tl.constexpr, DP: tl.constexpr, DVP: tl.constexpr, TMA: tl.constexpr,
              CAUSAL: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr):
    """dQ for one block of queries."""
    block, h, b = _place(tl.cdiv(T, BM), heads, batch, together, CAUSAL)
    t0, T = _sequence(cu_q, b, T)
    s0, S = _sequence(cu_k, b, S)
    first = block * BM
    if first >= T:
        return
    q_view = _rows(Q, b, h, cu_q, t0, T, D, BM, DP, TMA)
    dout_view = _rows(dOut, b, h, cu_q, t0, T, DV, BM, DVP, TMA)
    k_view = _rows(K, b, h // R, cu_k, s0, S, D, BN, DP, TMA)
    v_view = _rows(V, b, h // R, cu_k, s0, S, DV, BN, DVP, TMA)
    rows = first + tl.arange(0, BM)
    row = _row(b, h, row_b, row_h, t0) + rows
    lse = _load_lse(Lse + row, rows < T)
    delta = tl.load(Delta + row, rows < T, 0.0)
    i = (rows + S - T)[:, None]
    rules = scale, softcap, None if slopes is None else tl.load(slopes + h), window
    start, stop, full, full_stop = _key_range(first, first + BM - 1, S - T, S, window, BN, CAUSAL)
    q = _load(q_view, first, D, BM, DP, TMA, False)
    dout = _load(dout_view, first, DV, BM, DVP, TMA, False)
    dq = tl.zeros([BM, DP], tl.float32)
    if window is not None:
        dq = _to_queries(dq, q, dout, lse, delta, k_view, v_view, i, start, tl.minimum(full, stop),
                         S, rules, D, DV, BN, DP, DVP, TMA, CAUSAL, True)
    dq = _to_queries(dq, q, dout, lse, delta, k_view, v_view, i, full, full_stop,
                     S, rules, D, DV, BN, DP, DVP, TMA, CAUSAL, False)
    dq = _to_queries(dq, q, dout, lse, delta, k_view, v_view, i, full_stop, stop,
                     S, rules, D, DV, BN, DP, DVP, TMA, CAUSAL, True)
    _store(_rows(dQ, b, h, cu_q, t0, T, D, BM, DP, TMA), first, dq * scale, D, BM, DP, TMA)
