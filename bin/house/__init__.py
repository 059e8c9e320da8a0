"""Set-up of Yinling on one machine: Python packages, servers, commands. Standard library only.

`bin/house/enter` finds a Python and runs this package; nothing in it may be imported by the product.
"""
