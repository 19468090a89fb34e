"""A leaderboard: many systems on one page, in groups on the same data by the same rules, with ranks by tests."""
