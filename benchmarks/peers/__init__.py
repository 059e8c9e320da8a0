"""Other engines to be compared with: each in a process of its own, present on few machines."""
