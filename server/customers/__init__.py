"""Who a customer is, who its users are, how they prove it, and what is kept for them. No HTTP."""
