"""The Grafana dashboards as JSON, built from `panels` with grafana-foundation-sdk in one style.

Prometheus panels only; for a single conversation, exemplars link to Floorline's own console. Generated and committed,
like the rules. The SDK is a development dependency: needed to generate the dashboards, not to use them.
"""

from __future__ import annotations

import itertools
import warnings
from typing import Any

from alerts.panels import BoardSpec, PanelSpec, QuerySpec, boards

with warnings.catch_warnings():
    # The classic format is the one that every Grafana loads; the SDK warns that there is a newer one.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.builders import common, dashboard, heatmap, prometheus, stat, table, timeseries
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models import common as common_model
    from grafana_foundation_sdk.models import dashboard as model
    from grafana_foundation_sdk.models import prometheus as prometheus_model

SOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
HALF, QUARTER = 12, 6
HEIGHT, LOW = 8, 4
_PLAIN: dict[str, Any] = {"table": table.Panel, "heatmap": heatmap.Panel}


def files() -> dict[str, str]:
    """File name and JSON text of each dashboard."""
    return {f"floorline-{name}.json": to_json(f"floorline-{name}", board) for name, board in boards().items()}


def to_json(uid: str, board: BoardSpec) -> str:
    """The JSON text of a dashboard."""
    built = _empty(uid, board)
    number = itertools.count(1)
    for row in board.rows:
        built = built.with_row(dashboard.Row(row.title).id(next(number)))
        for panel in row.panels:
            built = built.with_panel(_panel(panel).id(next(number)))
    return str(JSONEncoder(sort_keys=True, indent=2).encode(built.build())) + "\n"


def _empty(uid: str, board: BoardSpec) -> Any:
    """Title, time and variables: the data source, the console's address, one for each label query."""
    built = (
        dashboard.Dashboard(board.title)
        .uid(uid)
        .description(board.about)
        .tags(["floorline"])
        .timezone("browser")
        .refresh("1m")
        .time("now-6h", "now")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(dashboard.TextBoxVariable("console").label("Console").default_value("http://127.0.0.1:8318"))
    )
    for name, query in board.variables.items():
        built = built.with_variable(
            dashboard.QueryVariable(name)
            .label(name.replace("_", " ").capitalize())
            .query(query)
            .datasource(SOURCE)
            .multi(True)  # noqa: FBT003 - the SDK's builder
            .include_all(True)  # noqa: FBT003 - the SDK's builder
            .all_value(".*")
            .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        )
    return built


def _panel(spec: PanelSpec) -> Any:
    small = spec.kind == "figure"
    panel = _figure(spec) if small else _graph(spec) if spec.kind == "graph" else _PLAIN[spec.kind]()
    panel = panel.title(spec.title).description(spec.about).datasource(SOURCE).unit(spec.unit)
    panel = panel.span(QUARTER if small else HALF).height(LOW if small else HEIGHT)
    if any(query.exemplars for query in spec.queries):
        url = "${console}/conversations/${__data.fields.conversation_id}"
        link = dashboard.DashboardLink("Conversation").type(model.DashboardLinkType.LINK).url(url)
        panel = panel.data_links([link.target_blank(True)])  # noqa: FBT003 - the SDK's builder
    for letter, query in zip("ABCDEFGH", spec.queries, strict=False):
        panel = panel.with_target(_target(spec, query).ref_id(letter).datasource(SOURCE))
    return panel


def _graph(spec: PanelSpec) -> Any:
    panel = (
        timeseries.Panel()
        .fill_opacity(10)
        .line_width(1)
        .show_points(common_model.VisibilityMode.NEVER)
        .tooltip(common.VizTooltipOptions().mode(common_model.TooltipDisplayMode.MULTI))
    )
    if spec.stacked:
        panel = panel.stacking(common.StackingConfig().mode(common_model.StackingMode.NORMAL).group("A"))
    return panel


def _figure(spec: PanelSpec) -> Any:
    steps = [model.Threshold(value=value, color=colour) for colour, value in spec.limits.items()]
    return stat.Panel().thresholds(dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps))


def _target(spec: PanelSpec, query: QuerySpec) -> Any:
    target = prometheus.Dataquery().expr(query.expr)
    if spec.kind == "table":
        return target.instant().format(prometheus_model.PromQueryFormat.TABLE)
    if spec.kind == "heatmap":
        target = target.format(prometheus_model.PromQueryFormat.HEATMAP).legend_format("{{le}}")
    else:
        target = target.legend_format(query.legend)
    return target.range().exemplar(query.exemplars)
