"""The level is rounded to the nearest number, not down."""


def level_of(u, m):
    return round(-math.log(u) / math.log(m))
