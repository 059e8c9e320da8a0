"""Where the next facilities should stand so that the most elders can walk to one: arrays in, answer out.

Knows no session, no facility and no elder: candidates and demand are positions in arrays. Everything is
deterministic: ties go to the lower position.
"""
