"""How good is what was generated, and is it better than doing nothing?"""
