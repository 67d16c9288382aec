"""Generated tables that ship with Rebal; ``rebal_core.data.simulate`` makes them."""
