//go:build !purego

#include "textflag.h"

// Both loops equal those of generic.go. PREFETCHT1 fetches into the second-level
// cache: what is asked for long before it is read would not stay in the first.

// func slots(slots *uint32, mask uint32, hashes *uint32, n int)
TEXT ·slots(SB), NOSPLIT, $0-32
	MOVQ slots+0(FP), DI
	MOVL mask+8(FP), DX
	MOVQ hashes+16(FP), SI
	MOVQ n+24(FP), CX
	LEAQ (SI)(CX*4), CX
	JMP  test

loop:
	MOVL       (SI), AX
	ANDL       DX, AX
	PREFETCHT1 (DI)(AX*4)
	ADDQ       $4, SI

test:
	CMPQ SI, CX
	JB   loop
	RET

// func records(chunks *unsafe.Pointer, nchunks int, size uintptr, keys unsafe.Pointer, n int, stride uintptr)
TEXT ·records(SB), NOSPLIT, $0-48
	MOVQ chunks+0(FP), DI
	MOVQ nchunks+8(FP), R8
	MOVQ size+16(FP), R9
	MOVQ keys+24(FP), SI
	MOVQ n+32(FP), CX
	MOVQ stride+40(FP), R10
	JMP  test

loop:
	MOVL       (SI), AX
	ADDQ       R10, SI
	DECQ       CX
	MOVL       AX, BX
	SHRL       $12, AX              // ChunkBits: the chunk
	CMPQ       AX, R8
	JAE        test                 // no chunk has it
	MOVQ       (DI)(AX*8), AX
	ANDL       $4095, BX            // ChunkSize-1: the record in it
	IMULQ      R9, BX
	PREFETCHT1 (AX)(BX*1)

test:
	TESTQ CX, CX
	JNE   loop
	RET
