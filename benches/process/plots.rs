//! The results as curves: what the commands cost in a large state, and what many processes get done.

use std::collections::BTreeMap;
use std::path::Path;

use plotters::prelude::*;

use crate::report::Results;

const SIZE: (u32, u32) = (900, 540);

const WORKS: [&str; 7] = ["task new", "claim", "done", "show", "ready --limit 50", "inbox", "status"];

const COLOURS: [RGBColor; 7] = [
    RGBColor(27, 94, 170),
    RGBColor(200, 80, 20),
    RGBColor(40, 140, 60),
    RGBColor(150, 50, 150),
    RGBColor(190, 150, 0),
    RGBColor(90, 90, 90),
    RGBColor(200, 30, 60),
];

/// A name, and its points from left to right.
type Curve = (String, Vec<(f64, f64)>);

/// How a drawing is called, and what stands at its sides.
struct Frame {
    title: &'static str,
    across: &'static str,
    up: &'static str,
}

/// Draws what there is of the results into a folder.
pub(crate) fn draw(results: &Results, folder: &Path) {
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let of_latency = Frame {
        title: "A command, from start to end, through «git version»",
        across: "tasks in the state (none is drawn at 100)",
        up: "times «git version», median",
    };
    curves(&folder.join("latency.svg"), &of_latency, &latency(results));
    let of_throughput = Frame {
        title: "Changes of many processes at once, through those of one",
        across: "processes",
        up: "times the changes of one, median",
    };
    curves(&folder.join("throughput.svg"), &of_throughput, &throughput(results));
}

/// Ratios to `git version` over the size of the state.
fn latency(results: &Results) -> Vec<Curve> {
    let of = |work: &str| {
        let rows = results.pairs.iter().filter(|row| row.work == work && row.against == "git version");
        rows.map(|row| (row.size.max(100) as f64, row.ratio.median)).collect()
    };
    WORKS.iter().map(|work| ((*work).to_owned(), of(work))).filter(|(_, points): &Curve| points.len() > 1).collect()
}

/// Throughput relative to one process over how many there are, a curve for each size of the state.
fn throughput(results: &Results) -> Vec<Curve> {
    let mut curves: BTreeMap<usize, Vec<(f64, f64)>> = BTreeMap::new();
    for crowd in &results.crowds {
        curves.entry(crowd.size).or_default().push((crowd.workers as f64, crowd.relative.median));
    }
    curves.into_iter().map(|(size, points)| (format!("{size} tasks"), points)).collect()
}

/// Draws curves over two logarithmic axes; nothing where there is none.
fn curves(file: &Path, frame: &Frame, curves: &[Curve]) {
    let points = || curves.iter().flat_map(|(_, points)| points.iter().copied());
    let (left, right) = span(points().map(|(x, _)| x));
    let (low, high) = span(points().map(|(_, y)| y));
    if curves.is_empty() || left >= right {
        return;
    }
    let drawing = SVGBackend::new(file, SIZE).into_drawing_area();
    drawing.fill(&WHITE).expect("it can be drawn");
    let mut chart = ChartBuilder::on(&drawing)
        .caption(frame.title, ("sans-serif", 20))
        .margin(14)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d((left..right).log_scale(), (low.min(1.0) * 0.8..high * 1.25).log_scale())
        .expect("it can be drawn");
    let mut mesh = chart.configure_mesh();
    let mesh = mesh.x_desc(frame.across).y_desc(frame.up).light_line_style(WHITE.mix(0.0));
    mesh.x_label_formatter(&|x| format!("{x:.0}")).y_label_formatter(&|y| format!("{y:.1}")).draw().expect("drawn");
    for ((name, points), colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        let style = colour.stroke_width(2);
        let line = chart.draw_series(LineSeries::new(points.iter().copied(), style).point_size(3)).expect("drawn");
        line.label(name).legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
    }
    let mut legend = chart.configure_series_labels();
    let legend = legend.position(SeriesLabelPosition::UpperLeft).background_style(WHITE.mix(0.8));
    legend.border_style(BLACK.mix(0.3)).label_font(("sans-serif", 14)).draw().expect("drawn");
    drawing.present().expect("the drawing can be written");
}

fn span(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::MAX, f64::MIN), |(least, most), value| (least.min(value), most.max(value)))
}
