/*
 * Dashboards as values of Grafana's own type `Dashboard`: node types.mjs FILE|DIR...
 *
 * Each JSON file becomes a constant of that type in a module that only the compiler sees, so that a
 * member which Grafana does not know, or of another type, is an error. An enumeration of texts takes
 * no text in TypeScript; `Plain` makes of it the texts that it stands for. The types and the compiler
 * are those that npm installed for the page, in ui/node_modules.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ui = resolve(dirname(fileURLToPath(import.meta.url)), '../../ui');
const ts = createRequire(join(ui, 'package.json'))('typescript');

/*
 * What the package leaves to data sources or has forgotten: members of a data source's annotations, the target of
 * annotations by tag, the text that Grafana's own editor keeps of a variable's query, a choice not yet made.
 */
const PREAMBLE = `import type { Dashboard } from '@grafana/schema';
type Plain<T> = 0 extends 1 & T ? any
    : T extends string ? \`\${T}\`
    : T extends number | boolean | null | undefined ? T
    : T extends (infer U)[] ? Plain<U>[]
    : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
type Whole = Plain<Dashboard>;
type Annotation = NonNullable<NonNullable<Whole['annotations']>['list']>[number];
type Variable = NonNullable<NonNullable<Whole['templating']>['list']>[number];
type OwnAnnotation = Omit<Annotation, 'target'> & {
    target?: { type: 'tags'; tags: string[]; limit: number; matchAny: boolean } | Annotation['target'];
    expr?: string; query?: string; step?: string; titleFormat?: string; tagKeys?: string; useValueForTime?: boolean;
    textColumn?: string; tagsColumn?: string; timeEndColumn?: string; fromAnnotations?: boolean; tags?: string | string[];
};
type OwnVariable = Omit<Variable, 'current'> & { definition?: string; current?: Variable['current'] | Record<string, never> };
export const dashboard: Omit<Whole, 'annotations' | 'templating'> & {
    annotations?: { list?: OwnAnnotation[] };
    templating?: { list?: OwnVariable[] };
} = `;

/* What must be refused, or the check checks nothing: each is put in place of a good member. */
const FAULTS = {
    'a member too many': { surprise: 1 },
    'a text for a number': { schemaVersion: '39' },
    'a panel without type': { panels: [{ id: 1, title: 'x' }] },
    'a unit that is a number': { panels: [{ type: 'stat', fieldConfig: { defaults: { unit: 5 }, overrides: [] } }] },
    'a threshold mode that is none': {
        panels: [{ type: 'stat', fieldConfig: { overrides: [], defaults: { thresholds: { mode: 'some', steps: [] } } } }],
    },
};

function* filesBelow(path) {
    if (!statSync(path).isDirectory()) {
        yield path;
        return;
    }
    for (const name of readdirSync(path).sort()) {
        const inner = join(path, name);
        if (statSync(inner).isDirectory() || name.endsWith('.json'))
            yield* filesBelow(inner);
    }
}

/* name -> source text; the modules lie in ui/ for the compiler, where it finds node_modules. */
const modules = new Map();
const add = (name, value) => {
    const at = join(ui, `dashboard-${modules.size}.ts`);
    modules.set(at, { name, text: `${PREAMBLE}${JSON.stringify(value, null, 1)};\n` });
};

const paths = process.argv.slice(2).flatMap((path) => [...filesBelow(path)]);
if (!paths.length) {
    console.log('no dashboards');
    process.exit(1);
}
for (const path of paths)
    add(path, JSON.parse(readFileSync(path, 'utf8')));
const nGood = modules.size;
for (const [what, members] of Object.entries(FAULTS))
    add(what, { schemaVersion: 39, ...members });

const options = {
    strict: true, noEmit: true, skipLibCheck: true, types: [], lib: ['lib.es2021.d.ts'],
    target: ts.ScriptTarget.ES2021, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
};
const host = ts.createCompilerHost(options);
const { getSourceFile, fileExists, readFile } = host;
host.fileExists = (file) => modules.has(file) || fileExists.call(host, file);
host.readFile = (file) => modules.get(file)?.text ?? readFile.call(host, file);
host.getSourceFile = (file, version, ...rest) => modules.has(file)
    ? ts.createSourceFile(file, modules.get(file).text, version)
    : getSourceFile.call(host, file, version, ...rest);

const program = ts.createProgram([...modules.keys()], options, host);
const broken = program.getGlobalDiagnostics();
let failed = broken.length;
for (const d of broken)
    console.log(`FAIL ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`);

[...modules].forEach(([at, { name }], i) => {
    const found = [...program.getSyntacticDiagnostics(program.getSourceFile(at)),
        ...program.getSemanticDiagnostics(program.getSourceFile(at))];
    const wrong = i < nGood ? found.length > 0 : found.length === 0;
    failed += wrong;
    if (wrong && i >= nGood)
        console.log(`FAIL ${name} is let through`);
    for (const d of i < nGood ? found.slice(0, 5) : []) {
        const line = d.file ? d.file.text.slice(d.start, d.start + 60).split('\n')[0] : '';
        console.log(`FAIL ${name}: at ${line}: ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`);
    }
});
console.log(`${nGood} dashboards, ${modules.size - nGood} faults tried, ${failed} failed`);
process.exit(failed ? 1 : 0);
