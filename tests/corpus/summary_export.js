// args: --summary-export=out.json -i 2
// expect: exit=0
// expect-file: out.json "iterations"
export default function () {}
