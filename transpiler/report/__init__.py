"""What people read: a rule's page, the support matrix, how much of a folder of rules translates. No rule is judged here.

``tree`` (walks over the syntax tree), ``indicators`` and ``lineage`` (what a rule looks for, where its columns come from),
``page`` (both, and more, of one rule); ``support`` with ``probes``; ``coverage``; ``data`` (any of them as JSON);
``show_*`` (any of them as text, with rich).
"""
