"""SHAP values that add up, for any arm."""
