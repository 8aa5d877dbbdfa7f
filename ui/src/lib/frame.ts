// One animation frame for all that has to be drawn: a hundred charts with new data are one callback.
const waiting = new Set<() => void>();
let asked = false;

function run(): void {
  const now = [...waiting];

  asked = false;
  waiting.clear();
  for (const draw of now) draw();
}

/** Calls `draw` in the next frame, once however often it is asked for. */
export function nextFrame(draw: () => void): void {
  waiting.add(draw);
  if (asked) return;
  asked = true;
  requestAnimationFrame(run);
}

export function cancelFrame(draw: () => void): void {
  waiting.delete(draw);
}
