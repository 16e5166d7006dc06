"""Takes max(x, 0) for phi."""


def phi(x):
    return torch.relu(x)
