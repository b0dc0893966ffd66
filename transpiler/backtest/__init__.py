"""What a rule would have done: every scheduled run over a period of stored logs.

``running`` (the runs, in one statement where it pays), ``progress`` (a file from which a stopped backtest goes on),
``history`` (alerts by run and day, the noisiest entities), ``page`` (HTML with a plot), ``plot`` (the same as text).
"""

from transpiler.backtest.history import Backtest, EntityCount, RunAlerts
from transpiler.backtest.page import backtest_page
from transpiler.backtest.plot import plot_lines
from transpiler.backtest.running import backtest

__all__ = ["Backtest", "EntityCount", "RunAlerts", "backtest", "backtest_page", "plot_lines"]
