// What the scenarios of this folder share.

// Picks a key of { name: weight }, so that each is as frequent as its share of all weights.
export function pick(weights) {
  let left = Math.random() * Object.values(weights).reduce((sum, weight) => sum + weight, 0);

  for (const [name, weight] of Object.entries(weights)) {
    left -= weight;
    if (left < 0) {
      return name;
    }
  }
  return Object.keys(weights)[0];
}

// Stages of [seconds, users], made shorter by FACTOR for a trial: TIME_SCALE=0.1.
export function stages(...steps) {
  const scale = Number(__ENV.TIME_SCALE || 1);

  return steps.map(([seconds, target]) => ({ duration: `${Math.max(1, Math.round(seconds * scale * 1000))}ms`, target }));
}
