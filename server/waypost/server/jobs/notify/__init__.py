"""Being told: events of jobs to webhooks and NATS, out of the outbox that the store wrote with them."""
