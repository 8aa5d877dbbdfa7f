// The small things: badges, figures, tabs, states. Each keeps its size while data come and go.
import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

export type Tone = "good" | "warn" | "bad" | "info" | "muted";

/** A word with a colour and a sign, for the colour alone says nothing to many. */
export function Badge(props: { tone: Tone; children: ComponentChildren; title?: string; live?: boolean }) {
  return (
    <span class={`badge badge-${props.tone}`} title={props.title}>
      <span class={`badge-sign${props.live ? " pulse" : ""}`} aria-hidden="true" />
      {props.children}
    </span>
  );
}

/** A plain word in a frame: a label, a tag. */
export function Tag(props: { children: ComponentChildren; title?: string }) {
  return (
    <span class="tag" title={props.title}>
      {props.children}
    </span>
  );
}

export interface StatProps {
  name: string; // stands in data-stat
  label: string;
  value: string;
  raw?: number | null; // stands in data-value, to the last digit
  detail?: ComponentChildren;
  tone?: Tone;
  help?: string;
}

/** A figure with its name and a line under it. */
export function Stat(props: StatProps) {
  return (
    <div class={`stat${props.tone ? ` stat-${props.tone}` : ""}`} data-stat={props.name} data-value={props.raw ?? undefined} title={props.help}>
      <div class="stat-label">{props.label}</div>
      <div class="stat-value num">{props.value}</div>
      <div class="stat-detail num">{props.detail ?? "\u00a0"}</div>
    </div>
  );
}

/** Tabs by the WAI-ARIA pattern: arrow keys choose, one of them is in the tab order. */
export function Tabs<Key extends string>(props: {
  label: string;
  tabs: { key: Key; title: string; count?: number }[];
  value: Key;
  onChange: (key: Key) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const move = (by: number) => {
    const at = props.tabs.findIndex((t) => t.key === props.value);
    const next = props.tabs[(at + by + props.tabs.length) % props.tabs.length];
    if (!next) return;
    props.onChange(next.key);
    list.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(next.key)}"]`)?.focus();
  };

  return (
    <div class="tabs" role="tablist" aria-label={props.label} ref={list}>
      {props.tabs.map((t) => (
        <button
          key={t.key}
          type="button"
          role="tab"
          id={`${id}-${t.key}`}
          data-key={t.key}
          class="tab"
          aria-selected={t.key === props.value}
          tabIndex={t.key === props.value ? 0 : -1}
          onClick={() => props.onChange(t.key)}
          onKeyDown={(e) => {
            if (e.key === "ArrowRight") move(1);
            else if (e.key === "ArrowLeft") move(-1);
          }}
        >
          {t.title}
          {t.count !== undefined && <span class="count num">{t.count}</span>}
        </button>
      ))}
    </div>
  );
}

/** What is not there yet, as high as what will be. */
export function Loading(props: { height?: number; text?: string }) {
  return (
    <div class="state" style={{ minHeight: props.height ?? 160 }} role="status">
      <span class="muted">{props.text ?? "Loading …"}</span>
    </div>
  );
}

export function Empty(props: { title: string; children?: ComponentChildren; height?: number }) {
  return (
    <div class="state" style={{ minHeight: props.height ?? 160 }}>
      <p class="state-title">{props.title}</p>
      {props.children && <div class="muted">{props.children}</div>}
    </div>
  );
}

export function ErrorState(props: {
  title: string;
  text: string;
  onRetry?: () => void;
  height?: number;
  children?: ComponentChildren;
}) {
  return (
    <div class="state" style={{ minHeight: props.height ?? 160 }} role="alert">
      <p class="state-title">{props.title}</p>
      <p class="muted">{props.text}</p>
      {props.onRetry && (
        <button type="button" class="button" onClick={props.onRetry}>
          Try again
        </button>
      )}
      {props.children}
    </div>
  );
}

/** A part of a page with a heading that can be linked to and jumped to. */
export function Section(props: { id: string; title: string; note?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="section" id={props.id} aria-labelledby={`${props.id}-title`}>
      <header class="section-head">
        <h2 id={`${props.id}-title`}>{props.title}</h2>
        {props.note && <div class="section-note muted">{props.note}</div>}
      </header>
      {props.children}
    </section>
  );
}

/** A bar of 0..1, with a line at `mark`. */
export function Meter(props: { share: number; tone: Tone; mark?: number; label: string }) {
  const width = `${Math.max(0, Math.min(1, props.share)) * 100}%`;

  return (
    <span class="meter" role="img" aria-label={props.label} title={props.label}>
      <span class={`meter-fill meter-${props.tone}`} style={{ width }} />
      {props.mark !== undefined && <span class="meter-mark" style={{ left: `${props.mark * 100}%` }} />}
    </span>
  );
}
