"""What a learner sees: one short script a page, in sections, over the charts and parts that they share.

Only rooms lie here and no module: whatever lies beside this file is a page of its own to Streamlit.
"""
