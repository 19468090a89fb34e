"""What exists: zero-shot sets, public checkpoints, published scores. Facts in TOML, one loader each."""
