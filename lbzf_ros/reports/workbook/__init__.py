"""The plant's workbook: indicadores-YYYY-MM-DD.xlsx with its CSV mirror. Start at `export.py`.

What is in it, what it costs and what is decided: docs/export.md and docs/decisions/0029-workbook.md.
"""
