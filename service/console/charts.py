"""Charts of the console, drawn by Bokeh, whose JavaScript is served from the installed package: no network needed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

SCRIPT = '<script src="/static/bokeh/bokeh.min.js"></script>'


def rates_over_time(rows: Sequence[dict[str, Any]]) -> str:
    """Pass rate over time, one line a version, as an HTML fragment; empty where there is nothing to draw.

    Args:
        rows: `{"at": ISO 8601 text, "version": text, "pass_rate": 0-1 | None, "conversations": count}`.
    """
    rows = [row for row in rows if row["pass_rate"] is not None]
    if not rows:
        return ""
    # Bokeh takes 0.6 s to import: only a page with a chart pays for it.
    from bokeh.embed import components  # noqa: PLC0415
    from bokeh.models import ColumnDataSource, HoverTool, NumeralTickFormatter, Range1d  # noqa: PLC0415
    from bokeh.palettes import Category10  # noqa: PLC0415
    from bokeh.plotting import figure  # noqa: PLC0415

    plot = figure(
        height=220,
        sizing_mode="stretch_width",
        x_axis_type="datetime",
        y_range=Range1d(start=0, end=1.05),
        toolbar_location=None,
        title="Pass rate over time, by release",
        background_fill_alpha=0,
        border_fill_alpha=0,
        outline_line_color=None,
    )
    plot.yaxis.formatter = NumeralTickFormatter(format="0 %")
    plot.xgrid.visible = False
    versions = sorted({str(row["version"]) for row in rows})
    for number, version in enumerate(versions):
        mine = [row for row in rows if str(row["version"]) == version]
        source = ColumnDataSource(
            {
                "at": [datetime.fromisoformat(row["at"]) for row in mine],
                "rate": [row["pass_rate"] for row in mine],
                "total": [row["conversations"] for row in mine],
                "version": [version] * len(mine),
            }
        )
        colour = Category10[10][number % 10]
        plot.line("at", "rate", source=source, color=colour, line_width=2, legend_label=version or "(none)")
        plot.scatter("at", "rate", source=source, color=colour, size=7)
    tips = [("release", "@version"), ("passed", "@rate{0.0 %}"), ("conversations", "@total")]
    plot.add_tools(HoverTool(tooltips=tips))
    plot.legend.location = "bottom_left"
    plot.legend.orientation = "horizontal"
    plot.legend.background_fill_alpha = 0
    plot.legend.border_line_alpha = 0
    script, division = components(plot)
    return f"{division}{script}"


def thinking_against_seconds(rows: Sequence[dict[str, Any]]) -> str:
    """Reasoning tokens against seconds, one point a model call, as an HTML fragment; empty where no call thinks.

    Args:
        rows: `{"model": text, "points": [{"reasoning_tokens", "seconds", "conversation_id", "turn"}]}`.
    """
    if not any(row["thinking_calls"] for row in rows):
        return ""
    from bokeh.embed import components  # noqa: PLC0415 - as above
    from bokeh.models import ColumnDataSource, CustomJS, HoverTool, TapTool  # noqa: PLC0415 - as above
    from bokeh.palettes import Category10  # noqa: PLC0415 - as above
    from bokeh.plotting import figure  # noqa: PLC0415 - as above

    plot = figure(
        height=260,
        sizing_mode="stretch_width",
        toolbar_location=None,
        tools=[],
        x_axis_label="reasoning tokens of a call",
        y_axis_label="seconds",
        background_fill_alpha=0,
        border_fill_alpha=0,
        outline_line_color=None,
    )
    opened = "const d=s.data,i=s.selected.indices[0];if(i!==undefined)location.href=d.href[i]"
    for number, row in enumerate(rows):
        points = row["points"]
        source = ColumnDataSource(
            {
                "tokens": [point["reasoning_tokens"] for point in points],
                "seconds": [point["seconds"] for point in points],
                "model": [row["model"]] * len(points),
                "href": [
                    f"/conversations/{quote(point['conversation_id'], safe='')}#turn-{point['turn']}"
                    for point in points
                ],
            }
        )
        source.selected.js_on_change("indices", CustomJS(args={"s": source}, code=opened))
        colour = Category10[10][number % 10]
        plot.scatter("tokens", "seconds", source=source, color=colour, size=6, alpha=0.6, legend_label=row["model"])
    plot.add_tools(HoverTool(tooltips=[("model", "@model"), ("reasoning tokens", "@tokens"), ("s", "@seconds{0.00}")]))
    plot.add_tools(TapTool())
    plot.legend.background_fill_alpha = 0
    plot.legend.border_line_alpha = 0
    script, division = components(plot)
    return f"{division}{script}"
