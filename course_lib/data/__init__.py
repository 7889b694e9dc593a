"""From text and dates to what models are trained on."""
