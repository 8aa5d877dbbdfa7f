export interface User { id: number; name: string; role: Role }
export enum Role { Guest, Member = 10, Admin }
export type Names = User['name'][];
export function describe(u: User): string {
  return `${u.name} is ${Role[u.role]}`;
}
