"""Figures from other hands that several tests are held against."""

MMLU = ("85.0", "85.8", 14_042)
"""Two published scores and the items they were measured on."""

DETECTABLE_GAPS = [
    (14_042, 1.3, 0.95, 2),
    (10_042, 1.6, 1.1, 1),
    (1_319, 4.4, 3.1, 1),
    (1_172, 4.6, 3.3, 1),
    (164, 12.4, 8.8, 1),
    (50, 22, 16, 0),
]
"""Section 1 of the statistics reference: items, the minimal detectable gap unpaired and paired (correlation .5) at 80%
right and 80% power in points, and the decimals of the latter as printed."""

# statsmodels 0.15.0, scipy 1.17.1, in an environment of its own:
#   proportion_confint(k, n, method="wilson"), and method="normal", which cuts at 0 and 1
# k, n, Wilson low, Wilson high, Wald low, Wald high
ONE_SCORE = [
    (117, 164, 0.639950, 0.777111, 0.644212, 0.782618),
    (1055, 1319, 0.777399, 0.820557, 0.778256, 0.821441),
    (11935, 14042, 0.843948, 0.855761, 0.844043, 0.855857),
    (84, 100, 0.755797, 0.899047, 0.768147, 0.911853),
    (0, 50, 0.0, 0.071348, 0.0, 0.0),
    (50, 50, 0.928652, 1.0, 1.0, 1.0),
    (1, 50, 0.003539, 0.104954, 0.0, 0.058805),
]

# The same environment:
#   confint_proportions_2indep(a, n, b, m, compare="diff", method="newcomb", correction=False), then method="wald"
#   z, p = proportions_ztest([a, b], [n, m])
# a, n, b, m, Newcombe low, high, Wald low, high, z, p
TWO_SCORES = [
    (117, 164, 112, 164, -0.068495, 0.128665, -0.068815, 0.129791, 0.60141, 0.547566),
    (122, 164, 110, 164, -0.025274, 0.169734, -0.024990, 0.171332, 1.45626, 0.145321),
    (1095, 1319, 1049, 1319, 0.005092, 0.064606, 0.005130, 0.064619, 2.29572, 0.021692),
    (984, 1172, 946, 1172, 0.001532, 0.063272, 0.001575, 0.063271, 2.05818, 0.039573),
    (48, 50, 60, 80, 0.084848, 0.318773, 0.100667, 0.319333, 3.10669, 0.001892),
    (50, 50, 43, 50, 0.039703, 0.261862, 0.043822, 0.236178, 2.74352, 0.006079),
    (0, 20, 5, 20, -0.468701, -0.037765, -0.439773, -0.060227, -2.39046, 0.016827),
]
