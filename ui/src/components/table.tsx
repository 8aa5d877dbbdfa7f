// A table that sorts, filters and selects; of many rows only those that can be seen are in the document.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

export interface Column<Row> {
  key: string;
  title: string;
  help?: string; // what the column is, as the title's tooltip
  value: (row: Row) => number | string | null; // to sort by; shown as text where there is no `render`
  render?: (row: Row) => ComponentChildren;
  align?: "left" | "right"; // default: left for the first column, right for others
  width?: number; // px; the first column takes what is left
  descending?: boolean; // the first click sorts so
  sortable?: boolean; // default true
}

export interface TableProps<Row> {
  label: string; // what the table lists, for those who cannot see it
  rows: Row[];
  columns: Column<Row>[];
  rowKey: (row: Row) => string;
  sort?: { key: string; descending: boolean }; // at first
  filter?: (row: Row) => string; // what the filter box looks in; without it there is none
  filterHint?: string;
  tools?: ComponentChildren; // beside the filter box
  empty?: string;
  maxHeight?: number; // px of the scrolled part
  rowTone?: (row: Row) => "bad" | "warn" | "muted" | undefined;
  onOpen?: (row: Row) => void; // a click on a row, or Enter
  selected?: ReadonlySet<string>;
  onSelect?: (key: string, on: boolean) => void;
}

const ROW = 33; // px, as the style sheet has it
const OVERSCAN = 8;
const VIRTUAL_FROM = 80;

function compare(a: number | string | null, b: number | string | null): number {
  if (a === b) return 0;
  if (a === null || (typeof a === "number" && Number.isNaN(a))) return -1;
  if (b === null || (typeof b === "number" && Number.isNaN(b))) return 1;
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

/** Rows as the table shows them: filtered by every word of `text`, sorted and otherwise in their old order. */
export function arrange<Row>(
  rows: Row[],
  column: Column<Row> | undefined,
  descending: boolean,
  filter: ((row: Row) => string) | undefined,
  text: string,
): Row[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const kept =
    filter && words.length > 0
      ? rows.filter((row) => {
          const hay = filter(row).toLowerCase();
          return words.every((w) => hay.includes(w));
        })
      : rows.slice();

  if (!column) return kept;
  return kept
    .map((row, i) => ({ row, i, v: column.value(row) }))
    .sort((a, b) => (descending ? compare(b.v, a.v) : compare(a.v, b.v)) || a.i - b.i)
    .map((e) => e.row);
}

/** True while the page is being printed: then every row is there. */
function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);

  useEffect(() => {
    const on = () => setPrinting(true);
    const off = () => setPrinting(false);
    addEventListener("beforeprint", on);
    addEventListener("afterprint", off);
    return () => {
      removeEventListener("beforeprint", on);
      removeEventListener("afterprint", off);
    };
  }, []);
  return printing;
}

export function Table<Row>(props: TableProps<Row>) {
  const { columns, rowKey } = props;
  const [sort, setSort] = useState(props.sort ?? null);
  const [text, setText] = useState("");
  const [top, setTop] = useState(0);
  const [view, setView] = useState(640);
  const box = useRef<HTMLDivElement>(null);
  const printing = usePrinting();
  const rows = useMemo(
    () => arrange(props.rows, columns.find((c) => c.key === sort?.key), sort?.descending ?? false, props.filter, text),
    [props.rows, sort, text, columns],
  );

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setView(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const virtual = rows.length > VIRTUAL_FROM && !printing;
  const from = virtual ? Math.min(rows.length, Math.max(0, Math.floor(top / ROW) - OVERSCAN)) : 0;
  const to = virtual ? Math.min(rows.length, Math.ceil((top + view) / ROW) + OVERSCAN) : rows.length;
  const width = columns.reduce((sum, c, i) => sum + (c.width ?? (i === 0 ? 200 : 88)), props.onSelect ? 36 : 0);
  const click = (c: Column<Row>) =>
    setSort(
      sort?.key === c.key
        ? { key: c.key, descending: !sort.descending }
        : { key: c.key, descending: c.descending ?? false },
    );

  return (
    <div class="table">
      {(props.filter || props.tools) && (
        <div class="table-tools">
          {props.filter && (
            <input
              type="search"
              class="input filter"
              placeholder={props.filterHint ?? "Filter"}
              aria-label={`Filter: ${props.label}`}
              value={text}
              onInput={(e) => {
                setText(e.currentTarget.value);
                if (box.current) box.current.scrollTop = 0;
              }}
              onKeyDown={(e) => {
                if (e.key !== "Escape") return;
                setText("");
                e.currentTarget.blur();
              }}
            />
          )}
          {props.filter && (
            <span class="muted num" aria-live="polite">
              {text ? `${rows.length} of ${props.rows.length}` : props.rows.length}
            </span>
          )}
          {props.tools}
        </div>
      )}
      <div
        class="table-box"
        ref={box}
        style={{ maxHeight: props.maxHeight ?? 560 }}
        onScroll={(e) => virtual && setTop(e.currentTarget.scrollTop)}
        tabIndex={0}
        role="group"
        aria-label={props.label}
      >
        <table style={{ minWidth: width }} aria-rowcount={rows.length + 1}>
          <colgroup>
            {props.onSelect && <col style={{ width: 36 }} />}
            {columns.map((c, i) => (
              <col key={c.key} style={i === 0 && !c.width ? {} : { width: c.width ?? 88 }} />
            ))}
          </colgroup>
          <thead>
            <tr>
              {props.onSelect && <th class="select-cell"><span class="sr-only">Selected</span></th>}
              {columns.map((c, i) => (
                <th
                  key={c.key}
                  scope="col"
                  class={alignOf(c, i)}
                  title={c.help}
                  aria-sort={sort?.key === c.key ? (sort.descending ? "descending" : "ascending") : undefined}
                >
                  {c.sortable === false ? (
                    c.title
                  ) : (
                    <button type="button" class="sort" onClick={() => click(c)}>
                      <span class="sort-title">{c.title}</span>
                      <span class="sort-mark" aria-hidden="true">
                        {sort?.key === c.key ? (sort.descending ? "↓" : "↑") : ""}
                      </span>
                    </button>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {from > 0 && <tr class="spacer" aria-hidden="true" style={{ height: from * ROW }} />}
            {rows.slice(from, to).map((row, i) => (
              <Row key={rowKey(row)} row={row} index={from + i} table={props} />
            ))}
            {to < rows.length && <tr class="spacer" aria-hidden="true" style={{ height: (rows.length - to) * ROW }} />}
          </tbody>
        </table>
        {rows.length === 0 && (
          <p class="table-empty">{text ? "Nothing matches the filter." : (props.empty ?? "Nothing here.")}</p>
        )}
      </div>
    </div>
  );
}

function alignOf<Row>(c: Column<Row>, i: number): string {
  return (c.align ?? (i === 0 ? "left" : "right")) === "right" ? "right num" : "left";
}

function Row<Row>(props: { row: Row; index: number; table: TableProps<Row> }) {
  const { row, table } = props;
  const key = table.rowKey(row);
  const tone = table.rowTone?.(row);
  const open = table.onOpen;

  return (
    <tr
      class={`${tone ? `tone-${tone}` : ""}${open ? " clickable" : ""}`}
      aria-rowindex={props.index + 2}
      aria-selected={table.selected?.has(key)}
      tabIndex={open ? 0 : undefined}
      onClick={open && (() => open(row))}
      onKeyDown={open && ((e) => e.key === "Enter" && e.target === e.currentTarget && open(row))}
    >
      {table.onSelect && (
        <td class="select-cell">
          <input
            type="checkbox"
            aria-label={`Select ${String(table.columns[0]?.value(row) ?? "")}`}
            checked={table.selected?.has(key) ?? false}
            onClick={(e) => e.stopPropagation()}
            onChange={(e) => table.onSelect?.(key, e.currentTarget.checked)}
          />
        </td>
      )}
      {table.columns.map((c, i) => {
        const value = c.value(row);
        const content = c.render ? c.render(row) : (value ?? "–");
        return i === 0 ? (
          <th key={c.key} scope="row" class={alignOf(c, i)} title={typeof value === "string" ? value : undefined}>
            {content}
          </th>
        ) : (
          <td key={c.key} class={alignOf(c, i)} data-value={value ?? undefined} data-column={c.key}>
            {content}
          </td>
        );
      })}
    </tr>
  );
}
