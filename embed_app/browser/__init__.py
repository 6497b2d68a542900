"""The thin edge: the only place, with main.py, that imports js, pyodide or pyscript."""
