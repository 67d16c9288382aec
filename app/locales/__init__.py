"""What the catalogues must hold: every sentence of the screens and of the registries."""
