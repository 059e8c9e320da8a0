"""The demonstration district: real streets of central Nanjing, invented people, reproducible by seed."""
