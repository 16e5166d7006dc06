"""A new vector links to others, but nobody links to it."""


def link_back(links, vectors, position, new, most):
    return None
