#pragma once
/* Where a run ran: the program, the machine, what a container allows. */
struct json_out;

/*
 * Puts an object: brunt, host, os, kernel, arch, cpu, cores, cores_quota, memory_bytes. What cannot
 * be found out is null. Reads files under /proc and /etc.
 */
void run_environment_json(struct json_out *j);
