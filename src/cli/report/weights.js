// Each output channel's lowest and highest weight. Many channels are pooled before they come here:
// `pooled` of them make one bar.
function weightsSection() {
  const all = objects(report.weights).filter(
    (one) => list(one.low).length > 0 && list(one.high).length === list(one.low).length,
  );
  if (all.length === 0)
    return missing('Weights per channel: no operator with weights was quantized.');
  const reaches = (one) =>
    one.low.map((low, at) => Math.max(Math.abs(low ?? 0), Math.abs(one.high[at] ?? 0)));
  const spread = (one) => {
    const sorted = reaches(one)
      .filter((reach) => reach > 0)
      .sort((a, b) => a - b);
    return sorted.length > 1 ? sorted[sorted.length - 1] / sorted[0] : null;
  };
  let chosen = null;
  let ordered = false;
  const channelsOf = (one, at) =>
    one.pooled > 1
      ? `channels ${at * one.pooled} to ${(at + 1) * one.pooled - 1}`
      : `channel ${at}`;
  const drawn = plot('Lowest and highest weight of each output channel', () => {
    if (!chosen) return {type: 'bar', data: {datasets: []}};
    const reach = reaches(chosen);
    const order = reach.map((unused, at) => at);
    if (ordered) order.sort((a, b) => reach[b] - reach[a]);
    return {
      type: 'bar',
      data: {
        labels: order.map((at) => at * (chosen.pooled || 1)),
        datasets: [
          {
            data: order.map((at) => [chosen.low[at], chosen.high[at]]),
            backgroundColor: colour('--accent'),
            barPercentage: 0.8,
            categoryPercentage: 1,
            minBarLength: 1,
            borderWidth: 0,
          },
        ],
      },
      options: chartOptions(
        {
          x: axis(ordered ? 'output channels, widest first' : 'output channel', {
            grid: {display: false},
          }),
          y: axis('weight', {ticks: {callback: (value) => tick(digits(value))}}),
        },
        {
          title: (items) => channelsOf(chosen, order[items[0].dataIndex]),
          label: (item) => {
            const at = order[item.dataIndex],
              scales = list(chosen.scales);
            return [
              range(chosen.low[at], chosen.high[at]),
              scales.length === chosen.low.length ? `scale ${digits(scales[at])}` : '',
            ].filter(Boolean);
          },
        },
      ),
    };
  });
  const title = element('h3', {class: 'name'});
  const said = element('p', {class: 'muted'});
  const below = element('div');
  const order = element(
    'button',
    {
      type: 'button',
      'aria-pressed': 'false',
      on: {
        click: () => {
          ordered = !ordered;
          order.setAttribute('aria-pressed', String(ordered));
          drawn.redraw();
        },
      },
    },
    'Widest first',
  );
  const note = (one) => (spread(one) === null ? '' : digits(spread(one), 2) + '\u00d7');
  const choices = picker(
    'operators',
    all.map((one) => ({label: one.operator, note: note(one), value: one})),
    (value) => {
      chosen = value;
      title.replaceChildren(...name(chosen.operator));
      const apart = spread(chosen),
        dead = reaches(chosen).filter((reach) => reach === 0).length;
      const levels = apart === null ? null : 127 / apart;
      said.textContent = [
        plural(isNumber(chosen.channels) ? chosen.channels : chosen.low.length, 'output channel'),
        chosen.pooled > 1 ? `, ${chosen.pooled} to a bar` : '',
        apart === null
          ? ''
          : `; the widest reaches ${digits(apart)} times as far as the narrowest` +
            (levels < 16
              ? `: with one scale for all, the narrowest would keep ${digits(levels, 2)} of 127 levels`
              : ''),
        dead > 0 ? `; ${plural(dead, chosen.pooled > 1 ? 'bar' : 'channel')} of zeros alone` : '',
        '.',
      ].join('');
      drawn.redraw();
      below.replaceChildren(
        asTable(
          table(
            [
              column('Channel', (at) => at * (chosen.pooled || 1), {number: true}),
              column('Lowest', (at) => digits(chosen.low[at]), {number: true}),
              column('Highest', (at) => digits(chosen.high[at]), {number: true}),
              column('Scale', (at) => digits(list(chosen.scales)[at]), {number: true}),
            ],
            chosen.low.map((unused, at) => at),
            {tall: true},
          ),
        ),
      );
    },
  );
  section(
    'weights',
    'Weights per channel',
    'How far each output channel\u2019s weights reach. In the list: the widest channel over the narrowest; where that is large, one scale per tensor loses the narrow ones.',
    element(
      'div',
      {class: 'beside'},
      choices.node,
      element(
        'div',
        {},
        element('div', {class: 'row'}, element('div', {class: 'grow'}, title), drawn.node && order),
        drawn.node,
        said,
        below,
      ),
    ),
  );
  const widest = all.reduce((a, b) => ((spread(b) ?? 0) > (spread(a) ?? 0) ? b : a), all[0]);
  choices.pick(widest);
}
