"""Service circles: who can walk to which facility, and how many elders that leaves out."""
