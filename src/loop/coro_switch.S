/*
 * void *coro_switch(void **save_sp, void *next_sp, void *value)
 *
 * Saves the callee-saved registers on the present stack and its pointer in *save_sp, continues
 * where next_sp was saved, and returns `value` there. It leaves by an indirect jump, not `ret`: the
 * processor predicts returns from its own stack of calls, which a switch makes wrong every time
 * (10 to 35 ns against 2 to 7). Floating-point control words are not saved: nobody changes them.
 *
 * void coro_call(void *sp, coro_fn *fn, void *arg)
 *
 * Calls fn(arg) on the stack below sp and comes back to this one. A call and a return each way, so
 * both are predicted; the frame pointer leads unwinders over the gap.
 *
 * A new stack holds zeros for the registers and coro_boot as the address to continue at.
 */
#if defined(__x86_64__)
    .text
    .globl coro_switch
    .hidden coro_switch
    .type coro_switch, @function
    .p2align 4
coro_switch:
    .cfi_startproc
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    movq %rdx, %rax
    popq %rcx
    jmp *%rcx
    .cfi_endproc
    .size coro_switch, .-coro_switch

/* First code on a stack: calls the function left in %rbx with the value; it never returns. */
    .globl coro_boot
    .hidden coro_boot
    .type coro_boot, @function
    .p2align 4
coro_boot:
    .cfi_startproc
    .cfi_undefined rip
    movq %rax, %rdi
    call *%rbx
    ud2
    .cfi_endproc
    .size coro_boot, .-coro_boot

    .globl coro_call
    .hidden coro_call
    .type coro_call, @function
    .p2align 4
coro_call:
    .cfi_startproc
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    movq %rdi, %rsp
    andq $-16, %rsp
    movq %rdx, %rdi
    call *%rsi
    movq %rbp, %rsp
    popq %rbp
    .cfi_def_cfa %rsp, 8
    ret
    .cfi_endproc
    .size coro_call, .-coro_call

#elif defined(__aarch64__)
    .text
    .globl coro_switch
    .hidden coro_switch
    .type coro_switch, %function
    .p2align 4
coro_switch:
    .cfi_startproc
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    mov x0, x2
    br x30
    .cfi_endproc
    .size coro_switch, .-coro_switch

    .globl coro_boot
    .hidden coro_boot
    .type coro_boot, %function
    .p2align 4
coro_boot:
    .cfi_startproc
    .cfi_undefined x30
    blr x19
    brk #1
    .cfi_endproc
    .size coro_boot, .-coro_boot

    .globl coro_call
    .hidden coro_call
    .type coro_call, %function
    .p2align 4
coro_call:
    .cfi_startproc
    stp x29, x30, [sp, #-16]!
    .cfi_def_cfa_offset 16
    .cfi_offset x29, -16
    .cfi_offset x30, -8
    mov x29, sp
    .cfi_def_cfa_register x29
    and x0, x0, #-16
    mov sp, x0
    mov x0, x2
    blr x1
    mov sp, x29
    ldp x29, x30, [sp], #16
    .cfi_def_cfa sp, 0
    ret
    .cfi_endproc
    .size coro_call, .-coro_call
#endif

    .section .note.GNU-stack, "", %progbits
