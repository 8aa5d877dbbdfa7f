// A section that is drawn with every tick while it can be seen, and now and then while it cannot: of a thousand
// entries a second most are further down.
import type { ComponentType, VNode } from "preact";
import { useEffect, useReducer, useRef } from "preact/hooks";
import type { RunProps } from "./context";

const UNSEEN_TICKS = 5;

export function Part(props: RunProps & { of: ComponentType<RunProps>; nth: number }) {
  const { of: Section, nth, ...run } = props;
  const box = useRef<HTMLDivElement>(null);
  const seen = useRef(true);
  const drawn = useRef<VNode | null>(null);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const isLive = run.mode === "live" && run.model.run.state === "running";

  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => {
        const before = seen.current;
        seen.current = entries.some((e) => e.isIntersecting);
        if (seen.current && !before) redraw(0);
      },
      { rootMargin: "300px" },
    );
    const all = () => {
      seen.current = true;
      redraw(0);
    };
    if (box.current) observer.observe(box.current);
    addEventListener("beforeprint", all);
    return () => {
      removeEventListener("beforeprint", all);
      observer.disconnect();
    };
  }, []);

  // the same node as before is left alone
  if (!drawn.current || seen.current || !isLive || (run.model.seq + nth) % UNSEEN_TICKS === 0) drawn.current = <Section {...run} />;
  return <div ref={box}>{drawn.current}</div>;
}
