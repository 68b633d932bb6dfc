/* A boot sector that copies sector 1 of its disk to sector 2 by the BIOS' extended calls, reads that again, and writes what it holds up to the
 * first NUL to the debug console (port 0xe9). It ends the machine by qemu's isa-debug-exit (port 0xf4): status 3 when all went well, else 5. */
	.code16
	.globl start
start:
	xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movw $0x7c00, %sp
	movb %dl, drive
	movb $0x42, %ah
	movl $1, sector
	call transfer
	movw $0x4300, %ax
	movl $2, sector
	call transfer
	movw $0x9000, buffer
	movb $0x42, %ah
	call transfer
	movw $0x9000, %si
say:
	lodsb
	testb %al, %al
	jz well
	outb %al, $0xe9
	jmp say
well:
	movb $1, %al
	outb %al, $0xf4
transfer:
	movw $packet, %si
	movb drive, %dl
	int $0x13
	jc bad
	ret
bad:
	movb $2, %al
	outb %al, $0xf4
stay:
	hlt
	jmp stay
drive:
	.byte 0
	.balign 4
packet:
	.byte 16, 0
	.word 1
buffer:
	.word 0x8000, 0
sector:
	.long 0, 0
	.org 510
	.word 0xaa55
