// expect: exit=255
// expect-log: no exported functions in script
export const x = 1;
