"""Level 0 has room for m links only, not for twice as many."""

right_link_back = link_back


def link_back(links, vectors, position, new, most):
    right_link_back(links, vectors, position, new, min(most, LIMIT[0]))


right_insert = insert
LIMIT = [0]


def insert(index, vectors, new, level, m, ef):
    LIMIT[0] = m
    right_insert(index, vectors, new, level, m, ef)
