"""Judgement: how well networks do, with the trivial baselines beside them."""
