"""The level is not divided by ln m."""


def level_of(u, m):
    return math.floor(-math.log(u))
