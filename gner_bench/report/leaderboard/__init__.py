"""A leaderboard: many systems on one page, in groups that are like for like, with ranks that tests allow."""
