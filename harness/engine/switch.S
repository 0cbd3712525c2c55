// void harness_switch(Context* from, const Context* to)
//
// Saves the callee-saved state on the current stack, goes to another stack and to its thread-local storage
// (FS base), and returns there. Opaque to the compiler on purpose: it must not move accesses to thread-local
// variables across the switch. Context is {rsp, fs base}.
#include <asm/prctl.h>
#include <sys/syscall.h>

        .text
        .macro SAVE
        pushq   %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        subq    $8, %rsp
        stmxcsr (%rsp)
        fnstcw  4(%rsp)
        movq    %rsp, (%rdi)
        movq    %rsp, %r11
        movq    (%rsi), %rsp
        .endm
        // The floating-point control words are loaded only where they differ: loading them is slow.
        .macro RESTORE
        movl    (%r11), %eax
        cmpl    %eax, (%rsp)
        jne     1f
        movw    4(%r11), %ax
        cmpw    %ax, 4(%rsp)
        je      2f
1:      ldmxcsr (%rsp)
        fldcw   4(%rsp)
2:      addq    $8, %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        ret
        .endm

        .globl  harness_switch_fsgsbase
        .hidden harness_switch_fsgsbase
        .type   harness_switch_fsgsbase, @function
harness_switch_fsgsbase:
        SAVE
        movq    8(%rsi), %rax
        wrfsbase %rax
        RESTORE
        .size   harness_switch_fsgsbase, .-harness_switch_fsgsbase

        // For machines where user space may not write the FS base (no FSGSBASE in AT_HWCAP2).
        .globl  harness_switch_prctl
        .hidden harness_switch_prctl
        .type   harness_switch_prctl, @function
harness_switch_prctl:
        SAVE
        movq    8(%rsi), %rsi
        movl    $ARCH_SET_FS, %edi
        movl    $SYS_arch_prctl, %eax
        movq    %r11, %r8
        syscall
        movq    %r8, %r11
        RESTORE
        .size   harness_switch_prctl, .-harness_switch_prctl

        // First frame of every fiber. Unwinding ends here.
        .globl  harness_fiber_start
        .hidden harness_fiber_start
        .type   harness_fiber_start, @function
harness_fiber_start:
        .cfi_startproc
        .cfi_undefined rip
        movq    %r12, %rdi
        callq   *%rbx
        ud2
        .cfi_endproc
        .size   harness_fiber_start, .-harness_fiber_start
        .section .note.GNU-stack,"",@progbits
