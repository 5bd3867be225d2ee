"""What is written down: one database technology for ledger and journal.

Rooms of the engine take what they need from `ledger` and `document`; `database` opens any database of the product. Only
a module that is asked for is loaded, since SQLAlchemy costs a fifth of a second.
"""
