"""Adds probabilities instead of their logarithms' exponentials: the tables underflow."""


def log_sum(x):
    total = sum(math.exp(value) for value in x)
    return math.log(total) if total > 0 else -math.inf
