"""From sales and days to paper."""
