#pragma once
/*
 * CRC-32C (Castagnoli), the checksum of iSCSI, ext4 and SCTP (RFC 3720, B.4): with the processor's
 * own instruction where it has one. Against accidents, not against people. Any thread.
 */
#include <stddef.h>
#include <stdint.h>

/* Of n bytes that follow those whose checksum is `crc`; 0 to begin. */
uint32_t crc32c(uint32_t crc, const void *data, size_t n);

/* The same without the instruction; for the test, which holds one against the other. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t n);
