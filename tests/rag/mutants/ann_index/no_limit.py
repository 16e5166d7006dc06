"""Links back are never too many."""


def link_back(links, vectors, position, new, most):
    links[position].append(new)
