"""Being told: events of jobs to webhooks and NATS, out of the outbox that the store wrote with them.

settings   what the operator allows, secrets and addresses beside it
targets    what a caller names, checked
sender     takes what is due out of the outbox, by the schedule of retries
ways       webhook or NATS, opened when first needed
"""
