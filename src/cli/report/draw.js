// Charts, by Chart.js. Each is described by a function of nothing, which is asked again when the colours
// change. A build without Chart.js has no `Chart`: then the table beside each chart is all there is.
const canDraw = typeof Chart === 'function';

function plot(label, describe, options = {}) {
  if (!canDraw) return {node: null, redraw() {}};
  const canvas = element('canvas', {role: 'img', 'aria-label': label});
  let chart = null;
  function redraw() {
    if (chart) chart.destroy();
    chart = new Chart(canvas, describe());
  }
  const node = element('div', {class: 'plot' + (options.low ? ' low' : '')}, canvas);
  redraws.push(() => {
    if (chart) redraw();
  });
  // A canvas has a size only once it stands in the page.
  whenShown.push(redraw);
  return {
    node,
    redraw: () => {
      if (chart) redraw();
    },
  };
}
const whenShown = [];

// The numbers of a chart, folded away where the chart is drawn.
function asTable(made) {
  if (!canDraw) return made.node;
  return element('details', {}, element('summary', {}, 'As a table'), made.node);
}

function axis(title, more = {}) {
  const {ticks, ...rest} = more;
  return {
    title: {display: Boolean(title), text: title, color: colour('--muted'), font: {size: 12}},
    grid: {color: colour('--line'), drawBorder: false, tickLength: 4},
    ticks: {
      color: colour('--muted'),
      maxRotation: 0,
      autoSkipPadding: 16,
      font: {size: 11},
      ...ticks,
    },
    ...rest,
  };
}

function chartOptions(scales, tooltip, more = {}) {
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: false,
    scales,
    interaction: {mode: 'nearest', intersect: false, axis: 'x'},
    ...more,
    plugins: {
      legend: {display: false},
      tooltip: {
        displayColors: false,
        backgroundColor: colour('--text'),
        titleColor: colour('--page'),
        bodyColor: colour('--page'),
        padding: 9,
        cornerRadius: 6,
        caretSize: 5,
        callbacks: tooltip,
      },
    },
  };
}

const labelLength = () => (window.innerWidth < 500 ? 30 : 60);

if (canDraw) {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 12;
}
