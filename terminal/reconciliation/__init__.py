"""The journal held against the payment service's own records: do both know the same payments and refunds?"""
