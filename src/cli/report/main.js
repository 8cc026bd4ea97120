// Puts the page together.
document.title = `${shortened(model || 'model', 60)} \u2013 quantization report`;
const main = document.getElementById('main');
main.replaceChildren(...head().filter(Boolean));
for (const make of [
  schemesSection,
  tradeoffSection,
  networkSection,
  tensorsSection,
  weightsSection,
  sensitivitySection,
  repairsSection,
  islandsSection,
  operatorsSection,
  recipeSection,
  missingSection,
]) {
  make();
}
const shortTitle = (id) => (id === 'tradeoff' ? 'Trade-off' : id[0].toUpperCase() + id.slice(1));
main.append(...sections.map((one) => one.node));
document
  .getElementById('contents')
  .append(...sections.map((one) => element('a', {href: '#' + one.id}, shortTitle(one.id))));
for (const draw of whenShown) draw();
document.documentElement.dataset.ready = 'true';
