"""Page configuration and navigation; nothing else."""

from __future__ import annotations

import streamlit as st

from pages.parts import menu, opening

st.set_page_config(page_title="Facturier", page_icon="✉️", layout="wide")
with opening.guarded():
    menu.navigate().run()
