"""The Streamlit dashboard: asks, shows, remembers."""
