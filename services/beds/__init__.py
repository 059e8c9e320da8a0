"""Beds, stays and the nursing-bed ratio's facts."""
