// A line without axes, as SVG: it scales, prints, and takes its colour from the text.
interface SparklineProps {
  values: ArrayLike<number | null>;
  width?: number;
  height?: number;
  label: string; // what it shows, in words
  last?: boolean; // with a dot at the end
}

/** The path of values in a box, from zero up; gaps stay gaps. */
export function sparkPath(values: ArrayLike<number | null>, width: number, height: number): string {
  let max = 0;
  for (let i = 0; i < values.length; i++) max = Math.max(max, values[i] ?? 0);
  if (max === 0) max = 1;

  const step = values.length > 1 ? (width - 2) / (values.length - 1) : 0;
  let path = "";
  let pen = false;
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (v === null || v === undefined || Number.isNaN(v)) {
      pen = false;
      continue;
    }
    const x = 1 + i * step;
    const y = height - 1.5 - (Math.max(0, v) / max) * (height - 3);
    path += `${pen ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    if (!pen && (i + 1 === values.length || values[i + 1] === null)) path += "h0.1";
    pen = true;
  }
  return path;
}

export function Sparkline(props: SparklineProps) {
  const { width = 96, height = 22 } = props;

  return (
    <svg class="sparkline" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={props.label}>
      <path d={sparkPath(props.values, width, height)} fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round" />
    </svg>
  );
}
