// Shows which optional categories run. It asks the banner, as any script of a site can.
function show(choices) {
  for (const output of document.querySelectorAll("[data-shows]")) {
    output.value = choices[output.dataset.shows] ? output.dataset.on : output.dataset.off;
  }
}
if (window.jaga) {
  show(window.jaga.choices());
  window.jaga.on(show);
}
