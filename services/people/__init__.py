"""Elders and everybody who acts for them: who they are, who may see them, how they sign in."""
